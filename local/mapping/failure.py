"""What the failure destination is told about records that were given up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from local.mapping.batch import Batch

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True, slots=True)
class Discard:
    """Records that were given up, and why."""

    batch: Batch
    condition: Condition


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the records came from, and which function was to have them."""

    stream_arn: str
    shard_id: str
    function_name: str

    @property
    def function_arn(self) -> str:
        """The function's ARN, in the stream's partition, region and account."""
        _, partition, _, region, account, _ = self.stream_arn.split(":", 5)
        return f"arn:{partition}:lambda:{region}:{account}:function:{self.function_name}"


def invocation_record(discard: Discard, origin: Origin, now: float) -> dict[str, Any]:
    """The JSON document of services-dynamodb-errors.html ("Example invocation record").

    Metadata only: the records are read from the stream by their sequence numbers, for as long as
    it keeps them. `responseContext` is absent where the function was never invoked.
    """
    batch = discard.batch
    first, last = batch.records[0], batch.records[-1]
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    if batch.function_error:
        response["functionError"] = "Unhandled"
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": origin.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": batch.invocations,
        },
        **({"responseContext": response} if batch.invocations else {}),
        "version": "1.0",
        "timestamp": _iso(now, "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": origin.shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _iso(first.created_at, "seconds"),
            "approximateArrivalOfLastRecord": _iso(last.created_at, "seconds"),
            "batchSize": len(batch.records),
            "streamArn": origin.stream_arn,
        },
    }


def _iso(epoch: float, precision: str) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
