"""The `words/` of a language, and how it writes a moment."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.attendance.event import Locale

_WORDS = Path(__file__).parent / "words"


@cache
def words(locale: Locale) -> Mapping[str, Any]:
    return tomllib.loads((_WORDS / f"{locale}.toml").read_text(encoding="utf-8"))


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
    # Zones without an abbreviation have only their offset as a name: +04 for Asia/Dubai.
    return f"{written} {'UTC' if zone[0] in '+-' else ''}{zone}"
