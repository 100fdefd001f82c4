"""What is refused of an event's times before they are stored, and what is only said."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import click

from chalicelib.attendance.event import Event
from operations.console import say
from operations.times import shown

_WINDOW = {"starts_at", "check_in_opens_at", "check_in_closes_at"}


def valid(build: Callable[[], Event]) -> Event:
    """The event. Raises click.UsageError if it is impossible."""
    try:
        return build()
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def check_new(event: Event, now: datetime) -> None:
    """Raises click.UsageError if nobody could check in any more."""
    if event.state(now) == "closed":
        closes_at = shown(event.check_in_closes_at, event.zone)
        raise click.UsageError(f"check-in would be over already: it closes at {closes_at}")


def check_kept(event: Event, now: datetime) -> None:
    """Raises click.UsageError if the event would be deleted already."""
    if event.expires_at <= now:
        expires_at = shown(event.expires_at, event.zone)
        raise click.UsageError(
            f"the event would be deleted already, on {expires_at}: to delete it, use "
            f"`events erase {event.event_code}`"
        )


def say_what_is_odd(event: Event, now: datetime, given: Collection[str]) -> None:
    """Remarks on the attributes that are given."""
    if "starts_at" in given and event.starts_at < now:
        say(f"the start, {shown(event.starts_at, event.zone)}, is past")
    if "check_in_closes_at" in given and event.state(now) == "closed":
        say(f"check-in is closed since {shown(event.check_in_closes_at, event.zone)}")
    inside = event.check_in_opens_at <= event.starts_at <= event.check_in_closes_at
    if _WINDOW & set(given) and not inside:
        say("the event starts while check-in is not open")
