"""Reading a stream: which shards may be read, and the records of one.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
"""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from streams_fake import STREAM_ARN, FakeStreams, api_error, raw_record

from local.mapping.settings import StartingPosition
from local.mapping.shards import Lineage, Shard, ShardReader, list_shards


def shard(shard_id: str, parent_id: str | None = None) -> Shard:
    return Shard(shard_id, parent_id, closed=False)


PARENT = shard("parent")
CHILDREN = [shard("left", "parent"), shard("right", "parent")]


def readable(lineage: Lineage, *shards: Shard) -> list[str]:
    return [each.shard_id for each in lineage.readable(shards)]


def test_a_parent_is_read_before_its_children() -> None:
    assert readable(Lineage(), *CHILDREN, PARENT) == ["parent"]


def test_children_wait_while_their_parent_is_being_read() -> None:
    lineage = Lineage()
    lineage.start("parent")

    assert readable(lineage, PARENT, *CHILDREN) == []


def test_all_children_are_read_once_their_parent_is_finished() -> None:
    lineage = Lineage()
    lineage.start("parent")
    lineage.finish("parent")

    assert readable(lineage, PARENT, *CHILDREN) == ["left", "right"]


def test_a_grandchild_waits_for_its_own_parent() -> None:
    lineage = Lineage()
    lineage.finish("parent")

    assert readable(lineage, PARENT, *CHILDREN, shard("grandchild", "left")) == ["left", "right"]


def test_a_shard_whose_parent_is_gone_is_read() -> None:
    assert readable(Lineage(), *CHILDREN) == ["left", "right"]


def test_a_parent_that_the_stream_dropped_while_it_is_being_read_is_still_waited_for() -> None:
    lineage = Lineage()
    lineage.start("parent")

    assert readable(lineage, *CHILDREN) == []


def test_a_shard_is_read_once() -> None:
    lineage = Lineage()
    lineage.start("parent")
    lineage.finish("parent")
    lineage.start("left")

    assert readable(lineage, PARENT, *CHILDREN) == ["right"]


def test_shards_without_kinship_are_read_side_by_side() -> None:
    assert readable(Lineage(), shard("one"), shard("two")) == ["one", "two"]


@pytest.fixture
def streams() -> FakeStreams:
    fake = FakeStreams()
    fake.add_shard("shard")
    return fake


def reader(streams: FakeStreams, position: StartingPosition = "TRIM_HORIZON") -> ShardReader:
    return ShardReader(cast("Any", streams), STREAM_ARN, "shard", position)


def read(shard_reader: ShardReader) -> list[str]:
    return [record.sequence_number for record in shard_reader.read()]


def test_every_page_of_the_description_is_read() -> None:
    streams = FakeStreams(shards_a_page=1)
    streams.add_shard("parent", closed=True)
    streams.add_shard("left", parent="parent")
    streams.add_shard("right", parent="parent")

    assert list_shards(cast("Any", streams), STREAM_ARN) == [
        Shard("parent", None, closed=True),
        Shard("left", "parent", closed=False),
        Shard("right", "parent", closed=False),
    ]


def test_trim_horizon_reads_from_the_beginning(streams: FakeStreams) -> None:
    streams.write("shard", raw_record(1), raw_record(2))

    assert read(reader(streams)) == ["1", "2"]


def test_latest_reads_what_comes_after_the_opening(streams: FakeStreams) -> None:
    streams.write("shard", raw_record(1))
    shard_reader = reader(streams, "LATEST")
    shard_reader.open()
    streams.write("shard", raw_record(2))

    assert read(shard_reader) == ["2"]


def test_a_closed_shard_ends_when_its_last_record_was_read() -> None:
    streams = FakeStreams(page_size=1)
    streams.add_shard("shard")
    streams.write("shard", raw_record(1), raw_record(2))
    streams.close("shard")
    shard_reader = reader(streams)

    assert (read(shard_reader), shard_reader.ended) == (["1"], False)
    assert (read(shard_reader), shard_reader.ended) == (["2"], True)


def test_an_open_shard_does_not_end(streams: FakeStreams) -> None:
    shard_reader = reader(streams)

    assert (read(shard_reader), shard_reader.ended) == ([], False)


def test_an_expired_iterator_is_replaced_after_the_last_record_read(streams: FakeStreams) -> None:
    streams.write("shard", raw_record(1), raw_record(2))
    shard_reader = reader(streams)
    read(shard_reader)
    streams.write("shard", raw_record(3))
    streams.errors.append(api_error("ExpiredIteratorException"))

    assert read(shard_reader) == []
    assert read(shard_reader) == ["3"]
    assert streams.calls == ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 2"]


def test_after_trimming_it_goes_on_with_the_oldest_record_left(streams: FakeStreams) -> None:
    streams.write("shard", raw_record(1))
    shard_reader = reader(streams, "LATEST")
    shard_reader.open()
    streams.write("shard", raw_record(2))
    read(shard_reader)
    streams.shards["shard"].records = [raw_record(5)]
    streams.errors.append(api_error("TrimmedDataAccessException"))

    assert read(shard_reader) == []
    assert read(shard_reader) == ["5"]


def test_a_shard_that_is_gone_has_ended(streams: FakeStreams) -> None:
    shard_reader = reader(streams)
    shard_reader.open()
    streams.remove("shard")

    assert (read(shard_reader), shard_reader.ended) == ([], True)


@pytest.mark.parametrize(
    "error",
    [
        api_error("LimitExceededException"),
        api_error("InternalServerError"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1"),
    ],
    ids=str,
)
def test_an_error_that_may_pass_keeps_the_place(streams: FakeStreams, error: Exception) -> None:
    shard_reader = reader(streams, "LATEST")
    shard_reader.open()
    streams.write("shard", raw_record(1))
    streams.errors.append(error)

    with pytest.raises((ClientError, EndpointConnectionError)):
        shard_reader.read()

    assert read(shard_reader) == ["1"]
    assert streams.calls == ["LATEST"]
