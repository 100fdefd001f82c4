"""The state of a check-in's confirmation, in words for organizers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.delivery import DeliveryStatus
from operations.times import shown

WORDS: dict[DeliveryStatus, str] = {
    "due": "to be mailed, or to be retried",
    "sending": "being mailed now",
    "sent": "accepted by the mail server",
    "failed": "refused for good: `--failed` says why",
    "unclear": "possibly mailed: the server's reply was lost",
    "no_address": "nobody gave an address",
}


def is_owed(check_in: CheckIn) -> bool:
    """Whether the sweep will still mail it."""
    return check_in.due_at is not None


LISTS: dict[str, Callable[[CheckIn], bool]] = {
    "failed": lambda check_in: check_in.delivery == "failed",
    "unclear": lambda check_in: check_in.delivery == "unclear",
    "owed": is_owed,
    "all": lambda _: True,
}


def described(check_in: CheckIn, zone: ZoneInfo, now: datetime) -> str:
    """One line with the person, the address and the mail's state; for organizers only."""
    state: str = check_in.delivery
    if check_in.settled_at:
        state += f" {shown(check_in.settled_at, zone)}"
    elif check_in.due_at and check_in.due_at > now:
        state += f", next attempt from {shown(check_in.due_at, zone)}"
    if check_in.delivery_reason:
        state += f": {check_in.delivery_reason}"
    address = f" <{check_in.email}>" if check_in.email else ""
    checked_at = shown(check_in.checked_at, zone)
    return f"{check_in.check_in_id}  {checked_at}  {check_in.name}{address}  {state}"


def facts(check_in: CheckIn, zone: ZoneInfo) -> dict[str, Any]:
    """The same facts for JSON; times are ISO 8601 in `zone`."""

    def time(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat() if moment else None

    return {
        "check_in_id": check_in.check_in_id,
        "name": check_in.name,
        "email": check_in.email,
        "checked_at": time(check_in.checked_at),
        "delivery": check_in.delivery,
        "delivery_reason": check_in.delivery_reason,
        "due_at": time(check_in.due_at),
        "settled_at": time(check_in.settled_at),
    }
