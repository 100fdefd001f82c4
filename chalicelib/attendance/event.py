"""An event: one meetup, its check-in window, and what its confirmation says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Locale = Literal["ko", "en"]
State = Literal["not_open", "open", "closed"]

LOCALES: tuple[Locale, ...] = ("ko", "en")

_EVENT_CODE = re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Event:
    """One meetup. All times are aware UTC; `timezone` is the IANA name they are shown in."""

    event_code: str
    name: str
    organization: str
    venue: str
    starts_at: datetime
    check_in_opens_at: datetime
    check_in_closes_at: datetime
    timezone: str
    locale: Locale
    expires_at: datetime
    self_check_in: bool = True
    walk_ins: bool = False
    announcement: str = ""
    reply_to: str | None = None
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible code, window, locale or zone."""
        if normalize_event_code(self.event_code) != self.event_code:
            raise ValueError(f"{self.event_code!r} is not an event code such as 0211ABC")
        if not self.check_in_opens_at < self.check_in_closes_at:
            raise ValueError("check-in has to open before it closes")
        if self.expires_at <= self.check_in_closes_at:
            raise ValueError("an event cannot expire before its check-in closes")
        if self.locale not in LOCALES:
            raise ValueError(f"{self.locale!r} is not one of the locales {', '.join(LOCALES)}")
        try:
            zone = ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{self.timezone!r} is not an IANA time zone") from error
        object.__setattr__(self, "zone", zone)

    def state(self, now: datetime) -> State:
        """The state at `now` (aware); the window includes its opening but not its closing time."""
        if now < self.check_in_opens_at:
            return "not_open"
        return "open" if now < self.check_in_closes_at else "closed"


def normalize_event_code(text: str) -> str | None:
    """Return `0211ABC` for `0211abc` (month, day, three letters); None for anything else."""
    code = text.strip()
    return code.upper() if _EVENT_CODE.fullmatch(code) else None
