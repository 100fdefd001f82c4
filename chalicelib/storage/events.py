"""EventTable: key `event_code`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.errors import MalformedItem
from chalicelib.attendance.event import Event
from chalicelib.storage.dynamodb import (
    from_item,
    is_gone,
    storage_errors,
    to_item,
    to_time,
    utc_now,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from chalicelib.storage.dynamodb import Item

_FIELDS = frozenset(each.name for each in fields(Event) if each.init)
log = logging.getLogger("rollcall.storage")

_TIMES = ("starts_at", "check_in_opens_at", "check_in_closes_at", "expires_at")


class EventTable:
    """An event that has expired is not there. All methods raise StorageUnavailable."""

    def __init__(
        self, client: DynamoDBClient, table: str, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._client = client
        self._table = table
        self._now = now

    def get(self, event_code: str, *, consistent: bool = False) -> Event | None:
        """The event; a consistent read costs twice as much, and surely sees the last change."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key=_key(event_code), ConsistentRead=consistent
            )
        return self._kept(found.get("Item"))

    def create(self, event: Event) -> bool:
        """Store a new event. Returns False if its code is taken, even by one that has expired."""
        with storage_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(_attributes(event)),
                    ConditionExpression="attribute_not_exists(event_code)",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def change(self, before: Event, after: Event) -> Event | None:
        """Store what differs, as the next version; None if somebody else was first.

        Attributes that this version of the program does not know stay as they are.
        """
        after = replace(after, version=before.version + 1)
        old, new = to_item(_attributes(before)), to_item(_attributes(after))
        changed = {name: value for name, value in new.items() if value != old.get(name)}
        removed = old.keys() - new.keys()
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
        if removed:
            update += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        condition = "#version = :was"
        if not before.version:  # perhaps from before there were versions
            condition += " OR attribute_exists(event_code) AND attribute_not_exists(#version)"
        with storage_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(before.event_code),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={f"#{name}": name for name in (*changed, *removed)},
                    ExpressionAttributeValues={f":{name}": value for name, value in changed.items()}
                    | to_item({":was": before.version}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                found: Item | None = refusal.response.get("Item")  # type: ignore[assignment]
                # If a reply was lost, the SDK repeats the call and finds our own change.
                return after if self._kept(found) == after else None
        return after

    def put(self, event: Event) -> None:
        """Store it over what is there: for events that a program makes for itself."""
        with storage_errors():
            self._client.put_item(TableName=self._table, Item=to_item(_attributes(event)))

    def all(self) -> Iterator[Event]:
        """Every event, in no order. An organization has hundreds, so a scan will do.

        Malformed events are logged and left out, so that they do not hide the others.
        """
        with storage_errors():
            for page in self._client.get_paginator("scan").paginate(TableName=self._table):
                for item in page["Items"]:
                    if is_gone(item, self._now()):
                        continue
                    try:
                        yield _event(item)
                    except MalformedItem as error:
                        log.warning("event %s: %s", item["event_code"].get("S"), error)

    def ping(self) -> None:
        """Return if the table answers; which item is read does not matter."""
        self.get("-")

    def _kept(self, item: Item | None) -> Event | None:
        return None if item is None or is_gone(item, self._now()) else _event(item)


class CachedEvents:
    """Keeps events for `seconds`, so that not every check-in has to read one.

    A missing event is not cached, because a kiosk may be waiting for it.
    """

    def __init__(
        self,
        events: EventTable,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._events = events
        self._seconds = seconds
        self._clock = clock
        self._now = now
        self._seen: dict[str, tuple[float, Event]] = {}

    def get(self, event_code: str) -> Event | None:
        seen = self._seen.get(event_code)
        if seen and self._clock() - seen[0] < self._seconds:
            return seen[1] if seen[1].expires_at > self._now() else None
        event = self._events.get(event_code)
        if event:
            self._seen[event_code] = (self._clock(), event)
        else:
            self._seen.pop(event_code, None)
        return event


def _key(event_code: str) -> Item:
    return {"event_code": {"S": event_code}}


def _attributes(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _FIELDS}


def _event(item: Item) -> Event:
    """Attributes that this version does not know are ignored.

    Raises MalformedItem for an item that Rollcall did not write.
    """
    known = {name: value for name, value in from_item(item).items() if name in _FIELDS}
    try:
        times = {name: to_time(known[name]) for name in _TIMES}
        return Event(**known | times | {"version": int(known.get("version", 0))})
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed event item") from error
