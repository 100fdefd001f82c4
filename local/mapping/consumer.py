"""The consumer of one shard: it reads, filters and delivers, one batch after another."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.mapping.batch import WHOLE_BATCH, Batch, first_failure, sequel
from local.mapping.failure import Condition
from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings
from local.mapping.shards import ShardReader

_log = logging.getLogger(__name__)


class FunctionError(Exception):
    """The function was invoked and failed: an exception, a timeout, a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The functions and values that a consumer works with.

    `invoke` takes the event and returns the function's return value; raises FunctionError.
    `give_up` is told of records that are not delivered. `clock` returns epoch seconds. `pause`
    waits for that many seconds and says whether to stop. `backoff` returns the seconds to
    wait before the n-th retry in a row, counted from 1.
    """

    invoke: Callable[[dict[str, Any]], object]
    give_up: Callable[[Batch, Condition], None]
    clock: Callable[[], float]
    pause: Callable[[float], bool]
    backoff: Callable[[int], float]
    poll_seconds: float = 0.2


class ShardConsumer:
    """Delivers a shard's records in order, each until it succeeds or is given up.

    services-dynamodb-errors.html: a batch that fails holds up the shard until its retries are
    used up or its records are too old.
    """

    def __init__(self, settings: MappingSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings

    def run(self, reader: ShardReader) -> None:
        """Consume the shard until it has ended and all its records are handled, or until a stop."""
        failures = 0
        while True:
            records: list[StreamRecord] = []
            try:
                records = reader.read()
                failures = 0
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    _log.warning("cannot read %s: %s", reader.shard_id, type(error).__name__)
            self.deliver(records)
            idle = self._around.backoff(failures) if failures else self._around.poll_seconds
            if reader.ended or self._around.pause(0 if records else idle):
                return

    def deliver(self, records: list[StreamRecord]) -> None:
        """Deliver those that pass the filter; returns early on a stop.

        with-ddb.html: without a batching window, a batch goes out with what is there.
        """
        wanted = [record for record in records if self._settings.passes(record.event)]
        size = self._settings.batch_size
        batches = [Batch(tuple(wanted[at : at + size])) for at in range(0, len(wanted), size)]
        waiting = deque(batches)
        setbacks = 0
        while waiting and not self._around.pause(self._around.backoff(setbacks) if setbacks else 0):
            batch = self._without_expired(waiting.popleft())
            again = self._attempt(batch) if batch.records else ()
            setbacks = setbacks + 1 if again else 0
            waiting.extendleft(reversed(again))

    def _attempt(self, batch: Batch) -> tuple[Batch, ...]:
        """Invoke the function once; returns what has to be sent again."""
        try:
            response = self._around.invoke(batch.event())
        except FunctionError:
            # Its text stays out of the log, since it may repeat what the records hold.
            _log.warning("the function failed with %d records", len(batch.records))
            failed: int | None = WHOLE_BATCH
            batch = replace(batch, invocations=batch.invocations + 1, function_error=True)
        except Exception:  # noqa: BLE001  -- whatever it was, the function is not to blame
            # services-dynamodb-errors.html ("Before invocation"): what keeps the function from
            # being invoked does not use up the retry quota; only the age limit ends it.
            _log.exception("the function could not be invoked")
            return (batch,)
        else:
            reports = self._settings.reports_failures
            failed = first_failure(response, batch.records) if reports else None
            batch = replace(batch, invocations=batch.invocations + 1, function_error=False)
        if failed is None:
            return ()
        result = sequel(batch, failed, self._settings)
        if result.exhausted:
            self._around.give_up(result.exhausted, "RetryAttemptsExhausted")
        return result.again

    def _without_expired(self, batch: Batch) -> Batch:
        """The age limit counts record by record: the younger ones of a batch stay."""
        count = batch.expired(self._around.clock(), self._settings.oldest)
        if count:
            old = replace(batch, records=batch.records[:count])
            self._around.give_up(old, "RecordAgeExceeded")
        return replace(batch, records=batch.records[count:])
