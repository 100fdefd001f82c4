"""The event source mapping itself: a thread for each shard, and one that follows the stream."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.mapping.batch import Batch
from local.mapping.consumer import ShardConsumer, Surroundings
from local.mapping.failure import Condition, invocation_record
from local.mapping.settings import MappingSettings
from local.mapping.shards import Lineage, ShardReader, list_shards

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_DISCOVERY_SECONDS = 2.0  # the end of a shard is noticed at once; this finds children that are late


def bounded_backoff(attempt: int) -> float:
    """Seconds before the n-th retry in a row: 0.1, 0.2, 0.4 and so on up to 5."""
    return float(min(5, 0.1 * 2 ** min(attempt - 1, 10)))


class EventSourceMapping:
    """Invokes a function with the records of a stream, as AWS Lambda's mapping does.

    `streams` should not retry by itself and should time out soon: the mapping retries, and can
    stop only between calls. `invoke` takes the event and returns the function's return value; it
    raises FunctionError if the function failed, and is called by several threads at once if there
    are several shards. `on_failure` takes the invocation record of what was given up.

    Unlike Lambda's, this mapping forgets its place in the stream when it stops.
    """

    def __init__(
        self,
        streams: DynamoDBStreamsClient,
        stream_arn: str,
        invoke: Callable[[dict[str, Any]], object],
        settings: MappingSettings,
        *,
        on_failure: Callable[[dict[str, Any]], None],
        function_name: str = "send_confirmations",
        poll_seconds: float = _POLL_SECONDS,
        backoff: Callable[[int], float] = bounded_backoff,
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._invoke = invoke
        self._settings = settings
        self._on_failure = on_failure
        self._function_name = function_name
        self._poll_seconds = poll_seconds
        self._backoff = backoff
        self._lineage = Lineage()
        self._ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._follower = threading.Thread(target=self._follow_stream, name="mapping", daemon=True)
        self._consumers: list[threading.Thread] = []

    def start(self) -> None:
        """Fix the starting positions, then read on threads of its own.

        Nothing that is written after the return is missed. With LATEST (with-ddb.html, "Polling
        and stream starting positions") the shards that exist are read from now on, and their
        children from the beginning, since all that is in them is newer.

        Raises ClientError and BotoCoreError if the stream cannot be read.
        """
        shards = list_shards(self._streams, self._stream_arn)
        position = self._settings.starting_position
        if position == "LATEST":
            for shard in shards:
                if shard.closed:
                    self._lineage.finish(shard.shard_id)
        readers = [
            ShardReader(self._streams, self._stream_arn, shard.shard_id, position)
            for shard in self._lineage.readable(shards)
        ]
        for reader in readers:
            reader.open()
        for reader in readers:
            self._consume(reader)
        self._follower.start()

    def stop(self, timeout: float) -> None:
        """Stop reading; returns when all threads have ended, or after `timeout` seconds.

        A running invocation is waited for, not interrupted, and nothing is invoked after it.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._ended.put(None)
        # The follower comes first, since it is the one that adds consumers.
        for thread in (self._follower, *self._consumers):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _consume(self, reader: ShardReader) -> None:
        def give_up(batch: Batch, condition: Condition) -> None:
            self._give_up(batch, condition, reader.shard_id)

        surroundings = Surroundings(
            invoke=self._invoke,
            give_up=give_up,
            clock=time.time,
            pause=self._stopping.wait,
            backoff=self._backoff,
            poll_seconds=self._poll_seconds,
        )
        consumer = ShardConsumer(self._settings, surroundings)

        def consume() -> None:
            consumer.run(reader)
            self._ended.put(reader.shard_id)

        self._lineage.start(reader.shard_id)
        thread = threading.Thread(target=consume, name=f"mapping-{reader.shard_id}", daemon=True)
        self._consumers.append(thread)
        thread.start()

    def _follow_stream(self) -> None:
        """Start to read the shards that appear, each once its parent was read to the end."""
        failures = 0
        while True:
            self._await_end(self._backoff(failures) if failures else _DISCOVERY_SECONDS)
            if self._stopping.is_set():
                return
            try:
                shards = list_shards(self._streams, self._stream_arn)
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    _log.warning("cannot describe the stream: %s", type(error).__name__)
                continue
            failures = 0
            for shard in self._lineage.readable(shards):
                self._consume(
                    ShardReader(self._streams, self._stream_arn, shard.shard_id, "TRIM_HORIZON")
                )

    def _await_end(self, seconds: float) -> None:
        """Wait until a shard has ended or the mapping stops, but no longer than `seconds`."""
        try:
            ended = self._ended.get(timeout=seconds)
        except queue.Empty:
            return
        if ended is not None:
            self._lineage.finish(ended)

    def _give_up(self, batch: Batch, condition: Condition, shard_id: str) -> None:
        record = invocation_record(
            batch, condition, shard_id=shard_id, function_name=self._function_name, now=time.time()
        )
        count, info = len(batch.records), record["DDBStreamBatchInfo"]
        _log.error(
            *("gave up %d records of %s, from %s to %s: %s", count, shard_id),
            *(info["startSequenceNumber"], info["endSequenceNumber"], condition),
        )
        self._on_failure(record)
