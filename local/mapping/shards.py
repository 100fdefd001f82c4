"""Reading a stream: its shards, which of them may be read next, and the records of one.

Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams" (Streams.html): shards
come and go and can split at any time. A parent is always processed before its children, so that
the records are in order. A shard is open while its range of sequence numbers has no end
(API_streams_DescribeStream). A stream drops records after 24 hours, so a parent can be gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.mapping.records import StreamRecord, from_stream
from local.mapping.settings import StartingPosition

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_dynamodbstreams.type_defs import (
        DescribeStreamInputTypeDef,
        GetShardIteratorInputTypeDef,
    )

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shard:
    shard_id: str
    parent_id: str | None
    closed: bool


class Lineage:
    """Keeps track of the shards that are being read and those that have been read to the end."""

    def __init__(self) -> None:
        self._reading: set[str] = set()
        self._finished: set[str] = set()

    def start(self, shard_id: str) -> None:
        self._reading.add(shard_id)

    def finish(self, shard_id: str) -> None:
        self._reading.discard(shard_id)
        self._finished.add(shard_id)

    def readable(self, shards: Iterable[Shard]) -> list[Shard]:
        """The shards not yet started whose parent is finished, or unknown here and to the stream.

        `shards` is the whole stream as it is described now.
        """
        listed = list(shards)
        unfinished = ({shard.shard_id for shard in listed} | self._reading) - self._finished
        started = self._reading | self._finished
        return [
            shard
            for shard in listed
            if shard.shard_id not in started and shard.parent_id not in unfinished
        ]


def list_shards(streams: DynamoDBStreamsClient, stream_arn: str) -> list[Shard]:
    """Every shard that the stream has now. Raises botocore's ClientError and BotoCoreError."""
    shards: list[Shard] = []
    request: DescribeStreamInputTypeDef = {"StreamArn": stream_arn}
    while True:
        page = streams.describe_stream(**request)["StreamDescription"]
        shards += [
            Shard(
                shard_id=shard["ShardId"],
                parent_id=shard.get("ParentShardId"),
                closed="EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
            )
            for shard in page.get("Shards", [])
        ]
        last = page.get("LastEvaluatedShardId")
        if not last:
            return shards
        request["ExclusiveStartShardId"] = last


class ShardReader:
    """Reads one shard from `position` to its end; `ended` says when that is reached."""

    def __init__(
        self,
        streams: DynamoDBStreamsClient,
        stream_arn: str,
        shard_id: str,
        position: StartingPosition,
    ) -> None:
        self.shard_id = shard_id
        self.ended = False
        self._streams = streams
        self._stream_arn = stream_arn
        self._position = position
        self._last_read: str | None = None
        self._iterator: str | None = None

    def open(self) -> None:
        """Fix the place to read from. Raises ClientError and BotoCoreError."""
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self._stream_arn,
            "ShardId": self.shard_id,
            # LATEST would skip records if an iterator expired before its first one. Each poll
            # renews the iterator, so only a machine that slept for 15 minutes gets there.
            "ShardIteratorType": self._position,
        }
        if self._last_read is not None:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["SequenceNumber"] = self._last_read
        self._iterator = self._streams.get_shard_iterator(**request)["ShardIterator"]

    def read(self) -> list[StreamRecord]:
        """The next records: at most 1,000 or 1 MB (API_streams_GetRecords), often none.

        Raises ClientError and BotoCoreError for what may pass (connection, throttling). The place
        is kept, and the next call goes on from there.
        """
        try:
            if self._iterator is None:
                self.open()
            assert self._iterator is not None
            page = self._streams.get_records(ShardIterator=self._iterator)
        except ClientError as error:
            self._recover(error)
            return []
        records = [from_stream(record, self._stream_arn) for record in page["Records"]]
        if records:
            self._last_read = records[-1].sequence_number
        self._iterator = page.get("NextShardIterator")
        # API_streams_GetRecords: null once the shard is closed and holds no more records.
        self.ended = self._iterator is None
        return records

    def _recover(self, error: ClientError) -> None:
        """Errors of API_streams_GetRecords and API_streams_GetShardIterator that end a place."""
        code = error.response.get("Error", {}).get("Code")
        match code:
            case "ExpiredIteratorException":  # after 15 minutes: a batch was retried for longer
                self._iterator = None
            case "TrimmedDataAccessException":  # after 24 hours: go on with the oldest one left
                _log.warning("%s: records were trimmed before they were read", self.shard_id)
                self._iterator = self._last_read = None
                self._position = "TRIM_HORIZON"
            case "ResourceNotFoundException":
                _log.warning("%s: the shard is gone", self.shard_id)
                self.ended = True
            case _:
                raise error
