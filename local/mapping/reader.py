"""Reading a stream: its shards, and the records of one shard."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.mapping.records import StreamRecord, from_stream
from local.mapping.settings import StartingPosition
from local.mapping.shards import Shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_dynamodbstreams.type_defs import (
        DescribeStreamInputTypeDef,
        GetShardIteratorInputTypeDef,
    )

_log = logging.getLogger(__name__)


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
        """Take the place from which to read. Raises ClientError and BotoCoreError."""
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self._stream_arn,
            "ShardId": self.shard_id,
            # LATEST a second time, where no record came before the iterator expired, is from now.
            # Each poll renews the iterator: only a machine that slept for 15 minutes comes here.
            "ShardIteratorType": self._position,
        }
        if self._last_read is not None:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["SequenceNumber"] = self._last_read
        self._iterator = self._streams.get_shard_iterator(**request)["ShardIterator"]

    def read(self) -> list[StreamRecord]:
        """The next records: at most 1,000 or 1 MB (API_streams_GetRecords), often none.

        Raises ClientError and BotoCoreError for what may pass (connection, throttling): the
        place is kept, and another call goes on from there.
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
        # API_streams_GetRecords: null when the shard has been closed and holds no more.
        self.ended = self._iterator is None
        return records

    def _recover(self, error: ClientError) -> None:
        """Errors of API_streams_GetRecords and API_streams_GetShardIterator that end a place."""
        code = error.response.get("Error", {}).get("Code")
        match code:
            case "ExpiredIteratorException":  # 15 minutes old: a batch was retried for longer
                self._iterator = None
            case "TrimmedDataAccessException":  # 24 hours old: go on with the oldest that is left
                _log.warning("%s: records were trimmed before they were read", self.shard_id)
                self._iterator = self._last_read = None
                self._position = "TRIM_HORIZON"
            case "ResourceNotFoundException":
                _log.warning("%s: the shard is gone", self.shard_id)
                self.ended = True
            case _:
                raise error
