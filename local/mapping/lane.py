"""A lane: the part of a shard's records that goes to the function one batch after another."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from local.mapping.batch import Batch, Buffer
from local.mapping.failure import Discard
from local.mapping.outcome import WHOLE_BATCH, first_failure, sequel
from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings

_log = logging.getLogger(__name__)


class FunctionError(Exception):
    """The function was invoked and failed: an exception, a time-out, a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a lane is given to work with.

    `invoke` takes the event and returns the function's return value; raises FunctionError.
    `discard` takes what is given up. `clock` gives epoch seconds. `pause` waits for as many
    seconds and says whether the mapping stops. `backoff` gives the seconds before the n-th retry
    in a row, counted from 1.
    """

    invoke: Callable[[dict[str, Any]], object]
    discard: Callable[[Discard], None]
    clock: Callable[[], float]
    pause: Callable[[float], bool]
    backoff: Callable[[int], float]


class Lane:
    """Gathers records and delivers them in order, each until it succeeded or was given up.

    services-dynamodb-errors.html: a batch that fails holds back what lies behind it, until the
    retries are used up or the records too old.
    """

    def __init__(self, settings: MappingSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._buffer = Buffer(settings)

    def __len__(self) -> int:
        return len(self._buffer)

    def add(self, record: StreamRecord) -> None:
        self._buffer.add(record, self._around.clock())

    def run(self, *, last: bool) -> None:
        """Deliver every batch that is due (`last`: all there are); returns early at a stop."""
        while not self._around.pause(0):
            batch = self._buffer.take(self._around.clock(), last=last)
            if batch is None:
                return
            self._deliver(batch)

    def _deliver(self, batch: Batch) -> None:
        waiting = deque([batch])
        setbacks = 0
        while waiting:
            current = self._drop_expired(waiting.popleft())
            if not current.records:
                continue
            again = self._attempt(current)
            setbacks = setbacks + 1 if again else 0
            waiting.extendleft(reversed(again))
            if self._around.pause(self._around.backoff(setbacks) if again else 0):
                return

    def _attempt(self, batch: Batch) -> tuple[Batch, ...]:
        """Invoke the function once; what has to go again."""
        try:
            response = self._around.invoke(batch.event())
        except FunctionError:
            # Its text stays out of the log: it may repeat what the records hold.
            _log.warning("the function failed with %d records", len(batch.records))
            failed: int | None = WHOLE_BATCH
            batch = replace(batch, invocations=batch.invocations + 1, function_error=True)
        except Exception:  # noqa: BLE001  -- whatever it was, the function was not to blame
            # services-dynamodb-errors.html ("Before invocation"): what keeps the function from
            # being invoked leaves the retry quota alone, and only age ends it.
            _log.exception("the function could not be invoked")
            return (batch,)
        else:
            reports = self._settings.report_batch_item_failures
            failed = first_failure(response, batch.records) if reports else None
            batch = replace(batch, invocations=batch.invocations + 1, function_error=False)
        if failed is None:
            return ()
        result = sequel(batch, failed, self._settings)
        if result.exhausted:
            self._around.discard(Discard(result.exhausted, "RetryAttemptsExhausted"))
        return result.again

    def _drop_expired(self, batch: Batch) -> Batch:
        count = batch.expired(self._around.clock(), self._settings.oldest_age)
        if count:
            old = replace(batch, records=batch.records[:count])
            self._around.discard(Discard(old, "RecordAgeExceeded"))
        return replace(batch, records=batch.records[count:])
