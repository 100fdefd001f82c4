"""Reading the check-ins' stream back: as far as it is kept, and no further than its end of now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.attendance.errors import StorageUnavailable
from operations.past_check_ins import CheckInStream

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/check-ins/stream/2026-01-01"
NOON = datetime(2026, 2, 11, 12, 0, tzinfo=UTC)
Page = list[dict[str, Any]]


class Streams:
    """The stream's shards as (parent, pages); an open one answers with nothing after its pages."""

    def __init__(self) -> None:
        self.shards: dict[str, tuple[str | None, list[Page]]] = {}
        self.open: set[str] = set()
        self.reads = 0

    def add(self, shard_id: str, *pages: Page, parent: str | None = None, is_open: bool) -> None:
        self.shards[shard_id] = (parent, list(pages))
        if is_open:
            self.open.add(shard_id)

    def describe_stream(self, **_: str) -> dict[str, Any]:
        shards = []
        for shard_id, (parent, _pages) in self.shards.items():
            end = {} if shard_id in self.open else {"EndingSequenceNumber": "9"}
            shard: dict[str, Any] = {"ShardId": shard_id, "SequenceNumberRange": end}
            shards.append(shard | ({"ParentShardId": parent} if parent else {}))
        return {"StreamDescription": {"Shards": shards}}

    def get_shard_iterator(self, **request: str) -> dict[str, str]:
        assert request["ShardIteratorType"] == "TRIM_HORIZON"
        return {"ShardIterator": f"{request['ShardId']}:0"}

    def get_records(self, **request: str) -> dict[str, Any]:
        self.reads += 1
        shard_id, _, place = request["ShardIterator"].partition(":")
        pages = self.shards[shard_id][1]
        answer: dict[str, Any] = {"Records": []}
        if int(place) < len(pages):
            answer["Records"] = pages[int(place)]
        if shard_id in self.open or int(place) + 1 < len(pages):
            answer["NextShardIterator"] = f"{shard_id}:{int(place) + 1}"
        return answer


def record(name: str, minutes: float = 0, event_name: str = "INSERT") -> dict[str, Any]:
    """What became of `name`, so many minutes after noon."""
    return {
        "eventName": event_name,
        "dynamodb": {
            "ApproximateCreationDateTime": NOON + timedelta(minutes=minutes),
            "Keys": {"attendee_id": {"S": name}},
            "SequenceNumber": "1",
        },
    }


@pytest.fixture
def streams() -> Streams:
    return Streams()


def names(streams: Streams, moment: datetime = NOON, *, minutes: float = 60) -> list[str]:
    """Those inserted from `moment` until so many minutes after noon."""
    stream = CheckInStream(streams, STREAM_ARN)  # type: ignore[arg-type]  # a fake
    until = NOON + timedelta(minutes=minutes)
    return [keys["attendee_id"]["S"] for keys in stream.since(moment, until)]


def test_only_what_was_inserted_since_the_moment_counts(streams: Streams) -> None:
    page = [
        record("before", -1),
        record("at the moment"),
        record("changed", 1, "MODIFY"),
        record("deleted", 1, "REMOVE"),
        record("after", 1),
    ]
    streams.add("a", page, is_open=False)
    assert names(streams) == ["at the moment", "after"]


def test_a_moment_within_a_second_counts_that_second(streams: Streams) -> None:
    streams.add("a", [record("hana")], is_open=False)
    assert names(streams, NOON + timedelta(milliseconds=500)) == ["hana"]


def test_parents_are_read_before_their_children(streams: Streams) -> None:
    streams.add("c", [record("third", 3)], parent="b", is_open=True)
    streams.add("b", [record("second", 2)], parent="a", is_open=False)
    streams.add("a", [record("first", 1)], parent="trimmed long ago", is_open=False)
    assert names(streams) == ["first", "second", "third"]


def test_pages_without_records_end_no_shard(streams: Streams) -> None:
    streams.add("closed", *[[]] * 200, [record("first")], is_open=False)
    streams.add("open", *[[]] * 20, [record("second")], *[[]] * 20, [record("third")], is_open=True)
    assert names(streams) == ["first", "second", "third"]


def test_an_open_shard_is_given_up_after_many_empty_answers(streams: Streams) -> None:
    streams.add("open", is_open=True)
    assert names(streams) == []
    assert streams.reads == 50


def test_what_comes_after_the_start_is_left_to_the_consumer(streams: Streams) -> None:
    streams.add("a", [record("before", 1), record("after", 2)], [record("later", 3)], is_open=True)
    assert names(streams, minutes=1) == ["before"]
    assert streams.reads == 1


def test_a_stream_that_is_not_there_is_storage_that_does_not_answer(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: str) -> None:
        code = "ResourceNotFoundException"
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeStream")

    monkeypatch.setattr(streams, "describe_stream", refuse)
    with pytest.raises(StorageUnavailable, match="ResourceNotFoundException"):
        names(streams)
