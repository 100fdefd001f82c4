"""What the tables share: converting items to and from Python, and the SDK's errors to ours.

Attributes that are None are not stored. A time is stored in epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.attendance.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]

# For commands: a person waits at a terminal while a whole roster is stored.
AT_A_DESK = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 5},
    parameter_validation=False,  # see below; a sixth of the CPU time of storing a roster
)

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def in_a_function(timeout: float) -> Config:
    """For the deployed functions: three tries for each call, of up to `timeout` seconds each.

    With the default of 2 s, a kiosk gets an answer before it gives up after 8 s.
    """
    return Config(
        connect_timeout=1,
        read_timeout=timeout,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=50,  # the mailer's workers write at the same time
        # By default the SDK composes a long user agent for each request, and checks each parameter
        # against its model. A check-in takes 1.08 times the CPU time of its two bare calls without
        # these, and 1.32 times with them.
        user_agent="rollcall",
        parameter_validation=False,
    )


def client(config: Config) -> DynamoDBClient:
    """A DynamoDB client. The SDK finds endpoint, region and credentials by itself."""
    return boto3.client("dynamodb", config=config)


def to_item(attributes: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Convert Python values to DynamoDB attributes: a time to epoch seconds; None is omitted."""
    return {
        name: _serialize(int(value.timestamp()) if isinstance(value, datetime) else value)
        for name, value in attributes.items()
        if value is not None
    }


def from_item(item: Item) -> dict[str, Any]:
    """Convert DynamoDB attributes to Python values, with numbers as Decimal."""
    return {name: _deserialize(value) for name, value in item.items()}


def to_time(number: Any) -> datetime:
    """Epoch seconds as aware UTC."""
    return datetime.fromtimestamp(int(number), UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_gone(item: Item, now: datetime) -> bool:
    """Whether the day of deletion of the item's event is past.

    The item then counts as gone: DynamoDB deletes it up to some days later
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html). Every read asks.
    """
    try:
        return int(item["expires_at"]["N"]) <= now.timestamp()
    except (KeyError, ValueError):
        return False  # malformed, and whoever parses it says so


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the SDK's errors into StorageUnavailable, whose message is only the error's code.

    The SDK's message can repeat an item's key, so only the `__cause__` has it.
    """
    try:
        yield
    except ClientError as error:
        raise StorageUnavailable(error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise StorageUnavailable(type(error).__name__) from error
    except KeyError as error:
        raise StorageUnavailable("invalid reply") from error
