"""The mapping as a whole, over a stream in memory: "Using AWS Lambda with Amazon DynamoDB"

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and, for shards,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from streams_fake import (
    STREAM_ARN,
    FakeFunction,
    FakeStreams,
    api_error,
    mapping_settings,
    numbers,
    raw_record,
)

from local.mapping import EventSourceMapping, FunctionError
from local.mapping.mapping import bounded_backoff

LONG = 60.0  # seconds; a bound for what should be done at once

Start = Callable[..., EventSourceMapping]


@pytest.fixture
def streams() -> FakeStreams:
    fake = FakeStreams()
    fake.add_shard("parent")
    return fake


@pytest.fixture
def start(streams: FakeStreams) -> Iterator[Start]:
    """Starts mappings on the stream, and stops them in the end."""
    with ExitStack() as running:

        def start_mapping(
            function: Callable[[dict[str, Any]], object],
            **settings: Any,
        ) -> EventSourceMapping:
            mapping = EventSourceMapping(
                cast("Any", streams),
                STREAM_ARN,
                function,
                mapping_settings(**{"MaximumRecordAgeInSeconds": math.inf, **settings}),
                on_failure=lambda _: None,
                poll_seconds=0.005,
                backoff=lambda _: 0.005,
            )
            mapping.start()
            running.callback(mapping.stop, LONG)
            return mapping

        yield start_mapping


def test_trim_horizon_delivers_what_was_there_and_what_comes(
    streams: FakeStreams, start: Start
) -> None:
    streams.write("parent", raw_record(1))
    function = FakeFunction()

    start(function)
    streams.write("parent", raw_record(2))

    function.wait_for(1, 2)


def test_latest_delivers_only_what_is_written_after_the_start(
    streams: FakeStreams, start: Start
) -> None:
    streams.write("parent", raw_record(1))
    function = FakeFunction()

    start(function, starting_position="LATEST")
    streams.write("parent", raw_record(2))

    function.wait_for(2)
    assert function.batches == [[2]]


def test_latest_reads_children_that_come_later_from_their_beginning(
    streams: FakeStreams, start: Start
) -> None:
    function = FakeFunction()
    start(function, starting_position="LATEST")

    streams.add_shard("child", parent="parent")
    streams.write("child", raw_record(5))
    streams.close("parent")

    function.wait_for(5)


def test_latest_does_not_read_what_was_closed_before_the_start(
    streams: FakeStreams, start: Start
) -> None:
    streams.write("parent", raw_record(1))
    streams.close("parent")
    streams.add_shard("child", parent="parent")
    streams.write("child", raw_record(2))
    function = FakeFunction()

    start(function, starting_position="LATEST")
    streams.write("child", raw_record(3))

    function.wait_for(3)
    assert function.batches == [[3]]


def test_a_closed_shard_is_delivered_before_its_children(
    streams: FakeStreams, start: Start
) -> None:
    streams.write("parent", raw_record(1), raw_record(2))
    streams.close("parent")
    for child, number in (("left", 3), ("right", 4)):
        streams.add_shard(child, parent="parent")
        streams.write(child, raw_record(number))
    function = FakeFunction()

    start(function, batch_size=1)

    function.wait_for(1, 2, 3, 4)
    assert function.batches[:2] == [[1], [2]]


def test_children_wait_until_the_last_batch_of_their_parent_succeeded(
    streams: FakeStreams, start: Start
) -> None:
    tries = iter(range(5))

    def fail_twice(event: dict[str, Any]) -> None:
        if numbers(event) == [1] and next(tries) < 2:
            raise FunctionError

    function = FakeFunction(fail_twice)
    streams.write("parent", raw_record(1))
    streams.close("parent")
    streams.add_shard("child", parent="parent")
    streams.write("child", raw_record(2))

    start(function)

    function.wait_for(2)
    assert function.batches == [[1], [1], [1], [2]]


def test_a_shard_that_splits_while_it_is_read_goes_on_in_its_children(
    streams: FakeStreams, start: Start
) -> None:
    function = FakeFunction()
    start(function)
    streams.write("parent", raw_record(1))
    function.wait_for(1)

    streams.close("parent")
    for child, number in (("left", 2), ("right", 3)):
        streams.add_shard(child, parent="parent")
        streams.write(child, raw_record(number))

    function.wait_for(2, 3)


def test_a_closed_shard_without_children_leaves_the_others_alone(
    streams: FakeStreams, start: Start
) -> None:
    streams.close("parent")
    streams.add_shard("other")
    function = FakeFunction()

    start(function)
    streams.write("other", raw_record(1))

    function.wait_for(1)


def test_shards_are_delivered_at_the_same_time(streams: FakeStreams, start: Start) -> None:
    streams.add_shard("other")
    streams.write("parent", raw_record(1))
    streams.write("other", raw_record(2))
    both = threading.Barrier(2)

    function = FakeFunction(lambda _: both.wait(LONG) and None)
    start(function)

    function.wait_for(1, 2)
    assert not both.broken


@pytest.mark.parametrize(
    "errors",
    [
        [api_error("ExpiredIteratorException")],
        [api_error("TrimmedDataAccessException")],
        [api_error("LimitExceededException")] * 3,
        [EndpointConnectionError(endpoint_url="http://127.0.0.1")] * 3,
    ],
    ids=str,
)
def test_errors_of_the_streams_api_are_survived(
    streams: FakeStreams, start: Start, errors: list[Exception]
) -> None:
    streams.errors.extend(errors)
    function = FakeFunction()

    start(function)
    streams.write("parent", raw_record(1))

    function.wait_for(1)


def test_nothing_is_invoked_after_the_stop(streams: FakeStreams, start: Start) -> None:
    function = FakeFunction()
    mapping = start(function)
    streams.write("parent", raw_record(1))
    function.wait_for(1)

    mapping.stop(LONG)
    described = streams.described
    streams.write("parent", raw_record(2))

    assert not [each for each in threading.enumerate() if each.name.startswith("mapping")]
    assert function.batches == [[1]]
    assert streams.described == described


def test_a_stop_does_not_wait_for_an_invocation_beyond_its_time(
    streams: FakeStreams, start: Start
) -> None:
    released, ended = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        try:
            released.wait(LONG)
        finally:
            ended.set()

    function = FakeFunction(hang)
    streams.write("parent", raw_record(1))
    mapping = start(function)
    function.wait_for(1)

    mapping.stop(0.01)

    assert not ended.is_set()
    released.set()


@pytest.mark.parametrize("call", ["describe_stream", "get_shard_iterator"])
def test_an_unreadable_stream_is_reported_at_the_start(
    streams: FakeStreams, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(**_: str) -> None:
        raise api_error("ResourceNotFoundException")

    monkeypatch.setattr(streams, call, refuse)
    mapping = EventSourceMapping(
        cast("Any", streams),
        STREAM_ARN,
        FakeFunction(),
        mapping_settings(starting_position="LATEST"),
        on_failure=lambda _: None,
    )

    with pytest.raises(Exception, match="ResourceNotFoundException"):
        mapping.start()


def test_the_wait_between_retries_grows_and_is_bounded() -> None:
    waits = [bounded_backoff(attempt) for attempt in (1, 2, 3, 50, 1_000_000)]

    assert waits == [0.1, 0.2, 0.4, 5.0, 5.0]
