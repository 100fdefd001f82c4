"""The failure destination: "Retain discarded records for a DynamoDB event source in Lambda"

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from streams_fake import STREAM_ARN, stream_record

from local.mapping.batch import Batch
from local.mapping.failure import Discard, Origin, invocation_record

ORIGIN = Origin(STREAM_ARN, "shardId-1", "send_confirmations")
GIVEN_UP_AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC).timestamp()
FIRST_AT = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC).timestamp()
RECORDS = (stream_record(9, created=FIRST_AT), stream_record(10, created=FIRST_AT + 1))


def test_the_destination_gets_the_documented_metadata() -> None:
    batch = Batch(RECORDS, invocations=3, retries=2, function_error=True)

    told = invocation_record(Discard(batch, "RetryAttemptsExhausted"), ORIGIN, GIVEN_UP_AT)

    assert uuid.UUID(told["requestContext"].pop("requestId"))
    assert told == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:ap-northeast-2:123456789012:function:send_confirmations",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "9",
            "endSequenceNumber": "10",
            "approximateArrivalOfFirstRecord": "2026-01-02T03:04:00Z",
            "approximateArrivalOfLastRecord": "2026-01-02T03:04:01Z",
            "batchSize": 2,
            "streamArn": STREAM_ARN,
        },
    }


def test_the_destination_does_not_get_the_records() -> None:
    told = invocation_record(Discard(Batch(RECORDS), "RetryAttemptsExhausted"), ORIGIN, GIVEN_UP_AT)

    assert "attendee_id" not in json.dumps(told)


def test_a_function_that_reported_failures_did_not_err_itself() -> None:
    batch = Batch(RECORDS, invocations=1)

    told = invocation_record(Discard(batch, "RetryAttemptsExhausted"), ORIGIN, GIVEN_UP_AT)

    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_a_function_that_was_never_invoked_has_no_response() -> None:
    told = invocation_record(Discard(Batch(RECORDS), "RecordAgeExceeded"), ORIGIN, GIVEN_UP_AT)

    assert told["requestContext"]["condition"] == "RecordAgeExceeded"
    assert "responseContext" not in told
