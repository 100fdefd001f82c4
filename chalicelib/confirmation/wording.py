"""What a confirmation says in each language, and how that language writes a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.attendance.event import Locale


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """`str.format` patterns and plain phrases; those ending in `_unnamed` do without the name."""

    subject: str
    subject_unnamed: str
    greeting: str
    greeting_unnamed: str
    lead: str
    lead_unnamed: str
    proof: str
    status: str
    show_at_desk: str
    attendee: str
    check_in_number: str
    event: str
    organization: str
    event_code: str
    starts_at: str
    checked_at: str
    venue: str
    announcement: str
    sent_because: str
    replies: str
    moment: str
    months: tuple[str, ...]
    weekdays: tuple[str, ...]

    def write_moment(self, moment: datetime) -> str:
        """`Wednesday, 11 February 2026, 19:00 KST`; a naive moment is written without a zone."""
        written = self.moment.format(
            year=moment.year,
            month=self.months[moment.month - 1],
            day=moment.day,
            weekday=self.weekdays[moment.weekday()],
            time=f"{moment:%H:%M}",
        )
        zone = moment.tzname()
        if zone is None:
            return written
        # Zones without an abbreviation are named by their offset alone: +04 for Asia/Dubai.
        return f"{written} {'UTC' if zone[0] in '+-' else ''}{zone}"


WORDINGS: dict[Locale, Wording] = {
    "ko": Wording(
        subject="[{event}] 체크인이 확인되었습니다",
        subject_unnamed="체크인이 확인되었습니다",
        greeting="{name} 님, 안녕하세요.",
        greeting_unnamed="안녕하세요.",
        lead="{event} 체크인이 확인되었습니다.",
        lead_unnamed="체크인이 확인되었습니다.",
        proof="이 메일은 참석 확인증입니다. 굿즈를 받으실 때 굿즈 데스크에서 보여 주세요.",
        status="체크인 완료",
        show_at_desk="굿즈 데스크에서 이 메일을 보여 주세요",
        attendee="참석자",
        check_in_number="체크인 번호",
        event="행사",
        organization="주최",
        event_code="행사 코드",
        starts_at="행사 시작",
        checked_at="체크인 시각",
        venue="장소",
        announcement="주최 측 안내",
        sent_because="체크인하신 분께 자동으로 보내 드리는 메일입니다.",
        replies="답장하시면 주최 측에 전달됩니다.",
        moment="{year}년 {month} {day}일 ({weekday}) {time}",
        months=tuple(f"{month}월" for month in range(1, 13)),
        weekdays=tuple("월화수목금토일"),
    ),
    "en": Wording(
        subject="You are checked in: {event}",
        subject_unnamed="You are checked in",
        greeting="Hello {name},",
        greeting_unnamed="Hello,",
        lead="You are checked in to {event}.",
        lead_unnamed="You are checked in.",
        proof="Please show this mail, your proof of attendance, at the goods desk.",
        status="Check-in confirmed",
        show_at_desk="Show this mail at the goods desk",
        attendee="Attendee",
        check_in_number="Check-in number",
        event="Event",
        organization="Organizer",
        event_code="Event code",
        starts_at="Event starts",
        checked_at="Checked in",
        venue="Venue",
        announcement="From the organizers",
        sent_because="This mail was sent automatically because you checked in.",
        replies="Replies reach the organizers.",
        moment="{weekday}, {day} {month} {year}, {time}",
        months=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        weekdays=(
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ),
    ),
}
