"""What a confirmation shows: its subject, its text and its HTML, from whatever is known."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from chalicelib.attendance.event import Event, Locale
from chalicelib.attendance.text import printable
from chalicelib.confirmation.wording import WORDINGS, Wording

if TYPE_CHECKING:
    from chalicelib.confirmation.message import Confirmation

_LONGEST_LINE = 100  # characters, of a name or place; registrations hold no longer names
_ELLIPSIS = "…"
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # these join or vary the character before them

# ASCII only, since Korean particles follow a URL without a space (https://example.com에서), and
# without the punctuation that ends a sentence. Jinja's own `urlize` takes both into the link.
_URL = re.compile(r"(https?://[!#-;=?-~]*[\w/=&~+#%-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """The finished subject (one line, printable), text and HTML."""

    subject: str
    text: str
    html: str


def write_content(confirmation: Confirmation, locale: Locale, *, replies: bool) -> Content:
    """Leave out what is not known. `replies`: an answer to the mail reaches the organizers."""
    wording = WORDINGS[locale]
    event = confirmation.event
    name = one_line(confirmation.name)
    event_name = one_line(event.name) if event else ""
    subject = wording.subject.format(event=event_name) if event_name else wording.subject_unnamed
    details = {
        wording.event_code: "" if event else one_line(confirmation.event_code),
        wording.starts_at: _written(event.starts_at, event, wording) if event else "",
        wording.checked_at: _written(confirmation.checked_at, event, wording),
        wording.venue: one_line(event.venue) if event else "",
    }
    shown = {
        "locale": locale,
        "wording": wording,
        "subject": subject,
        "name": name,
        "attendee": name or one_line(confirmation.to),
        "event": event_name,
        "organization": one_line(event.organization) if event else "",
        "check_in_id": one_line(confirmation.check_in_id),
        "details": [(label, value) for label, value in details.items() if value],
        "announcement": _printable_lines(event.announcement) if event else [],
        "replies": replies,
    }
    templates = _templates()
    return Content(
        subject=subject,
        text=templates.get_template("confirmation.txt").render(shown),
        html=templates.get_template("confirmation.html").render(shown),
    )


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


def _split_urls(line: str) -> list[str]:
    """Text and URLs in turn, beginning and ending with text."""
    return _URL.split(line)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["split_urls"] = _split_urls
    return environment
