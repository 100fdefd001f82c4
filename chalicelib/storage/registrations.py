"""RegistrationTable: key `event_code`, `attendee_id`."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.errors import MalformedItem
from chalicelib.attendance.registration import Registration
from chalicelib.storage.batches import MOST_WRITES, Batches, batched
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

_WRITERS = 4  # DynamoDB answers a batch in 10 to 20 ms, and 10,000 people are 400 batches
_FIELDS = tuple(each.name for each in fields(Registration))

log = logging.getLogger("rollcall.storage")


class RegistrationTable:
    """A registration that has expired is not there. All methods raise StorageUnavailable."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._batches = Batches(client, table, sleep=sleep)

    def get(self, event_code: str, attendee_id: str) -> Registration | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key=_key(event_code, attendee_id),
            )
        item = found.get("Item")
        return None if item is None or is_gone(item, self._now()) else _registration(item)

    def add(self, registration: Registration) -> Registration | None:
        """Store it, or return the one that counts and that this attendee already has.

        None that has expired can be in the way: all items of an event expire together, nobody
        registers for an event that has, and no code is used again while an item has it.
        """
        with storage_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(_attributes(registration)),
                    ConditionExpression=(
                        "attribute_not_exists(attendee_id) OR attribute_exists(#status)"
                    ),
                    ExpressionAttributeNames={"#status": "status"},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                earlier = refusal.response["Item"]  # type: ignore[typeddict-item]
                return _registration(earlier)
        return None

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]:
        """Store them all, replacing existing ones; yields the size of each stored batch.

        No key may occur twice. After StorageUnavailable, the batches that were yielded have been
        stored, perhaps a few more, and it is safe to start over.
        """
        waiting: deque[Future[int]] = deque()
        with ThreadPoolExecutor(_WRITERS) as pool:
            for batch in batched(registrations, MOST_WRITES):
                waiting.append(pool.submit(self._put, batch))
                if len(waiting) > _WRITERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _put(self, batch: list[Registration]) -> int:
        self._batches.put([to_item(_attributes(row)) for row in batch])
        return len(batch)

    def remove_many(self, event_code: str, attendee_ids: Iterable[str]) -> Iterator[int]:
        """Delete these registrations; yields the size of each deleted batch.

        No id may occur twice in a batch. It is safe to start over after StorageUnavailable.
        """
        for batch in batched(attendee_ids, MOST_WRITES):
            self._batches.delete([_key(event_code, attendee) for attendee in batch])
            yield len(batch)

    def of_event(self, event_code: str) -> Iterator[Registration]:
        """Every registration of an event, also those that do not count.

        Malformed ones are logged and left out.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="event_code = :code",
            ExpressionAttributeValues={":code": {"S": event_code}},
        )
        with storage_errors():
            for page in pages:
                for item in page["Items"]:
                    if is_gone(item, self._now()):
                        continue
                    try:
                        yield _registration(item)
                    except MalformedItem as error:
                        log.error("event %s: %s", event_code, error)

    def count(self, event_code: str) -> int:
        """How many people are registered; those who cancelled or wait do not count."""
        with storage_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="event_code = :code",
                FilterExpression="attribute_not_exists(#status) AND NOT expires_at <= :now",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":code": event_code, ":now": self._now()}),
                Select="COUNT",
            )
            return sum(page["Count"] for page in pages)


def _key(event_code: str, attendee_id: str) -> Item:
    return to_item({"event_code": event_code, "attendee_id": attendee_id})


def _attributes(registration: Registration) -> dict[str, Any]:
    """The status is stored only if the person does not count: `add` relies on it."""
    return {name: getattr(registration, name) for name in _FIELDS} | {
        "status": None if registration.counts else registration.status,
        "kept": dict(registration.kept) or None,
    }


def _registration(item: Item) -> Registration:
    """Raises MalformedItem for an item that Rollcall did not write."""
    attributes = from_item(item)
    try:
        return Registration(
            event_code=attributes["event_code"],
            attendee_id=attributes["attendee_id"],
            name=attributes["name"],
            email=attributes.get("email"),
            phone_last4=attributes["phone_last4"],
            source=attributes["source"],
            expires_at=to_time(attributes["expires_at"]),
            status=attributes.get("status", "registered"),
            kept=attributes.get("kept", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed registration item") from error
