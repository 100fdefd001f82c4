"""Events in a container's cache: for seconds, and only those that are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from chalicelib.attendance.event import Event
from chalicelib.storage.events import CachedEvents, EventTable


class Table:
    def __init__(self, *events: Event) -> None:
        self.rows = {event.event_code: event for event in events}
        self.asked: list[str] = []

    def get(self, event_code: str) -> Event | None:
        self.asked.append(event_code)
        return self.rows.get(event_code)


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(event: Event) -> Table:
    return Table(event)


@pytest.fixture
def events(table: Table, clock: Clock) -> CachedEvents:
    return CachedEvents(cast(EventTable, table), seconds=5.0, clock=clock)


def test_an_event_is_read_once_in_its_seconds(
    events: CachedEvents, table: Table, clock: Clock, event: Event
) -> None:
    assert events.get("0211ABC") == event
    clock.seconds += 4.9
    assert events.get("0211ABC") == event
    assert table.asked == ["0211ABC"]


def test_an_edit_is_seen_when_they_are_over(
    events: CachedEvents, table: Table, clock: Clock, event: Event
) -> None:
    events.get("0211ABC")
    table.rows["0211ABC"] = edited = replace(event, name="파이썬 밋업")
    assert events.get("0211ABC") == event
    clock.seconds += 5
    assert events.get("0211ABC") == edited


def test_a_deletion_too(events: CachedEvents, table: Table, clock: Clock) -> None:
    events.get("0211ABC")
    table.rows.clear()
    clock.seconds += 5
    assert events.get("0211ABC") is None


def test_an_event_that_is_not_there_is_asked_for_each_time(
    events: CachedEvents, table: Table, event: Event
) -> None:
    assert events.get("0212ABC") is None
    table.rows["0212ABC"] = made = replace(event, event_code="0212ABC")
    assert events.get("0212ABC") == made
    assert table.asked == ["0212ABC", "0212ABC"]


def test_an_event_that_expires_meanwhile_is_not_there(table: Table, event: Event) -> None:
    moments = iter([event.expires_at - timedelta(seconds=1), event.expires_at])
    events = CachedEvents(cast(EventTable, table), seconds=5.0, now=lambda: next(moments))
    events.get("0211ABC")
    assert events.get("0211ABC") == event
    assert events.get("0211ABC") is None


def test_events_are_kept_apart(events: CachedEvents, table: Table, event: Event) -> None:
    table.rows["0212ABC"] = other = replace(event, event_code="0212ABC")
    assert [events.get("0211ABC"), events.get("0212ABC")] == [event, other]
