"""Moves what is stored of an event to another day of deletion, or deletes it at once.

Whatever stops half-way can be run again. What is returned counts items by kind, and check-ins also
by the state of their mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.attendance.event import Event
from chalicelib.storage.batches import MOST_GETS, batched
from chalicelib.storage.holdings import Holding
from chalicelib.wiring import EVENT_SECONDS, Wiring
from operations.console import progress, say

# A container keeps an event for its seconds in the cache, and may have read the one before the
# last change; a request that has just begun takes at most as long as its function may run.
UNDER_WAY = timedelta(seconds=EVENT_SECONDS + 1 + 15)


def move(wiring: Wiring, event_code: str, expires_at: datetime) -> Counter[str]:
    """Have all registrations and check-ins deleted on that day; returns what had another one."""
    moved = Counter[str]()
    with progress(wiring.holdings.of_event(event_code), "Moving") as found:
        for batch in batched(found, MOST_GETS):
            moved += counted(wiring.holdings.keep_until(batch, expires_at))
    return moved


def align(wiring: Wiring, event_code: str) -> Counter[str]:
    """Move what has another day of deletion than the event, until nothing has.

    The event is read before each pass: of two edits at once, all follow the one that stands.
    """
    total = Counter[str]()
    while (event := wiring.event_table.get(event_code, consistent=True)) and (
        moved := move(wiring, event_code, event.expires_at)
    ):
        total += moved
    return total


def wait_for_check_ins(wiring: Wiring, before: Event) -> None:
    """Wait for the check-ins that are under way, at the event as it was before a change."""
    if before.check_in_opens_at <= wiring.now() < before.check_in_closes_at + UNDER_WAY:
        seconds = UNDER_WAY.total_seconds()
        say(f"waiting {seconds:.0f} s for check-ins that are under way")
        wiring.pause(seconds)


def erase_event(wiring: Wiring, event_code: str) -> Counter[str]:
    """Delete the event and all that is stored of it, and return what it was.

    The event expires first, so that nobody checks in any more, and is deleted last, so that its
    code stays taken.
    """
    event = wiring.event_table.get(event_code, consistent=True)
    erased = Counter(event=int(wiring.holdings.end_event(event_code)))
    erased += _erase_people(wiring, event_code)
    if event:
        wait_for_check_ins(wiring, event)
    while more := _erase_people(wiring, event_code):
        erased += more
    wiring.holdings.delete_event(event_code)
    return erased


def _erase_people(wiring: Wiring, event_code: str) -> Counter[str]:
    erased = Counter[str]()
    with progress(wiring.holdings.of_event(event_code), "Erasing") as found:
        for batch in batched(found, MOST_GETS):
            wiring.holdings.delete(batch)
            erased += counted(batch)
    return erased


def counted(holdings: Iterable[Holding]) -> Counter[str]:
    counts = Counter[str]()
    for holding in holdings:
        counts[holding.kind] += 1
        if holding.delivery:
            counts[holding.delivery] += 1
    return counts


def described(counts: Counter[str]) -> str:
    """Such as `20 registrations and 1 check-in`."""
    registrations, check_ins = counts["registration"], counts["check_in"]
    return (
        f"{registrations:,} registration{'s' * (registrations != 1)} and "
        f"{check_ins:,} check-in{'s' * (check_ins != 1)}"
    )


def say_what_becomes_of_mails(counts: Counter[str]) -> None:
    """Of the confirmations of check-ins that were erased."""
    if owed := counts["due"]:
        say(f"confirmations that were owed and are not mailed any more: {owed:,}")
    if sending := counts["sending"] + counts["unclear"]:
        say(f"confirmations that may have been mailed or may still arrive: {sending:,}")
