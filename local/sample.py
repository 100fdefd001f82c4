"""The sample event: examples/event.json, open now, with the roster in examples/roster.csv."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers

from chalicelib.attendance.event import Event
from chalicelib.roster.importer import RosterImport
from chalicelib.roster.opening import open_roster
from chalicelib.roster.people import Person
from chalicelib.wiring import Wiring

_EXAMPLES = Path(__file__).parents[1] / "examples"
_ROSTER = _EXAMPLES / "roster.csv"
_REGION = "KR"


def seed(wiring: Wiring) -> Event:
    """Store today's sample event and its roster. Seeding again reopens the event."""
    event = _event(datetime.now(UTC))
    wiring.event_table.put(event)
    work = RosterImport(event, wiring.registration_table, wiring.check_in_table, wiring.secret_key)
    roster = open_roster(_ROSTER, _REGION)
    work.compare(roster)
    list(work.write(roster))
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
    example = json.loads((_EXAMPLES / "event.json").read_text(encoding="utf-8"))
    now = now.replace(microsecond=0)
    return Event(
        event_code=f"{now.astimezone(ZoneInfo(example['timezone'])):%m%d}DEV",
        starts_at=now.replace(minute=0, second=0) + timedelta(hours=1),
        check_in_opens_at=now - timedelta(hours=1),
        check_in_closes_at=now + timedelta(hours=23),
        expires_at=now + timedelta(days=30),
        **example,
    )
