"""The event source mapping itself: a thread for each shard, and one that follows the stream."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.mapping.consumer import ShardConsumer
from local.mapping.failure import Discard, Origin, invocation_record
from local.mapping.lane import Surroundings
from local.mapping.reader import ShardReader, list_shards
from local.mapping.settings import MappingSettings
from local.mapping.shards import Lineage

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

_log = logging.getLogger(__name__)

_POLLS_PER_DISCOVERY = 10  # a shard's end is noticed by itself; this finds children that are late


def bounded_backoff(attempt: int) -> float:
    """Seconds before the n-th retry in a row: 0.1, 0.2, 0.4 and so on up to 5."""
    return float(min(5, 0.1 * 2 ** min(attempt - 1, 10)))


class EventSourceMapping:
    """Invokes a function with the records of a stream, as AWS Lambda's mapping does.

    `streams` should retry nothing itself and time out soon (botocore's Config: retries
    `{"total_max_attempts": 1}`): the mapping retries, and stops promptly only between calls.
    `invoke` takes the event ({"Records": […]}) and returns the function's return value; it raises
    FunctionError where the function failed, and is called on several threads at once where there
    are several shards or a parallelization factor. `on_failure` takes the invocation record of
    what was given up, and must not raise; without it that is only logged. `clock` gives epoch
    seconds, `backoff` the seconds before the n-th retry in a row.

    Unlike Lambda's, the place that was reached is not kept beyond `stop`.
    """

    def __init__(
        self,
        streams: DynamoDBStreamsClient,
        stream_arn: str,
        invoke: Callable[[dict[str, Any]], object],
        settings: MappingSettings,
        *,
        on_failure: Callable[[dict[str, Any]], None] | None = None,
        clock: Callable[[], float] = time.time,
        poll_seconds: float = 0.2,
        backoff: Callable[[int], float] = bounded_backoff,
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._invoke = invoke
        self._settings = settings
        self._on_failure = on_failure
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._backoff = backoff
        self._lineage = Lineage()
        self._ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._follower = threading.Thread(target=self._follow_stream, name="mapping", daemon=True)
        self._consumers: list[threading.Thread] = []

    def start(self) -> None:
        """Take the starting positions, then read on threads of its own.

        What is written after the return is never missed. With LATEST (with-ddb.html, "Polling and
        stream starting positions") the shards that are there are read from now on, and their
        children from their beginning, since all in them is newer.

        Raises ClientError and BotoCoreError where the stream cannot be read.
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
        """End reading; returns when all threads have ended, or after `timeout` seconds.

        A running invocation is waited for, not interrupted, and nothing is invoked after it.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._ended.put(None)
        # The follower first: it is the one that adds consumers.
        for thread in (self._follower, *self._consumers):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _consume(self, reader: ShardReader) -> None:
        origin = Origin(self._stream_arn, reader.shard_id, self._settings.function_name)
        surroundings = Surroundings(
            invoke=self._invoke,
            discard=lambda discard: self._discard(discard, origin),
            clock=self._clock,
            pause=self._stopping.wait,
            backoff=self._backoff,
        )
        consumer = ShardConsumer(
            reader, self._settings, surroundings, poll_seconds=self._poll_seconds
        )

        def consume() -> None:
            consumer.run()
            self._ended.put(reader.shard_id)

        self._lineage.start(reader.shard_id)
        thread = threading.Thread(target=consume, name=f"mapping-{reader.shard_id}", daemon=True)
        self._consumers.append(thread)
        thread.start()

    def _follow_stream(self) -> None:
        """Begin the shards that appear, each once its parent was read to its end."""
        failures = 0
        while True:
            interval = self._poll_seconds * _POLLS_PER_DISCOVERY
            self._await_end(self._backoff(failures) if failures else interval)
            if self._stopping.is_set():
                return
            try:
                shards = list_shards(self._streams, self._stream_arn)
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    _log.warning("the stream is not described: %s", type(error).__name__)
                continue
            failures = 0
            for shard in self._lineage.readable(shards):
                self._consume(
                    ShardReader(self._streams, self._stream_arn, shard.shard_id, "TRIM_HORIZON")
                )

    def _await_end(self, seconds: float) -> None:
        """Wait until a shard has ended (or a stop), for as many seconds at most."""
        try:
            ended = self._ended.get(timeout=seconds)
        except queue.Empty:
            return
        if ended is not None:
            self._lineage.finish(ended)

    def _discard(self, discard: Discard, origin: Origin) -> None:
        records = len(discard.batch.records)
        _log.error("%s: gave up %d records: %s", origin.shard_id, records, discard.condition)
        if self._on_failure:
            self._on_failure(invocation_record(discard, origin, self._clock()))
