"""EventTable: key `event_code`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.errors import MalformedItem
from chalicelib.attendance.event import Event
from chalicelib.storage.dynamodb import from_item, storage_errors, to_item, to_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_FIELDS = frozenset(each.name for each in fields(Event) if each.init)
log = logging.getLogger("rollcall.storage")

_TIMES = ("starts_at", "check_in_opens_at", "check_in_closes_at", "expires_at")


class EventTable:
    """All methods raise StorageUnavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, event_code: str) -> Event | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key={"event_code": {"S": event_code}}
            )
        return _event(from_item(found["Item"])) if "Item" in found else None

    def put(self, event: Event) -> None:
        with storage_errors():
            self._client.put_item(TableName=self._table, Item=to_item(_attributes(event)))

    def all(self) -> Iterator[Event]:
        """Every event, in no order. An organization has hundreds, so a scan will do.

        Malformed events are logged and left out, so that they do not hide the others.
        """
        with storage_errors():
            for page in self._client.get_paginator("scan").paginate(TableName=self._table):
                for item in page["Items"]:
                    try:
                        yield _event(from_item(item))
                    except MalformedItem as error:
                        log.warning("event %s: %s", item["event_code"].get("S"), error)

    def ping(self) -> None:
        """Return if the table answers; which item is read does not matter."""
        self.get("-")


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
    ) -> None:
        self._events = events
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[str, tuple[float, Event]] = {}

    def get(self, event_code: str) -> Event | None:
        seen = self._seen.get(event_code)
        if seen and self._clock() - seen[0] < self._seconds:
            return seen[1]
        event = self._events.get(event_code)
        if event:
            self._seen[event_code] = (self._clock(), event)
        else:
            self._seen.pop(event_code, None)
        return event


def _attributes(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _FIELDS}


def _event(attributes: dict[str, Any]) -> Event:
    """Attributes that this version does not know are ignored.

    Raises MalformedItem for an item that Rollcall did not write.
    """
    known = {name: value for name, value in attributes.items() if name in _FIELDS}
    try:
        return Event(**known | {name: to_time(known[name]) for name in _TIMES})
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed event item") from error
