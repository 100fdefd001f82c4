"""A batch, and the result of its invocation: which records are done, retried or given up.

Sources: "Configuring partial batch response with DynamoDB and Lambda"
(services-ddb-batchfailurereporting.html) and "Retain discarded records for a DynamoDB event
source in Lambda" (services-dynamodb-errors.html).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings

WHOLE_BATCH = 0  # the first record that failed is the batch's first


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one invocation.

    `invocations` counts how often they were sent, `retries` how much of the retry quota is used.
    `function_error` is true if the function itself failed last time, rather than reporting some
    of its records.
    """

    records: tuple[StreamRecord, ...]
    invocations: int = 0
    retries: int = 0
    function_error: bool = False

    def event(self) -> dict[str, Any]:
        """The event for the function: a copy, since a handler may change its event."""
        return {"Records": [copy.deepcopy(record.event) for record in self.records]}

    def expired(self, now: float, oldest: float) -> int:
        """How many records at the front are older than `oldest` seconds."""
        for count, record in enumerate(self.records):
            if now - record.created_at <= oldest:
                return count
        return len(self.records)


@dataclass(frozen=True, slots=True)
class Sequel:
    """`again` goes to the function, one batch after the other; `exhausted` is given up."""

    again: tuple[Batch, ...] = ()
    exhausted: Batch | None = None


def first_failure(response: object, records: Sequence[StreamRecord]) -> int | None:
    """The index at which the function's response restarts the batch; None if all is done.

    services-ddb-batchfailurereporting.html: no response, an empty one, and no failures mean
    success. An identifier that is empty, null or under a wrong name fails the whole batch. Of
    several, the lowest sequence number counts. The page does not say what an identifier from
    outside the batch or a response of another shape means: here it fails the whole batch.
    """
    if not response:
        return None
    if not isinstance(response, dict):
        return WHOLE_BATCH
    failures = response.get("batchItemFailures")
    if not failures:
        return None
    if not isinstance(failures, list):
        return WHOLE_BATCH
    # The records of a batch are in the order of their sequence numbers.
    places = {record.sequence_number: place for place, record in enumerate(records)}
    return min(places.get(_identifier(failure), WHOLE_BATCH) for failure in failures)


def sequel(batch: Batch, failed: int, settings: MappingSettings) -> Sequel:
    """What to do with a batch whose first failed record is at index `failed`.

    services-dynamodb-errors.html: bisecting does not use up the retry quota.
    services-ddb-batchfailurereporting.html: if failures are reported and bisecting is on, the
    batch is split at the reported number and only the rest is sent again. A batch that failed as
    a whole is halved, and so is one whose first record is reported: a split there changes nothing.
    """
    rest = replace(batch, records=batch.records[failed:])
    if settings.bisects and len(batch.records) > 1:
        return Sequel(again=(rest,) if failed else _halves(batch))
    if batch.retries >= settings.retries:
        return Sequel(exhausted=rest)
    return Sequel(again=(replace(rest, retries=batch.retries + 1),))


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    middle = len(batch.records) // 2
    return (
        replace(batch, records=batch.records[:middle]),
        replace(batch, records=batch.records[middle:]),
    )


def _identifier(failure: object) -> str:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return identifier if isinstance(identifier, str) else ""
