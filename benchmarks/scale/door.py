"""The API: its limit, and a function with as many containers as it had requests at once."""

from __future__ import annotations

import simpy

from benchmarks.scale.buckets import Bucket
from benchmarks.scale.parameters import API_VCPU, CONCURRENCY, Case, Figures, Steps
from benchmarks.scale.storage import Storage


class Door:
    def __init__(
        self, env: simpy.Environment, case: Case, figures: Figures, storage: Storage
    ) -> None:
        self._env = env
        self._storage = storage
        self._gate = Bucket(case.choice.rate_limit * case.share)
        self._most = (CONCURRENCY - case.choice.lanes) * case.share
        self._cold_seconds = figures.api_cold_start_ms / 1000 / API_VCPU
        self._seconds = figures.checkin_cpu_ms / 1000 / API_VCPU + figures.storage_seconds
        self._busy = self._containers = 0

    def check_in(self) -> Steps:
        """One request: whether its answer is a 201, and no 429 of the API's or 503 of ours."""
        if self._busy >= self._most or not self._gate.holds(self._env.now, 1):
            return False
        self._gate.take(1)
        self._busy += 1
        if self._busy > self._containers:
            self._containers += 1
            yield self._env.timeout(self._cold_seconds)
        yield self._env.timeout(self._seconds)
        is_stored = yield from self._storage.write("put")
        self._busy -= 1
        return is_stored
