"""Batching: "Using AWS Lambda with Amazon DynamoDB", polling and batching streams

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

from typing import Any

from streams_fake import STREAM_ARN, numbers, raw_record, stream_record

from local.mapping.batch import Batch, Buffer
from local.mapping.records import from_stream
from local.mapping.settings import MappingSettings


def buffer_with(*places: int, now: float = 0.0, **settings: Any) -> Buffer:
    buffer = Buffer(MappingSettings(starting_position="LATEST", **settings))
    for place in places:
        buffer.add(stream_record(place), now)
    return buffer


def taken(buffer: Buffer, now: float = 0.0, *, last: bool = False) -> list[int] | None:
    batch = buffer.take(now, last=last)
    return numbers(batch.event()) if batch else None


def test_without_a_window_a_batch_goes_with_what_is_there() -> None:
    buffer = buffer_with(1, 2, batch_size=10)

    assert taken(buffer) == [1, 2]
    assert taken(buffer) is None


def test_a_batch_has_at_most_batch_size_records() -> None:
    buffer = buffer_with(1, 2, 3, batch_size=2)

    assert [taken(buffer), taken(buffer), taken(buffer)] == [[1, 2], [3], None]


def test_a_batch_waits_until_its_window_is_over() -> None:
    buffer = buffer_with(1, now=100.0, batch_size=10, maximum_batching_window_seconds=5)
    buffer.add(stream_record(2), 103.0)

    assert taken(buffer, now=104.9) is None
    assert taken(buffer, now=105.0) == [1, 2]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    buffer = buffer_with(1, 2, 3, batch_size=2, maximum_batching_window_seconds=5)

    assert taken(buffer) == [1, 2]
    assert taken(buffer) is None


def test_a_batch_does_not_wait_for_its_window_where_the_shard_has_ended() -> None:
    buffer = buffer_with(1, batch_size=10, maximum_batching_window_seconds=5)

    assert taken(buffer, last=True) == [1]


def test_a_payload_of_6_mb_ends_a_batch_before_its_window() -> None:
    buffer = buffer_with(batch_size=10_000, maximum_batching_window_seconds=300)
    for place in range(20):
        raw = raw_record(place)
        raw["dynamodb"]["NewImage"]["note"] = {"S": "x" * 400_000}
        buffer.add(from_stream(raw, STREAM_ARN), 0.0)

    assert taken(buffer) == list(range(15))
    assert taken(buffer) is None


def test_a_handler_that_changes_its_event_does_not_change_the_next_try() -> None:
    batch = Batch((stream_record(1),))

    batch.event()["Records"][0]["dynamodb"].clear()

    assert numbers(batch.event()) == [1]
