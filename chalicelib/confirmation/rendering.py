"""A mail's subject, text and HTML: the templates in `templates/`, with a language's `words/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.attendance.event import Locale

if TYPE_CHECKING:
    from chalicelib.confirmation.content import Confirmation

_ROOM = Path(__file__).parent
# ASCII only, since Korean particles follow a URL without a space (https://example.com에서), and
# without the punctuation that ends a sentence.
_URL = re.compile(r"(https?://[!#-;=?-~]*[\w/=&~+#%-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rendered:
    """`subject` is one line."""

    subject: str
    text: str
    html: str


def render(confirmation: Confirmation) -> Rendered:
    """The templates see each field of `confirmation` by its name, and the language's `words`."""
    shown = {field.name: getattr(confirmation, field.name) for field in fields(confirmation)}
    shown["words"] = words(confirmation.locale)
    subject = _rendered("confirmation.subject.txt", shown).strip()
    return Rendered(
        subject,
        _rendered("confirmation.txt", shown),
        _rendered("confirmation.html", {**shown, "subject": subject}),
    )


@cache
def words(locale: Locale) -> Mapping[str, Any]:
    return tomllib.loads((_ROOM / "words" / f"{locale}.toml").read_text(encoding="utf-8"))


def write_moment(moment: datetime, locale: Locale) -> str:
    """`Wednesday, 11 February 2026, 19:00 KST`; a naive moment is written without a zone."""
    language = words(locale)
    written: str = language["moment"].format(
        year=moment.year,
        month=language["months"][moment.month - 1],
        day=moment.day,
        weekday=language["weekdays"][moment.weekday()],
        time=f"{moment:%H:%M}",
    )
    zone = moment.tzname()
    if zone is None:
        return written
    # Zones without an abbreviation are named by their offset alone: +04 for Asia/Dubai.
    return f"{written} {'UTC' if zone[0] in '+-' else ''}{zone}"


def _rendered(template: str, shown: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(shown)


@cache
def _environment() -> Environment:
    """Compiled templates stay in it, until their file changes."""
    environment = Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Text and URLs in turn, beginning and ending with text.
    environment.filters["text_and_urls"] = _URL.split
    return environment
