"""The deliveries: the state of each confirmation, stored on the check-in's own item.

Every write is conditional. `keys` are the undecoded key of the item.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.delivery import Attempt, Claimed, End, OwedMail
from chalicelib.storage.dynamodb import is_gone, storage_errors, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from chalicelib.storage.dynamodb import Item

Keys = Mapping[str, Any]

DUE_SHARDS = "0123456789abcdef"  # due_shard is the first hex digit of the attendee id
_PAGE = 500  # of a shard; sixteen first pages are read before the first mail goes out
_NEVER = datetime.max.replace(tzinfo=UTC)

_CLAIM = (
    "SET delivery = :sending, claim = :token, due_at = :until, "
    "copies = if_not_exists(copies, :none) + :one, attempts = if_not_exists(attempts, :none) + :one"
)
_CLAIMABLE = (
    "NOT expires_at <= :now AND (attribute_not_exists(copies) OR copies < :most) AND "
    "(delivery = :due OR (delivery IN (:sending, :unclear) AND due_at <= :now))"
)
_HOLD = "SET delivery = :unclear, delivery_reason = :reason REMOVE due_shard, due_at, claim"
_SPENT = "delivery IN (:due, :sending, :unclear) AND due_at <= :now AND copies >= :most"
_FORGET = "REMOVE due_shard, due_at"
_GONE = "expires_at <= :now"


class Deliveries:
    """Every method raises StorageUnavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, keys: Keys, attempt: Attempt) -> Claimed:
        """Take a delivery that is owed and that nobody else is working on.

        A check-in that has expired counts as missing. Its mail is no longer owed.
        """
        values = _states("due", "sending", "unclear") | to_item(
            {
                ":token": attempt.token,
                ":now": attempt.now,
                ":until": attempt.until,
                ":most": attempt.most_copies,
                ":none": 0,
                ":one": 1,
            }
        )
        with storage_errors():
            try:
                old = self._client.update_item(
                    TableName=self._table,
                    Key=keys,
                    UpdateExpression=_CLAIM,
                    ConditionExpression=_CLAIMABLE,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )["Attributes"]
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                item: Item | None = refusal.response.get("Item")  # type: ignore[assignment]
                # If a reply was lost, the SDK repeats the call and finds our own claim.
                if item and item.get("claim") == {"S": attempt.token}:
                    return Claimed(item, _number(item, "copies"), _number(item, "attempts"))
                if item and is_gone(item, attempt.now):
                    self._update(keys, _FORGET, _GONE, to_item({":now": attempt.now}))
                    return Claimed(None)
                return Claimed(item)
        return Claimed(old, _number(old, "copies") + 1, _number(old, "attempts") + 1)

    def settle(self, keys: Keys, token: str, end: End) -> None:
        """Record how the attempt ended, unless another worker has claimed the delivery since.

        `sent` is recorded even then, unless an operator has put the delivery back to `due` since.
        An item that was deleted is not created again.
        """
        values = to_item(
            {
                "delivery": end.status,
                "delivery_reason": end.reason,
                "due_at": end.due_at,
                "refused_since": end.refused_since,
                "settled_at": end.now if end.status in ("sent", "failed") else None,
            }
        )
        gone = [name for name in ("delivery_reason", "due_at", "settled_at") if name not in values]
        gone += ["claim"] if end.due_at else ["claim", "due_shard"]
        change = ", ".join(f"{name} = :{name}" for name in values)
        parameters = {f":{name}": value for name, value in values.items()}
        if end.not_taken:
            change += ", copies = copies - :one"
            parameters |= to_item({":one": 1})
        parameters |= to_item({":token": token})
        condition = "claim = :token"
        if end.status == "sent":
            condition = "claim = :token OR copies > :none"
            parameters |= to_item({":none": 0})
        self._update(keys, f"SET {change} REMOVE {', '.join(gone)}", condition, parameters)

    def hold(self, keys: Keys, attempt: Attempt, reason: str) -> bool:
        """Leave it to a person if all its copies have been used and none is confirmed."""
        values = to_item(
            {":now": attempt.now, ":most": attempt.most_copies, ":reason": reason}
        ) | _states("due", "sending", "unclear")
        return self._update(keys, _HOLD, _SPENT, values)

    def owed(self) -> Iterator[OwedMail]:
        """All owed mails, sorted by `due_at`.

        Mails that are being sent or were put off are due in the future, and so come last.
        """
        shards = (self._owed(shard) for shard in DUE_SHARDS)
        return heapq.merge(*shards, key=lambda mail: mail.due_at)

    def _owed(self, shard: str) -> Iterator[OwedMail]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due_deliveries",
            KeyConditionExpression="due_shard = :shard",
            ExpressionAttributeValues=to_item({":shard": shard}),
            PaginationConfig={"PageSize": _PAGE},
        )
        return map(_owed_mail, _items(pages))

    def _update(self, keys: Keys, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        """Whether the condition held."""
        with storage_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=keys,
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _owed_mail(item: Item) -> OwedMail:
    """Use `due_at` if an index from an earlier version has no `checked_at`."""
    due_at = _moment(item, "due_at") or _NEVER
    return OwedMail(
        keys={name: item[name] for name in ("attendee_id", "event_code")},
        due_at=due_at,
        since=_moment(item, "checked_at") or due_at,
    )


def _moment(item: Item, name: str) -> datetime | None:
    """The time, or None if it is malformed: one bad item must not stop reading the others."""
    try:
        return datetime.fromtimestamp(float(item[name]["N"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _states(*states: str) -> dict[str, Any]:
    return to_item({f":{state}": state for state in states})


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {}).get("N", 0))


def _items(pages: Any) -> Iterator[Any]:
    with storage_errors():
        for page in pages:
            yield from page["Items"]
