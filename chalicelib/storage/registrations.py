"""RegistrationTable: key `event_code`, `attendee_id`."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.errors import MalformedItem, StorageUnavailable
from chalicelib.attendance.registration import Registration
from chalicelib.storage.dynamodb import from_item, storage_errors, to_item, to_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestUnionTypeDef

    from chalicelib.storage.dynamodb import Item

# BatchWriteItem takes 25 puts, and may leave some of them undone; AWS asks to back off then
# (API reference, BatchWriteItem; BatchGetItem likewise, with 100 keys). The waits add up to 13 s.
_BATCH = 25
_BATCH_TRIES = 8


class RegistrationTable:
    """Every method raises StorageUnavailable."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def get(self, event_code: str, attendee_id: str) -> Registration | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key={"event_code": {"S": event_code}, "attendee_id": {"S": attendee_id}},
            )
        return _registration(from_item(found["Item"])) if "Item" in found else None

    def add(self, registration: Registration) -> Registration | None:
        """Store it, or return the one that already stands for this attendee and event."""
        with storage_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(asdict(registration)),
                    ConditionExpression="attribute_not_exists(attendee_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                earlier = refusal.response["Item"]  # type: ignore[typeddict-item]
                return _registration(from_item(earlier))
        return None

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]:
        """Store them all, each over what was there; yields how many were stored, batch by batch.

        A batch may not hold one key twice. Where it stops by StorageUnavailable, the batches
        that were counted are stored, and running it again is safe.
        """
        remaining = iter(registrations)
        while batch := list(itertools.islice(remaining, _BATCH)):
            self._put_batch([{"PutRequest": {"Item": to_item(asdict(row))}} for row in batch])
            yield len(batch)

    def emails(self, event_code: str, attendee_ids: Iterable[str]) -> dict[str, str]:
        """The addresses stored for these attendees (100 at most), by attendee id."""
        keys: Sequence[Item] = [
            to_item({"event_code": event_code, "attendee_id": attendee})
            for attendee in attendee_ids
        ]
        found: dict[str, str] = {}
        attempts = itertools.count()
        while keys:
            self._back_off(next(attempts))
            with storage_errors():
                answer = self._client.batch_get_item(
                    RequestItems={
                        self._table: {"Keys": keys, "ProjectionExpression": "attendee_id, email"}
                    }
                )
            rows = map(from_item, answer["Responses"].get(self._table, []))
            found |= {row["attendee_id"]: row["email"] for row in rows if "email" in row}
            left = answer["UnprocessedKeys"].get(self._table)
            keys = left["Keys"] if left else []
        return found

    def count(self, event_code: str) -> int:
        with storage_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="event_code = :code",
                ExpressionAttributeValues={":code": {"S": event_code}},
                Select="COUNT",
            )
            return sum(page["Count"] for page in pages)

    def _put_batch(self, requests: Sequence[WriteRequestUnionTypeDef]) -> None:
        attempts = itertools.count()
        while requests:
            self._back_off(next(attempts))
            with storage_errors():
                answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer["UnprocessedItems"].get(self._table, [])

    def _back_off(self, attempt: int) -> None:
        """Wait before every try but the first; after the last, give up."""
        if attempt == _BATCH_TRIES:
            raise StorageUnavailable("UnprocessedItems")
        if attempt:
            self._sleep(0.05 * 2**attempt)


def _registration(attributes: dict[str, Any]) -> Registration:
    """Raises MalformedItem for an item that Rollcall did not write."""
    try:
        return Registration(
            event_code=attributes["event_code"],
            attendee_id=attributes["attendee_id"],
            name=attributes["name"],
            email=attributes.get("email"),
            phone_last4=attributes["phone_last4"],
            source=attributes["source"],
            expires_at=to_time(attributes["expires_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed registration item") from error
