"""Stores new and changed events, so that no two writers and no two events get mixed up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from chalicelib.attendance.event import Event, new_event_code
from chalicelib.wiring import Wiring
from operations.console import FailureError
from operations.retention import align, move, wait_for_check_ins

_TRIES = 10  # of 6,859 codes a day


def create_event(wiring: Wiring, event: Event) -> Event:
    """Raises FailureError if the code is taken."""
    code = event.event_code
    if not _is_created(wiring, event):
        if wiring.event_table.get(code):
            raise FailureError(
                f"the event {code} already exists: change it with `events edit {code}`"
            )
        raise FailureError(
            f"the code {code} was used before, and something of that event is still stored: choose "
            f"another code, or delete the rest with `events erase {code}`"
        )
    return event


def create_with_new_code(wiring: Wiring, event: Event) -> Event:
    """The event under a code made for it. Raises FailureError if none is free."""
    for _ in range(_TRIES):
        code = new_event_code(event.starts_at.astimezone(event.zone))
        made = replace(event, event_code=code)
        if _is_created(wiring, made):
            return made
    raise FailureError("no code was free for that day: give one")


def change_event(
    wiring: Wiring, before: Event, after: Event, *, moves: bool
) -> tuple[Event, Counter[str]]:
    """Store the changed event; returns it, and what has moved to its day of deletion.

    `moves`: everything stored of the event is to be kept as long as the event. It moves before the
    event does. If this stops half-way, the event still has its old day, and what has moved has the
    day that was asked for; the next run completes it. What was added meanwhile moves at the end.

    Raises FailureError if somebody else has changed the event since it was read.
    """
    code = before.event_code
    moved = move(wiring, code, after.expires_at) if moves else Counter[str]()
    changed = wiring.event_table.change(before, after)
    if moves:
        if changed:
            wait_for_check_ins(wiring, before)
        moved += align(wiring, code)
    if changed is None:
        raise FailureError(f"{code} was changed meanwhile: see `events show`, and run this again")
    return changed, moved


def _is_created(wiring: Wiring, event: Event) -> bool:
    """Create the event, unless something is stored of one with its code, expired or not."""
    in_use = any(wiring.holdings.count(event.event_code).values())
    return not in_use and wiring.event_table.create(event)
