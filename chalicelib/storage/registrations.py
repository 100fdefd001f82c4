"""RegistrationTable: key `event_code`, `attendee_id`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.errors import MalformedItem
from chalicelib.attendance.registration import Registration
from chalicelib.storage.batches import MOST_PUTS, Batches, batched
from chalicelib.storage.dynamodb import from_item, storage_errors, to_item, to_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class RegistrationTable:
    """All methods raise StorageUnavailable."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._batches = Batches(client, table, sleep=sleep)

    def get(self, event_code: str, attendee_id: str) -> Registration | None:
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table,
                Key={"event_code": {"S": event_code}, "attendee_id": {"S": attendee_id}},
            )
        return _registration(from_item(found["Item"])) if "Item" in found else None

    def add(self, registration: Registration) -> Registration | None:
        """Store it, or return the one that this attendee already has for this event."""
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
        """Store them all, replacing existing ones; yields the size of each stored batch.

        No key may occur twice in a batch. After StorageUnavailable, the batches that were yielded
        have been stored, and it is safe to start over.
        """
        for batch in batched(registrations, MOST_PUTS):
            self._batches.put([to_item(asdict(row)) for row in batch])
            yield len(batch)

    def emails(self, event_code: str, attendee_ids: Iterable[str]) -> dict[str, str]:
        """The stored addresses of up to 100 attendees, by attendee id."""
        keys = [
            to_item({"event_code": event_code, "attendee_id": attendee})
            for attendee in attendee_ids
        ]
        found = self._batches.get({"Keys": keys, "ProjectionExpression": "attendee_id, email"})
        rows = map(from_item, found)
        return {row["attendee_id"]: row["email"] for row in rows if "email" in row}

    def count(self, event_code: str) -> int:
        with storage_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="event_code = :code",
                ExpressionAttributeValues={":code": {"S": event_code}},
                Select="COUNT",
            )
            return sum(page["Count"] for page in pages)


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
