"""Tells the failure destination about records that were given up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from local.mapping.batch import Batch

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


def invocation_record(
    batch: Batch, condition: Condition, *, shard_id: str, function_name: str, now: float
) -> dict[str, Any]:
    """The JSON document of services-dynamodb-errors.html ("Example invocation record").

    It has metadata only: the records themselves can be read from the stream by their sequence
    numbers, as long as it keeps them. `responseContext` is absent if the function never ran.
    """
    first, last = batch.records[0], batch.records[-1]
    stream_arn = str(first.event["eventSourceARN"])
    _, partition, _, region, account, _ = stream_arn.split(":", 5)
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    if batch.function_error:
        response["functionError"] = "Unhandled"
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"arn:{partition}:lambda:{region}:{account}:function:{function_name}",
            "condition": condition,
            "approximateInvokeCount": batch.invocations,
        },
        **({"responseContext": response} if batch.invocations else {}),
        "version": "1.0",
        "timestamp": _iso(now, "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _iso(first.created_at, "seconds"),
            "approximateArrivalOfLastRecord": _iso(last.created_at, "seconds"),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }


def _iso(epoch: float, precision: str) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
