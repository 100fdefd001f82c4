"""A delivery: the state of getting a confirmation out, and what may happen next.

    due ──claim──▸ sending ─┬▸ sent         the server took the mail
     ▴                      ├▸ failed       this address, or this mail, never
     ├──────────────────────┼▸ due          refused for now, or never handed over
     └──after the lease─────┴▸ unclear      the reply was lost: the server may have taken it

    no_address              nothing to send to

A person can put any of them back to `due`: with a corrected address, or for another copy.

A claim belongs to one worker for the length of a lease. If the worker dies, its delivery stays
`sending` until the lease is over, and then counts as unclear. Copies that may be out are counted
from the claim on; only a definite refusal takes one back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

DeliveryStatus = Literal["due", "sending", "sent", "failed", "unclear", "no_address"]

# At each sweep while people stand at the goods desk, then as RFC 5321 4.5.4.1 wants it: at least
# half an hour apart, and given up after four to five days.
_EAGER = timedelta(hours=1)
_INTERVAL = timedelta(hours=1)
_GIVEN_UP = timedelta(days=4)
_LONGEST_RECORD = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that a worker claims, from `now` to the end of its lease, `until` (aware UTC).

    `token` names this attempt. At most `most_copies` may be out after it.
    """

    token: str
    now: datetime
    until: datetime
    most_copies: int

    def seconds_left(self, now: datetime) -> float:
        """What a send may take: the last quarter of the lease, 2 s at most, is for its record."""
        for_the_record = min((self.until - self.now) / 4, _LONGEST_RECORD)
        return (self.until - for_the_record - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim found: the item undecoded, as it was before; None where there is none.

    `copies` may be out after this attempt, which is number `attempts`. Both are 0 where the claim
    was not granted.
    """

    image: Mapping[str, Any] | None
    copies: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class OwedMail:
    """One entry of the index of owed mails: `keys` name its item, undecoded.

    `due_at` is when it may be tried, `since` when the attendee was checked in.
    """

    keys: Mapping[str, Any]
    due_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How an attempt ended, at `now`. `reason` holds no personal data.

    `due_at` is when the next one may be made; None where nothing is owed any more.
    `refused_since` is when the server first refused the mail for now.
    """

    status: DeliveryStatus
    now: datetime
    reason: str | None = None
    due_at: datetime | None = None
    refused_since: datetime | None = None

    @property
    def not_taken(self) -> bool:
        """Whether the server has certainly not taken this copy."""
        return self.status in ("due", "failed", "no_address")


def next_attempt(refused_since: datetime, now: datetime) -> datetime | None:
    """When to try again after a temporary refusal; None where they have gone on for too long."""
    age = now - refused_since
    if age < _EAGER:
        return now
    return now + _INTERVAL if age < _GIVEN_UP else None
