"""The record a function gets: "Using AWS Lambda with Amazon DynamoDB", example event

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from datetime import UTC, datetime

from streams_fake import STREAM_ARN, raw_record, stream_record

from local.mapping.records import from_stream


def test_a_record_has_the_shape_that_lambda_hands_over() -> None:
    assert stream_record(111, item="alice", created=1_678_831_218).event == {
        "eventID": "event-111",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "ap-northeast-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_678_831_218.0,
            "Keys": {"attendee_id": {"S": "alice"}},
            "NewImage": {"attendee_id": {"S": "alice"}, "place": {"N": "111"}},
            "SequenceNumber": "111",
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": STREAM_ARN,
    }


def test_binary_becomes_base64_wherever_it_lies() -> None:
    raw = raw_record(1)
    raw["dynamodb"]["NewImage"] = {
        "photo": {"B": b"\x00\xff"},
        "photos": {"BS": [b"a", b"b"]},
        "nested": {"M": {"photo": {"B": b"c"}}},
    }

    image = from_stream(raw, STREAM_ARN).event["dynamodb"]["NewImage"]

    assert image == {
        "photo": {"B": "AP8="},
        "photos": {"BS": ["YQ==", "Yg=="]},
        "nested": {"M": {"photo": {"B": "Yw=="}}},
    }


def test_the_creation_time_is_rounded_down_to_the_second() -> None:
    raw = raw_record(1)
    raw["dynamodb"]["ApproximateCreationDateTime"] = datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)

    assert (
        from_stream(raw, STREAM_ARN).created_at
        == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    )


def test_a_time_to_live_delete_names_its_service_in_lower_case() -> None:
    raw = raw_record(1) | {
        "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    }

    assert from_stream(raw, STREAM_ARN).event["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }
