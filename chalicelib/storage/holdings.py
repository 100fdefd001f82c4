"""What the tables hold of an event or of a person, item by item, expired or not.

The other modules read what is true; here is what is stored, so that it can be moved to another day
of deletion, or deleted. Only `operations` does that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from chalicelib.storage.batches import MOST_GETS, MOST_WRITES, Batches, batched
from chalicelib.storage.check_ins import keys_of
from chalicelib.storage.dynamodb import storage_errors, to_item, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from chalicelib.storage.dynamodb import Item

Kind = Literal["registration", "check_in"]

_WANTED = "event_code, attendee_id, expires_at, delivery"
_AT_A_TIME = 8  # writes: a desk may be a tenth of a second away from its tables


@dataclass(frozen=True, slots=True)
class Holding:
    """A registration or a check-in; `delivery` is None unless it is a check-in with a mail."""

    kind: Kind
    event_code: str
    attendee_id: str
    expires_at: int | None
    delivery: str | None

    @property
    def key(self) -> Item:
        return to_item({"event_code": self.event_code, "attendee_id": self.attendee_id})


class Holdings:
    """`tables` are the names by what they hold. All methods raise StorageUnavailable."""

    def __init__(
        self,
        client: DynamoDBClient,
        event_table: str,
        tables: dict[Kind, str],
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._event_table = event_table
        self._tables = tables
        self._batches = {kind: Batches(client, name) for kind, name in tables.items()}
        self._now = now

    def count(self, event_code: str) -> Counter[str]:
        """How many registrations and check-ins an event has."""
        with storage_errors():
            pages = self._pages(event_code, Select="COUNT")
            return Counter({kind: sum(page["Count"] for page in pages[kind]) for kind in pages})

    def of_event(self, event_code: str) -> Iterator[Holding]:
        """What is stored when it is read; what is added meanwhile may be missing."""
        pages = self._pages(event_code)
        with storage_errors():
            for page in pages["registration"]:
                for item in page["Items"]:
                    yield _holding("registration", item)
            entries = (entry for page in pages["check_in"] for entry in page["Items"])
            for batch in batched(entries, MOST_GETS):
                yield from self._check_ins(batch)

    def of_attendee(self, attendee_id: str) -> Iterator[Holding]:
        """One person's, at all events, also at those that are not there any more.

        Registrations have no index by attendee: the whole table is read, which costs less than a
        cent for a million of them, and misses none.
        """
        values = to_item({":id": attendee_id})
        registrations = self._client.get_paginator("scan").paginate(
            TableName=self._tables["registration"],
            FilterExpression="attendee_id = :id",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        check_ins = self._client.get_paginator("query").paginate(
            TableName=self._tables["check_in"],
            KeyConditionExpression="attendee_id = :id",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        with storage_errors():
            for page in registrations:
                for item in page["Items"]:
                    yield _holding("registration", item)
            for found in check_ins:
                for item in found["Items"]:
                    yield _holding("check_in", item)

    def keep_until(self, holdings: Sequence[Holding], expires_at: datetime) -> list[Holding]:
        """Move them to this day of deletion; returns those that had another one.

        Only `expires_at` changes, so that no check-in and no mail's state is lost. What is deleted
        or has expired meanwhile stays so.
        """
        wanted = int(expires_at.timestamp())
        others = [holding for holding in holdings if holding.expires_at != wanted]
        with ThreadPoolExecutor(_AT_A_TIME) as threads:
            moved = threads.map(lambda holding: self._keep_until(holding, expires_at), others)
            return [holding for holding, is_moved in zip(others, moved, strict=True) if is_moved]

    def delete(self, holdings: Sequence[Holding]) -> None:
        for kind, batches in self._batches.items():
            keys = [holding.key for holding in holdings if holding.kind == kind]
            for batch in batched(keys, MOST_WRITES):
                batches.delete(batch)

    def end_event(self, event_code: str) -> bool:
        """Have the event expire now, whatever its version; False if nothing is stored of it."""
        return self._update(
            self._event_table,
            {"event_code": {"S": event_code}},
            UpdateExpression=(
                "SET expires_at = :now, version = if_not_exists(version, :none) + :one"
            ),
            ConditionExpression="attribute_exists(event_code)",
            ExpressionAttributeValues=to_item({":now": self._now(), ":none": 0, ":one": 1}),
        )

    def delete_event(self, event_code: str) -> None:
        """Delete the event itself."""
        with storage_errors():
            self._client.delete_item(
                TableName=self._event_table, Key={"event_code": {"S": event_code}}
            )

    def _pages(self, event_code: str, **options: Any) -> dict[Kind, Any]:
        """The pages of an event's registrations, and of the keys of its check-ins."""
        query = self._client.get_paginator("query")
        condition: dict[str, Any] = {
            "KeyConditionExpression": "event_code = :code",
            "ExpressionAttributeValues": {":code": {"S": event_code}},
        }
        return {
            "registration": query.paginate(
                TableName=self._tables["registration"],
                ConsistentRead=True,
                **condition,
                **options,
            ),
            "check_in": query.paginate(
                TableName=self._tables["check_in"], IndexName="by_event", **condition, **options
            ),
        }

    def _check_ins(self, entries: Sequence[Item]) -> Iterator[Holding]:
        wanted: Any = {
            "Keys": list(keys_of(entries).values()),
            "ProjectionExpression": _WANTED,
            "ConsistentRead": True,
        }
        for item in self._batches["check_in"].get(wanted):
            yield _holding("check_in", item)

    def _keep_until(self, holding: Holding, expires_at: datetime) -> bool:
        return self._update(
            self._tables[holding.kind],
            holding.key,
            UpdateExpression="SET expires_at = :until",
            ConditionExpression="attribute_exists(attendee_id) AND NOT expires_at <= :now",
            ExpressionAttributeValues=to_item({":until": expires_at, ":now": self._now()}),
        )

    def _update(self, table: str, key: Item, **update: Any) -> bool:
        """Whether the condition held."""
        with storage_errors():
            try:
                self._client.update_item(TableName=table, Key=key, **update)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _holding(kind: Kind, item: Item) -> Holding:
    expires_at = item.get("expires_at", {}).get("N")
    return Holding(
        kind,
        item["event_code"]["S"],
        item["attendee_id"]["S"],
        None if expires_at is None else int(expires_at),
        item.get("delivery", {}).get("S"),
    )
