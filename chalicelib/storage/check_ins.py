"""CheckInTable: key `attendee_id`, `event_code`; its stream starts the confirmation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.errors import MalformedItem
from chalicelib.storage.batches import MOST_GETS, Batches, batched
from chalicelib.storage.dynamodb import (
    from_item,
    is_gone,
    storage_errors,
    to_item,
    to_time,
    utc_now,
)

log = logging.getLogger("rollcall.storage")

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

    from chalicelib.storage.dynamodb import Item


_EPOCH = datetime.fromtimestamp(0, UTC)


class CheckInTable:
    """A check-in that has expired is not there. All methods raise StorageUnavailable."""

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

    def get(self, event_code: str, attendee_id: str) -> CheckIn | None:
        """The check-in as it is now (a consistent read)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key=_key(event_code, attendee_id), ConsistentRead=True
            )
        item = found.get("Item")
        return None if item is None or is_gone(item, self._now()) else _check_in(item)

    def add(self, check_in: CheckIn) -> CheckIn | None:
        """Store it, or return the one that this attendee already has for this event.

        None that has expired can be in the way: all items of an event expire together, nobody
        checks in at an event that has, and no code is used again while an item has it.
        """
        with storage_errors():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(_attributes(check_in)),
                    ConditionExpression="attribute_not_exists(attendee_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return _check_in(refusal.response["Item"])  # type: ignore[typeddict-item]
        return None

    def owe(self, check_in: CheckIn, now: datetime, email: str | None = None) -> bool:
        """Have its confirmation mailed (again), to `email` if it is given.

        Changes nothing and returns False if the delivery's state is no longer that of `check_in`.
        """
        values = _owed(check_in, now) | {
            "delivery": "due",
            "copies": 0,
            "attempts": 0,
            "email": email,
        }
        stored = to_item(values)
        with storage_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(check_in.event_code, check_in.attendee_id),
                    UpdateExpression=(
                        f"SET {', '.join(f'{name} = :{name}' for name in stored)} "
                        "REMOVE delivery_reason, refused_since, settled_at, claim"
                    ),
                    ConditionExpression="delivery = :was",
                    ExpressionAttributeValues={f":{name}": each for name, each in stored.items()}
                    | to_item({":was": check_in.delivery}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def of_event(self, event_code: str) -> Iterator[CheckIn]:
        """Every check-in of an event as it is now, sorted by the time of its last change.

        Check-ins that are deleted during the call are left out. So are malformed ones, which are
        logged. A check-in that changes during the call may occur twice.
        """
        with storage_errors():
            entries = (entry for page in self._by_event(event_code) for entry in page["Items"])
            for batch in batched(entries, MOST_GETS):
                for item in self._items(batch):
                    try:
                        yield _check_in(item)
                    except MalformedItem as error:
                        log.error("event %s: %s", event_code, error)

    def checked_in(self, event_code: str, attendee_ids: Iterable[str]) -> set[str]:
        """Those of these attendees (all different) who have checked in to the event."""
        found = set()
        for batch in batched(attendee_ids, MOST_GETS):
            keys = [_key(event_code, attendee) for attendee in batch]
            found |= {item["attendee_id"]["S"] for item in self._items(keys)}
        return found

    def by_number(self, check_in_id: str) -> CheckIn | None:
        """The check-in with this number."""
        with storage_errors():
            entries = self._client.query(
                TableName=self._table,
                IndexName="by_number",
                KeyConditionExpression="check_in_id = :number",
                ExpressionAttributeValues={":number": {"S": check_in_id}},
            )["Items"]
            return next(map(_check_in, self._items(entries)), None)

    def count(self, event_code: str) -> int:
        """How many people are checked in. They expire together, so one tells for all."""
        if next(self.of_event(event_code), None) is None:
            return 0
        with storage_errors():
            return sum(page["Count"] for page in self._by_event(event_code, Select="COUNT"))

    def _items(self, entries: Sequence[Item]) -> Iterator[Item]:
        """The items that are still there for these entries, in their order (consistent reads)."""
        keys = keys_of(entries)
        items = self._batches.get({"Keys": list(keys.values()), "ConsistentRead": True})
        now = self._now()
        found = {item["attendee_id"]["S"]: item for item in items if not is_gone(item, now)}
        return (found[attendee] for attendee in keys if attendee in found)

    def _by_event(self, event_code: str, **options: Any) -> Iterable[QueryOutputTypeDef]:
        return self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_event",
            KeyConditionExpression="event_code = :code",
            ExpressionAttributeValues={":code": {"S": event_code}},
            **options,
        )


def keys_of(entries: Sequence[Item]) -> dict[str, Item]:
    """The key of each item that these entries of an index are about, by attendee id.

    An item that has just changed can have two entries, but DynamoDB refuses repeated keys.
    """
    return {
        entry["attendee_id"]["S"]: {name: entry[name] for name in ("attendee_id", "event_code")}
        for entry in entries
    }


def _key(event_code: str, attendee_id: str) -> Item:
    return {"attendee_id": {"S": attendee_id}, "event_code": {"S": event_code}}


def _owed(check_in: CheckIn, since: datetime) -> dict[str, Any]:
    """The attributes that add the check-in to the index `due_deliveries`."""
    return {"due_shard": check_in.attendee_id[0], "due_at": since}


def _attributes(check_in: CheckIn) -> dict[str, Any]:
    owed = _owed(check_in, check_in.checked_at) if check_in.delivery == "due" else {}
    return asdict(check_in) | owed | {"changed_at": _milliseconds(check_in.changed_at)}


def _check_in(item: Item) -> CheckIn:
    """Raises MalformedItem for an item that Rollcall did not write."""
    attributes = from_item(item)
    try:
        return CheckIn(
            check_in_id=attributes["check_in_id"],
            event_code=attributes["event_code"],
            attendee_id=attributes["attendee_id"],
            name=attributes["name"],
            email=attributes.get("email"),
            checked_at=to_time(attributes["checked_at"]),
            changed_at=_EPOCH + timedelta(milliseconds=int(attributes["changed_at"])),
            source=attributes["source"],
            nonce=attributes.get("nonce"),
            delivery=attributes["delivery"],
            expires_at=to_time(attributes["expires_at"]),
            delivery_reason=attributes.get("delivery_reason"),
            due_at=_time(attributes, "due_at"),
            settled_at=_time(attributes, "settled_at"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed check-in item") from error


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _time(attributes: Mapping[str, Any], name: str) -> datetime | None:
    return to_time(attributes[name]) if name in attributes else None
