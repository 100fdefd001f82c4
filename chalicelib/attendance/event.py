"""An event: one meetup, its check-in window, and what its confirmation says."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

Locale = Literal["ko", "en"]
State = Literal["not_open", "open", "closed"]

NOT_A_CODE = "is not an event code: 4 to 32 letters, digits and hyphens, such as 260211KXQ"
LOCALES: tuple[Locale, ...] = ("ko", "en")

_EVENT_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,30}[A-Za-z0-9]")
# No vowels, so that they spell nothing (O would also be read as 0), and no L, which looks like a 1.
_LETTERS = "BCDFGHJKMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Event:
    """One meetup. All times are aware UTC; `timezone` is the IANA name they are shown in.

    After `expires_at`, everything about the event counts as gone. `version` grows with each change;
    an event from before there were versions has 0.
    """

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
    version: int = 0
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible code, window, locale or zone."""
        if normalize_event_code(self.event_code) != self.event_code:
            raise ValueError(f"{self.event_code!r} {NOT_A_CODE}")
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


def new_event_code(starts_at: datetime) -> str:
    """A code such as `260211KXQ`: year, month and day of `starts_at` in its zone, three letters."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(3))
    return f"{starts_at:%y%m%d}{letters}"


def normalize_event_code(text: str) -> str | None:
    """Return the code in upper case, `0211ABC` for `0211abc`; None for anything else.

    It has 4 to 32 letters, digits and hyphens (ASCII), and no hyphen at its ends.
    """
    code = text.strip()
    return code.upper() if _EVENT_CODE.fullmatch(code) else None
