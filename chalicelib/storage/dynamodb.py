"""What the tables share: items to and from Python, and the SDK's errors as ours.

An item is stored without its absent attributes; a time is stored in epoch seconds. The SDK is
botocore, without boto3 around it: a cold start is shorter by what boto3 loads for its resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.attendance.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]

_SHARED = Config(
    # The SDK makes a long name for itself anew with each request, and looks at each value that it
    # sends: together a sixth of what a call costs.
    user_agent="rollcall",
    parameter_validation=False,
    max_pool_connections=150,  # as many as there may be workers; they are opened as needed
)

# A person waits in front of the kiosk: three tries, and an answer within its 8 s patience.
AT_THE_DOOR = _SHARED.merge(
    Config(
        connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 3}
    )
)

# A person waits in front of a terminal, for a whole roster.
AT_A_DESK = _SHARED.merge(
    Config(
        connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5}
    )
)


@cache
def session() -> botocore.session.Session:
    """One for all clients: it keeps what it has read of the SDK's data, and the credentials.

    Not for several threads at once.
    """
    return botocore.session.get_session()


def client(patience: Config) -> DynamoDBClient:
    """A DynamoDB client; endpoint, region and credentials come the SDK's own way."""
    return cast("DynamoDBClient", session().create_client("dynamodb", config=patience))


def to_item(attributes: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Texts, whole numbers, booleans and times as DynamoDB attributes; None is left out."""
    return {name: _written(value) for name, value in attributes.items() if value is not None}


def from_item(item: Item) -> dict[str, Any]:
    """The same back, numbers as Decimal; Rollcall writes no other types, and leaves them out."""
    values = ((name, _read(attribute)) for name, attribute in item.items())
    return {name: value for name, value in values if value is not None}


def _written(value: object) -> AttributeValueTypeDef:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case datetime():
            return {"N": str(int(value.timestamp()))}
    raise TypeError(f"no attribute for a {type(value).__name__}")


def _read(attribute: AttributeValueTypeDef) -> str | bool | Decimal | None:
    match attribute:
        case {"S": str(text)}:
            return text
        case {"BOOL": bool(flag)}:
            return flag
        case {"N": str(number)}:
            return Decimal(number)
    return None


def to_time(number: Any) -> datetime:
    """Epoch seconds as aware UTC."""
    return datetime.fromtimestamp(int(number), UTC)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise whatever the SDK raises as StorageUnavailable, naming the code alone.

    The SDK's message can repeat an item's key, so it goes no further than the cause.
    """
    try:
        yield
    except ClientError as error:
        raise StorageUnavailable(error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise StorageUnavailable(type(error).__name__) from error
    except KeyError as error:
        raise StorageUnavailable("an answer without sense") from error
