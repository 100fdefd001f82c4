"""What a confirmation shows: its subject, its text and its HTML, from whatever is known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.attendance.event import Event, Locale
from chalicelib.attendance.text import printable
from chalicelib.confirmation.layout import lay_out
from chalicelib.confirmation.wording import WORDINGS, Wording

if TYPE_CHECKING:
    from chalicelib.confirmation.message import Confirmation

_LONGEST_LINE = 100  # characters, of a name or place; registrations hold no longer names
_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # these join or vary the character before them
_RULE = "-" * 40


@dataclass(frozen=True, slots=True)
class Content:
    """The finished subject (one line, printable), text and HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Printable text, on one line where it is no sequence; empty where nothing is known.

    `details` are labels with their values, `announcement` lines.
    """

    locale: Locale
    wording: Wording
    subject: str
    name: str
    attendee: str
    event: str
    organization: str
    check_in_id: str
    details: Sequence[tuple[str, str]]
    announcement: Sequence[str]
    replies: bool


def write_content(confirmation: Confirmation, locale: Locale, *, replies: bool) -> Content:
    """Leave out what is not known. `replies`: an answer to the mail reaches the organizers."""
    wording = WORDINGS[locale]
    event = confirmation.event
    name = one_line(confirmation.name)
    event_name = one_line(event.name) if event else ""
    subject = wording.subject.format(event=event_name) if event_name else wording.subject_unnamed
    details = (
        (wording.event_code, "" if event else one_line(confirmation.event_code)),
        (wording.starts_at, _written(event.starts_at, event, wording) if event else ""),
        (wording.checked_at, _written(confirmation.checked_at, event, wording)),
        (wording.venue, one_line(event.venue) if event else ""),
    )
    shown = Shown(
        locale=locale,
        wording=wording,
        subject=subject,
        name=name,
        attendee=name or one_line(confirmation.to),
        event=event_name,
        organization=one_line(event.organization) if event else "",
        check_in_id=one_line(confirmation.check_in_id),
        details=[(label, value) for label, value in details if value],
        announcement=_printable_lines(event.announcement) if event else (),
        replies=replies,
    )
    return Content(subject, _text(shown), lay_out(shown))


def one_line(text: str | None, longest: int = _LONGEST_LINE) -> str:
    """Printable text on one line, cut where it is longer; "" where nothing is left.

    No line end, control character or bidi override comes through, so that it can neither end a
    header nor turn what stands beside it.
    """
    line = " ".join(printable(text or "").split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rstrip(_JOINERS + " ") + _ELLIPSIS


def _printable_lines(text: str) -> list[str]:
    return [printable(line).rstrip() for line in text.strip().splitlines()]


def _written(moment: datetime | None, event: Event | None, wording: Wording) -> str:
    """In the event's zone, where both are known; else with the zone that it has, if any."""
    if moment is None:
        return ""
    if event and moment.tzinfo:
        with suppress(OverflowError):  # at either end of the calendar
            moment = moment.astimezone(event.zone)
    return wording.write_moment(moment)


def _text(shown: Shown) -> str:
    wording = shown.wording
    rows = (
        (wording.check_in_number, shown.check_in_id),
        (wording.attendee, shown.attendee),
        (wording.event, shown.event),
        (wording.organization, shown.organization),
        *shown.details,
    )
    lines = [
        wording.greeting.format(name=shown.name) if shown.name else wording.greeting_unnamed,
        "",
        wording.lead.format(event=shown.event) if shown.event else wording.lead_unnamed,
        wording.proof,
        "",
        *(f"{label}: {value}" for label, value in rows if value),
        "",
    ]
    if shown.announcement:
        lines += [wording.announcement, _RULE, *shown.announcement, _RULE, ""]
    lines.append(
        f"{wording.sent_because} {wording.replies}" if shown.replies else wording.sent_because
    )
    return "".join(f"{line}\n" for line in lines)
