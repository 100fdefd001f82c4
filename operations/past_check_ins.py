"""What was checked in since a moment: by the stream, which keeps 24 hours, or by the table.

Both give the keys of check-ins, and leave it to their items how the mails stand now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.storage.dynamodb import storage_errors
from local.mapping.reader import ShardReader, list_shards
from local.mapping.records import StreamRecord
from local.mapping.shards import Lineage, Shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

    from chalicelib.storage.deliveries import Deliveries

Keys = Mapping[str, Any]

# An open shard has no end, and GetRecords may answer with nothing in the middle of it. What would
# lie behind as many empty answers is not lost: the sweep finds it in the index of owed mails.
_EMPTY_READS = 50


class CheckInStream:
    """The stream of the check-ins. `client` should retry by itself."""

    def __init__(self, client: DynamoDBStreamsClient, stream_arn: str) -> None:
        self._client = client
        self._stream_arn = stream_arn

    def since(self, moment: datetime, until: datetime) -> Iterator[Keys]:
        """The keys of all that were inserted from `moment` to `until`, as far as it is kept.

        Parents come before their children. Raises StorageUnavailable.
        """
        earliest = int(moment.timestamp())  # the stream's times are whole seconds
        lineage = Lineage()
        with storage_errors():
            shards = list_shards(self._client, self._stream_arn)
        while readable := lineage.readable(shards):
            for shard in readable:
                lineage.start(shard.shard_id)
                for record in self._records(shard, until):
                    if record.event["eventName"] == "INSERT" and record.created_at >= earliest:
                        yield record.event["dynamodb"]["Keys"]
                lineage.finish(shard.shard_id)

    def _records(self, shard: Shard, until: datetime) -> Iterator[StreamRecord]:
        reader = ShardReader(self._client, self._stream_arn, shard.shard_id, "TRIM_HORIZON")
        empty_reads = 0
        while not reader.ended and (shard.closed or empty_reads < _EMPTY_READS):
            with storage_errors():
                records = reader.read()
            empty_reads = 0 if records else empty_reads + 1
            for record in records:
                if record.created_at > until.timestamp():
                    return  # in a shard the records are in the order of their times
                yield record


def table_since(deliveries: Deliveries, moment: datetime) -> Iterator[Keys]:
    """The keys of all check-ins from `moment` on that the table has. Raises StorageUnavailable."""
    for item in deliveries.since(moment):
        yield {name: item[name] for name in ("attendee_id", "event_code")}
