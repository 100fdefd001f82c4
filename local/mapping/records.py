"""A stream record in the shape in which Lambda passes it to a function."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """`event` is one element of the function's `Records`."""

    event: dict[str, Any]

    @property
    def sequence_number(self) -> str:
        """Its place in the shard: digits only, and too many of them for a float."""
        return str(self.event["dynamodb"]["SequenceNumber"])

    @property
    def created_at(self) -> float:
        """When the change was made, in epoch seconds."""
        return float(self.event["dynamodb"]["ApproximateCreationDateTime"])


def from_stream(raw: Mapping[str, Any], stream_arn: str) -> StreamRecord:
    """One of boto3's `GetRecords` records as JSON.

    Shape: with-ddb.html ("Example event"). Times become epoch seconds, rounded down as the
    Streams API documents them (API_streams_StreamRecord); binary becomes base64.
    """
    event: dict[str, Any] = {**_json(raw), "eventSourceARN": stream_arn}
    if identity := raw.get("userIdentity"):
        # The API writes PrincipalId and Type, but the function gets them in lower case
        # (DynamoDB Developer Guide, "DynamoDB Streams and Time to Live").
        event["userIdentity"] = {"type": identity["Type"], "principalId": identity["PrincipalId"]}
    return StreamRecord(event)


def _json(value: Any) -> Any:
    match value:
        case dict():
            return {name: _json(each) for name, each in value.items()}
        case list():
            return [_json(each) for each in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return float(math.floor(value.timestamp()))
        case _:
            return value
