"""A check-in records that an attendee came to an event; there is at most one per pair."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.attendance.delivery import DeliveryStatus
from chalicelib.attendance.registration import Source

# Crockford's Base32 has no I, L, O or U, so an id can be read out at a goods desk.
_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Times are aware UTC: whole seconds, but milliseconds in `changed_at`.

    `changed_at` is when the check-in itself last changed. `nonce` identifies the request that
    created it. `delivery` is the state of its confirmation, and `delivery_reason` says why it
    failed, is unclear or was put off. `due_at` is the earliest time of the next attempt, and is set
    only while the mail is owed. `settled_at` is when the mail was sent or failed.
    """

    check_in_id: str
    event_code: str
    attendee_id: str
    name: str
    email: str | None
    checked_at: datetime
    changed_at: datetime
    source: Source
    nonce: str | None
    delivery: DeliveryStatus
    expires_at: datetime
    delivery_reason: str | None = None
    due_at: datetime | None = None
    settled_at: datetime | None = None


def initial_delivery(email: str | None) -> DeliveryStatus:
    """The state of the confirmation at the moment of the check-in."""
    return "due" if email else "no_address"


def new_check_in_id() -> str:
    """A new id such as `7F3K-9QRT-2MXA-HB4D`: 80 random bits, so that nobody can guess one."""
    return "-".join("".join(secrets.choice(_ID_ALPHABET) for _ in range(4)) for _ in range(4))
