"""The check-ins' table with its two indexes: a write has to find room in all three."""

from __future__ import annotations

import random

import simpy

from benchmarks.scale.buckets import Bucket, took
from benchmarks.scale.design import Index
from benchmarks.scale.parameters import PARTITION_WRITES, TABLE_QUOTA, Case, Figures, Steps

_SDK_RETRIES = (1.0, 2.0)  # seconds at most, by chance: botocore's mode "standard", three tries


class Storage:
    """An index that cannot take its part of a write throttles the table's own: back-pressure.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/gsi-throttling.html
    """

    def __init__(
        self, env: simpy.Environment, case: Case, figures: Figures, chance: random.Random
    ) -> None:
        self._env = env
        self._seconds = figures.storage_seconds
        self._chance = chance
        self._design = case.design
        warm = case.choice.warm_writes
        self._table = Bucket(warm * case.share, TABLE_QUOTA * case.share)
        self._by_event = _bucket(case.design.by_event, case.events, warm, case.share)
        self._due = _bucket(case.design.due_deliveries, 1, warm, case.share)
        self.writes = 0

    def write(self, kind: str) -> Steps:
        """A write of this kind (`put`, `claim`, `settle`): whether it was taken in three tries."""
        wanted = [
            (self._table, 1.0),
            (self._by_event, float(self._design.by_event.writes[kind])),
            (self._due, float(self._design.due_deliveries.writes[kind])),
        ]
        for longest in (*_SDK_RETRIES, None):
            yield self._env.timeout(self._seconds)
            if took(wanted, self._env.now):
                self.writes += 1
                return True
            if longest:
                yield self._env.timeout(self._chance.uniform(0, longest))
        return False

    def throttled(self) -> dict[str, int]:
        return {
            "CheckInTable": self._table.refusals,
            "by_event": self._by_event.refusals,
            "due_deliveries": self._due.refusals,
        }

    def grow(self) -> None:
        """Split what was hot."""
        for bucket in (self._table, self._by_event, self._due):
            bucket.grow()


def _bucket(index: Index, events: int, warm: float, share: float) -> Bucket:
    """Each key is on one partition until it is split, if it can be; all start on the warm ones."""
    keys = index.keys * events * PARTITION_WRITES
    ceiling = TABLE_QUOTA if index.splits else min(TABLE_QUOTA, keys)
    return Bucket(min(warm, keys) * share, ceiling * share)
