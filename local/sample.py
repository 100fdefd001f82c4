"""The sample event: open now, with self check-in, walk-ins, and the roster from examples/."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers

from chalicelib.attendance.event import Event
from chalicelib.wiring import Wiring
from operations.import_roster import RosterImport
from operations.roster import Person, open_roster

_ROSTER = Path(__file__).parents[1] / "examples" / "roster.csv"
_ZONE = ZoneInfo("Asia/Seoul")
_REGION = "KR"


def seed(wiring: Wiring) -> Event:
    """Store today's sample event and its roster; seeding again opens it again."""
    event = _event(datetime.now(UTC))
    wiring.event_table.put(event)
    RosterImport(event, wiring.registration_table, wiring.secret_key).run(
        open_roster(_ROSTER, _REGION)
    )
    return event


def phones() -> list[str]:
    """Three phone numbers of the roster, as their owners would type them."""
    people = (entry for entry in open_roster(_ROSTER, _REGION) if isinstance(entry, Person))
    return [
        phonenumbers.format_number(
            phonenumbers.parse(person.phone), phonenumbers.PhoneNumberFormat.NATIONAL
        )
        for person in islice(people, 3)
    ]


def _event(now: datetime) -> Event:
    today = now.astimezone(_ZONE)
    return Event(
        event_code=f"{today:%m%d}DEV",
        name="파이썬 밋업",
        organization="Example Python User Group",
        venue="예시 빌딩 3층 세미나실, 서울",
        starts_at=now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
        check_in_opens_at=now.replace(microsecond=0) - timedelta(hours=1),
        check_in_closes_at=now.replace(microsecond=0) + timedelta(hours=23),
        timezone=_ZONE.key,
        locale="ko",
        self_check_in=True,
        walk_ins=True,
        announcement=(
            "굿즈는 1층 안내 데스크에서 받아 가세요.\n발표가 끝난 뒤 네트워킹 자리가 있습니다."
        ),
        reply_to="organizers@example.com",
        expires_at=now.replace(microsecond=0) + timedelta(days=30),
    )
