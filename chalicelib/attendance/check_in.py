"""A check-in: the fact that an attendee came to an event; at most one per pair."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from chalicelib.attendance.delivery import DeliveryStatus
from chalicelib.attendance.registration import Source

# Crockford's Base32: no I, L, O or U, so that it can be read out at a goods desk.
_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """`nonce` names the try that made it. `delivery` is where its confirmation stands.

    `delivery_reason` says why it failed, is unclear or was put off. `due_at` is when the next
    attempt may be made, and there only while the mail is owed. `settled_at` is when it was sent or
    failed.
    """

    check_in_id: str
    event_code: str
    attendee_id: str
    name: str
    email: str | None
    checked_at: datetime
    source: Source
    nonce: str | None
    delivery: DeliveryStatus
    expires_at: datetime
    delivery_reason: str | None = None
    due_at: datetime | None = None
    settled_at: datetime | None = None


def initial_delivery(email: str | None) -> DeliveryStatus:
    """Where the confirmation stands the moment the attendee is checked in."""
    return "due" if email else "no_address"


def new_check_in_id() -> str:
    """Such as `7F3K-9QRT-2MXA-HB4D`: 80 random bits, which nobody guesses and no two share."""
    return "-".join("".join(secrets.choice(_ID_ALPHABET) for _ in range(4)) for _ in range(4))
