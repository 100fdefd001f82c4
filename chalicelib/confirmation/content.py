"""What a confirmation shows: printable text, ready for the templates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.attendance.event import Event, Locale
from chalicelib.attendance.text import printable
from chalicelib.confirmation.language import write_moment
from chalicelib.confirmation.records import Image, moment, text

_LONGEST_LINE = 100  # characters; registrations hold no longer names
_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # these join or vary the character before them


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Each text is printable, on one line, and empty if unknown.

    `event_code` is set only if no event has this code. `takes_replies`: a reply to the mail reaches
    the organizers. `announcement` is a sequence of lines.
    """

    locale: Locale
    takes_replies: bool
    address: str
    name: str
    check_in_id: str
    checked_at: str
    event_code: str
    event: str
    organization: str
    venue: str
    starts_at: str
    announcement: Sequence[str]


def describe(
    image: Image, address: str, event: Event | None, *, locale: Locale, takes_replies: bool
) -> Confirmation:
    """The texts from the item's `image` and its event; unknown ones are empty."""
    return Confirmation(
        locale=locale,
        takes_replies=takes_replies,
        address=one_line(address),
        name=one_line(text(image, "name")),
        check_in_id=one_line(text(image, "check_in_id")),
        checked_at=_written(moment(image, "checked_at"), event, locale),
        event_code="" if event else one_line(text(image, "event_code")),
        event=one_line(event.name) if event else "",
        organization=one_line(event.organization) if event else "",
        venue=one_line(event.venue) if event else "",
        starts_at=_written(event.starts_at, event, locale) if event else "",
        announcement=_printable_lines(event.announcement) if event else (),
    )


def one_line(text: str | None, longest: int = _LONGEST_LINE) -> str:
    """Printable text on one line, cut to `longest` characters; "" if nothing is left.

    It has no line breaks, control characters or bidi overrides, so the text can neither end a
    header nor reorder the text next to it.
    """
    line = " ".join(printable(text or "").split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rstrip(_JOINERS + " ") + _ELLIPSIS


def _printable_lines(text: str) -> list[str]:
    return [printable(line).rstrip() for line in text.strip().splitlines()]


def _written(moment: datetime | None, event: Event | None, locale: Locale) -> str:
    """The moment in the event's zone. Without an event or an offset it stays as recorded."""
    if moment is None:
        return ""
    if event and moment.tzinfo:
        with suppress(OverflowError):  # at either end of the calendar
            moment = moment.astimezone(event.zone)
    return write_moment(moment, locale)
