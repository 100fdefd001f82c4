"""A DynamoDB stream in memory, behind the calls of boto3's dynamodbstreams client."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.mapping import MappingSettings
from local.mapping.records import StreamRecord, from_stream
from local.mapping.settings import StartingPosition, read_settings

STREAM_ARN = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/check-ins/stream/2026-01-01"


def mapping_settings(
    *,
    batch_size: int = 100,
    starting_position: StartingPosition = "TRIM_HORIZON",
    **properties: Any,
) -> MappingSettings:
    """With `properties` as package.yaml would have them."""
    most = {"MaximumRetryAttempts": 10_000, "MaximumRecordAgeInSeconds": 86_400}
    return read_settings(
        most | properties, batch_size=batch_size, starting_position=starting_position
    )


def raw_record(number: int, *, item: str = "a", created: float = 1_000.0) -> dict[str, Any]:
    """A record as boto3 gives it."""
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "ap-northeast-2",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime.fromtimestamp(created, UTC),
            "Keys": {"attendee_id": {"S": item}},
            "NewImage": {"attendee_id": {"S": item}, "place": {"N": str(number)}},
            "SequenceNumber": str(number),
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
        },
    }


def stream_record(number: int, *, item: str = "a", created: float = 1_000.0) -> StreamRecord:
    return from_stream(raw_record(number, item=item, created=created), STREAM_ARN)


def numbers(event: dict[str, Any]) -> list[int]:
    """The sequence numbers in an event, in its order."""
    return [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]


def api_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetRecords")


@dataclass
class FakeShard:
    parent: str | None = None
    closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


class FakeStreams:
    """Its iterators are `shard:place`; `errors` are raised by the next GetRecords, one a call."""

    def __init__(self, *, page_size: int = 1000, shards_a_page: int = 100) -> None:
        self.shards: dict[str, FakeShard] = {}
        self.errors: deque[Exception] = deque()
        self.calls: list[str] = []
        self.described = 0
        self._page_size = page_size
        self._shards_a_page = shards_a_page
        self._lock = threading.Lock()

    def add_shard(self, shard_id: str, *, parent: str | None = None, closed: bool = False) -> None:
        with self._lock:
            self.shards[shard_id] = FakeShard(parent, closed)

    def write(self, shard_id: str, *records: dict[str, Any]) -> None:
        with self._lock:
            self.shards[shard_id].records += records

    def close(self, shard_id: str) -> None:
        with self._lock:
            self.shards[shard_id].closed = True

    def remove(self, shard_id: str) -> None:
        with self._lock:
            del self.shards[shard_id]

    def describe_stream(
        self,
        *,
        StreamArn: str,  # noqa: N803  -- boto3's names
        ExclusiveStartShardId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        assert StreamArn == STREAM_ARN
        with self._lock:
            self.described += 1
            names = list(self.shards)
            start = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
            page = names[start : start + self._shards_a_page]
            description: dict[str, Any] = {"Shards": [self._describe(name) for name in page]}
            if start + len(page) < len(names):
                description["LastEvaluatedShardId"] = page[-1]
            return {"StreamDescription": description}

    def get_shard_iterator(
        self,
        *,
        StreamArn: str,  # noqa: N803
        ShardId: str,  # noqa: N803
        ShardIteratorType: str,  # noqa: N803
        SequenceNumber: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        assert StreamArn == STREAM_ARN
        with self._lock:
            self.calls.append(f"{ShardIteratorType} {SequenceNumber}".strip())
            records = self.shards[ShardId].records
            match ShardIteratorType:
                case "TRIM_HORIZON":
                    place = 0
                case "LATEST":
                    place = len(records)
                case _:
                    found = [record["dynamodb"]["SequenceNumber"] for record in records]
                    place = found.index(SequenceNumber) + 1
            return {"ShardIterator": f"{ShardId}:{place}"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            if self.errors:
                raise self.errors.popleft()
            name, _, place = ShardIterator.rpartition(":")
            if name not in self.shards:
                raise api_error("ResourceNotFoundException")
            shard, start = self.shards[name], int(place)
            page = shard.records[start : start + self._page_size]
            after = start + len(page)
            if shard.closed and after == len(shard.records):
                return {"Records": page}
            return {"Records": page, "NextShardIterator": f"{name}:{after}"}

    def _describe(self, name: str) -> dict[str, Any]:
        shard = self.shards[name]
        range_ = {"StartingSequenceNumber": "0"}
        if shard.closed:
            range_["EndingSequenceNumber"] = "999"
        described: dict[str, Any] = {"ShardId": name, "SequenceNumberRange": range_}
        if shard.parent:
            described["ParentShardId"] = shard.parent
        return described


class FakeFunction:
    """Keeps the events it is invoked with; `answer` decides each invocation's outcome."""

    def __init__(self, answer: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
        self.events: list[dict[str, Any]] = []
        self._answer = answer
        self._changed = threading.Condition()

    def __call__(self, event: dict[str, Any]) -> object:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        return self._answer(event)

    @property
    def batches(self) -> list[list[int]]:
        return [numbers(event) for event in self.events]

    def wait_for(self, *expected: int) -> None:
        """Until each of these sequence numbers was sent; fails after a minute."""
        with self._changed:
            assert self._changed.wait_for(lambda: set(expected) <= set(self._sent()), timeout=60), (
                f"only {self.batches} came"
            )

    def _sent(self) -> list[int]:
        return [number for batch in self.batches for number in batch]
