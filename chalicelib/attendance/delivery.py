"""A delivery: the state of one confirmation mail, and what may happen to it next.

    due ──claim──▸ sending ─┬▸ sent         the server took the mail
     ▴                      ├▸ failed       the server refused this address, or this mail, for good
     ├──────────────────────┼▸ due          the server refused it for now, or never got it
     └──after the lease─────┴▸ unclear      the reply was lost: the server may have taken it

    no_address              there is no address to send it to

An operator can put any delivery back to `due`, with a corrected address or for another copy.

A claim belongs to one worker for the length of a lease. If the worker dies, its delivery stays
`sending` until the lease ends, and then counts as unclear. Each claim counts a copy as possibly
sent; only a definite refusal takes that copy off the count again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

DeliveryStatus = Literal["due", "sending", "sent", "failed", "unclear", "no_address"]

# In the first hour, while people wait at the goods desk, every sweep tries again. After that RFC
# 5321 4.5.4.1 applies: wait at least half an hour between tries, give up after four to five days.
_EAGER = timedelta(hours=1)
_INTERVAL = timedelta(hours=1)
_GIVEN_UP = timedelta(days=4)
_LONGEST_RECORD = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that a worker claims, from `now` to the end of its lease, `until` (aware UTC).

    `token` identifies this attempt. At most `most_copies` may have gone out after it.
    """

    token: str
    now: datetime
    until: datetime
    most_copies: int

    def seconds_left(self, now: datetime) -> float:
        """How long a send may take: a quarter of the lease, at most 2 s, is kept for its record."""
        for_the_record = min((self.until - self.now) / 4, _LONGEST_RECORD)
        return (self.until - for_the_record - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim found: the undecoded item as it was before the claim, or None if it is missing.

    `copies` is how many may have gone out after this attempt, and `attempts` is its number. Both
    are 0 if the claim was not granted.
    """

    image: Mapping[str, Any] | None
    copies: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class OwedMail:
    """One entry of the index of owed mails; `keys` are the undecoded key of its item.

    `due_at` is when it may be tried, and `since` is when the attendee was checked in.
    """

    keys: Mapping[str, Any]
    due_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How an attempt ended, at `now`. `reason` holds no personal data.

    `due_at` is when the next attempt may be made, or None if nothing is owed any more.
    `refused_since` is when the server first gave a temporary refusal.
    """

    status: DeliveryStatus
    now: datetime
    reason: str | None = None
    due_at: datetime | None = None
    refused_since: datetime | None = None

    @property
    def not_taken(self) -> bool:
        """Whether it is certain that the server did not take this copy."""
        return self.status in ("due", "failed", "no_address")


def next_attempt(refused_since: datetime, now: datetime) -> datetime | None:
    """When to try again after a temporary refusal; None once it is time to give up."""
    age = now - refused_since
    if age < _EAGER:
        return now
    return now + _INTERVAL if age < _GIVEN_UP else None
