"""The consumer of one shard: reads it, filters, and hands the records to its lanes."""

from __future__ import annotations

import logging
import threading
import zlib

from botocore.exceptions import BotoCoreError, ClientError

from local.mapping.filters import compile_pattern
from local.mapping.lane import Lane, Surroundings
from local.mapping.reader import ShardReader
from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings

_log = logging.getLogger(__name__)


class ShardConsumer:
    """Reads a shard to its end, with as many lanes as the parallelization factor says."""

    def __init__(
        self,
        reader: ShardReader,
        settings: MappingSettings,
        surroundings: Surroundings,
        *,
        poll_seconds: float,
    ) -> None:
        self._reader = reader
        self._around = surroundings
        self._poll_seconds = poll_seconds
        self._filters = [compile_pattern(text) for text in settings.filter_patterns]
        self._lanes = [Lane(settings, surroundings) for _ in range(settings.parallelization_factor)]
        self._failures = 0

    def run(self) -> None:
        """Returns when the shard has ended and its records are dealt with, or at a stop."""
        while True:
            records = self._read()
            for record in filter(self._passes, records):
                self._lanes[lane_of(record, len(self._lanes))].add(record)
            self._run_lanes()
            if self._reader.ended or self._around.pause(0 if records else self._idle_seconds()):
                return

    def _read(self) -> list[StreamRecord]:
        try:
            records = self._reader.read()
        except (BotoCoreError, ClientError) as error:
            self._failures += 1
            if self._failures == 1:
                _log.warning("%s: not read: %s", self._reader.shard_id, type(error).__name__)
            return []
        self._failures = 0
        return records

    def _idle_seconds(self) -> float:
        return self._around.backoff(self._failures) if self._failures else self._poll_seconds

    def _passes(self, record: StreamRecord) -> bool:
        """invocation-eventfiltering.html: filters are ORed, and what passes none is not sent."""
        return not self._filters or any(matches(record.event) for matches in self._filters)

    def _run_lanes(self) -> None:
        """Run the lanes at the same time; returns when the slowest is through.

        The next records are read only then: a failing batch blocks its shard
        (services-dynamodb-errors.html), and never more than a page of them waits in memory.
        """
        last = self._reader.ended
        busy = [lane for lane in self._lanes if len(lane)]
        threads = [
            threading.Thread(target=lane.run, kwargs={"last": last}, daemon=True)
            for lane in busy[1:]
        ]
        for thread in threads:
            thread.start()
        for lane in busy[:1]:
            lane.run(last=last)
        for thread in threads:
            thread.join()


def lane_of(record: StreamRecord, lanes: int) -> int:
    """with-ddb.html: concurrent batches of a shard keep the order of each item's records."""
    return zlib.crc32(record.item.encode()) % lanes
