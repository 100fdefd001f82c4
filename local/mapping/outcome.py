"""What follows from an invocation: which records are done, which go again, which are given up.

Sources: "Configuring partial batch response with DynamoDB and Lambda"
(services-ddb-batchfailurereporting.html) and "Retain discarded records for a DynamoDB event
source in Lambda" (services-dynamodb-errors.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from local.mapping.batch import Batch
from local.mapping.records import StreamRecord
from local.mapping.settings import UNLIMITED, MappingSettings

WHOLE_BATCH = 0  # the first record that failed is the first one


@dataclass(frozen=True, slots=True)
class Sequel:
    """`again` go to the function one after the other; `exhausted` used up its retries."""

    again: tuple[Batch, ...] = ()
    exhausted: Batch | None = None


def first_failure(response: object, records: Sequence[StreamRecord]) -> int | None:
    """Where the function's ReportBatchItemFailures response restarts the batch; None: all is done.

    services-ddb-batchfailurereporting.html: no response, an empty one, and no or an empty list of
    failures are success; an identifier that is empty, null or under a wrong name fails the whole
    batch; of several, the lowest sequence number counts. An identifier that is not in the batch,
    or a response of another shape, says nothing that could be trusted: the whole batch failed.
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
    # Within a batch the records lie in the order of their sequence numbers.
    places = {record.sequence_number: place for place, record in enumerate(records)}
    return min(places.get(_identifier(failure), WHOLE_BATCH) for failure in failures)


def sequel(batch: Batch, failed: int, settings: MappingSettings) -> Sequel:
    """What becomes of a batch in which the record at `failed` is the first one not done.

    services-dynamodb-errors.html: bisecting does not consume the retry quota.
    services-ddb-batchfailurereporting.html: with both settings on, the batch is split at the
    reported number and only the rest goes again; a batch that failed as a whole is halved. Where
    the reported record is the batch's first, nothing would come of splitting there: it is halved.
    """
    rest = replace(batch, records=batch.records[failed:])
    if settings.bisect_batch_on_function_error and len(batch.records) > 1:
        return Sequel(again=(rest,) if failed else _halves(batch))
    most = settings.maximum_retry_attempts
    if most != UNLIMITED and batch.retries >= most:
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
