"""CheckInTable: key `attendee_id`, `event_code`; its stream starts the confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.attendance.check_in import CheckIn, DeliveryStatus
from chalicelib.attendance.errors import MalformedItem
from chalicelib.storage.dynamodb import from_item, storage_errors, to_item, to_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from chalicelib.storage.dynamodb import Item


class CheckInTable:
    """Every method raises StorageUnavailable."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, event_code: str, attendee_id: str) -> CheckIn | None:
        """The check-in as it stands now (a consistent read)."""
        with storage_errors():
            found = self._client.get_item(
                TableName=self._table, Key=_key(event_code, attendee_id), ConsistentRead=True
            )
        return _check_in(found["Item"]) if "Item" in found else None

    def add(self, check_in: CheckIn) -> CheckIn | None:
        """Store it, or return the one that already stands for this attendee and event."""
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

    def image(self, keys: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The item that a stream record's Keys name, as it is now, undecoded.

        None where there is none, or where the keys are not those of this table.
        """
        if not keys:
            return None
        with storage_errors():
            try:
                found = self._client.get_item(TableName=self._table, Key=keys, ConsistentRead=True)
            except ParamValidationError:
                return None
            except ClientError as error:
                if _is_validation(error):
                    return None
                raise
        return found.get("Item")

    def settle(self, keys: Mapping[str, Any], delivery: DeliveryStatus, now: datetime) -> None:
        """Record how the delivery ended: nothing is owed any more.

        An item that is not there (deleted meanwhile, or never of this table) stays away. One that
        is there may have other keys than Rollcall's own: the confirmations serve any table.
        """
        with storage_errors():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=keys,
                    UpdateExpression=(
                        "SET delivery = :delivery, settled_at = :now REMOVE due_shard, due_at"
                    ),
                    ConditionExpression="attribute_exists(#key)",
                    ExpressionAttributeNames={"#key": next(iter(keys), "")},
                    ExpressionAttributeValues=to_item({":delivery": delivery, ":now": now}),
                )
            except (ParamValidationError, self._client.exceptions.ConditionalCheckFailedException):
                return
            except ClientError as error:
                if not _is_validation(error):
                    raise

    def count(self, event_code: str) -> int:
        with storage_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="by_event",
                KeyConditionExpression="event_code = :code",
                ExpressionAttributeValues={":code": {"S": event_code}},
                Select="COUNT",
            )
            return sum(page["Count"] for page in pages)


def _is_validation(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ValidationException"


def _key(event_code: str, attendee_id: str) -> Item:
    return {"attendee_id": {"S": attendee_id}, "event_code": {"S": event_code}}


def _attributes(check_in: CheckIn) -> dict[str, Any]:
    owed = {"due_shard": check_in.attendee_id[0], "due_at": check_in.checked_at}
    return asdict(check_in) | (owed if check_in.delivery == "due" else {})


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
            source=attributes["source"],
            nonce=attributes.get("nonce"),
            delivery=attributes["delivery"],
            expires_at=to_time(attributes["expires_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedItem("malformed check-in item") from error
