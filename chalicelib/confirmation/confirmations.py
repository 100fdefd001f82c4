"""What the functions behind the check-in do: mail what the stream brings, and what is still owed.

Each record stands alone. One that can never be mailed is settled and left behind; one that has to
come again is handed back; a fault of our own stops the run and marks nobody.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from chalicelib.attendance.delivery import OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.backlog import Backlog
from chalicelib.confirmation.pool import ConnectionPool, Pause
from chalicelib.confirmation.records import Record, new_records
from chalicelib.confirmation.replies import Halted, Throttled
from chalicelib.confirmation.run import Outcome, Run, TimeLeft
from chalicelib.confirmation.service import DeliveryService
from chalicelib.telemetry.metrics import Metric, Metrics, Values

log = logging.getLogger("rollcall.confirmation")

BatchItemFailures = dict[str, list[dict[str, str]]]

_AT_A_TIME = 500  # of what is owed: more would fill the memory after days without a mail server
_LONGEST_READ = 8.0  # seconds, of a page of the index, with the SDK's three tries

# A sweep hands nothing back: what has to come again is left to the next one.
_MEASURED: dict[str, Metric] = {
    "sent": "MailsSent",
    "failed": "MailsFailed",
    "unclear": "MailsUnclear",
    "put off": "MailsPutOff",
    "again": "MailsPutOff",
    "handed back": "MailsHandedBack",
}


class Owed(Protocol):
    def owed(self) -> Iterator[OwedMail]:
        """All of it, by the time that it is due at. Raises StorageUnavailable."""


class Confirmations:
    """`longest` is the most that one attempt may take with its record, in seconds."""

    def __init__(
        self,
        service: DeliveryService,
        pool: ConnectionPool,
        pause: Pause,
        owed: Owed,
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
        longest: float,
    ) -> None:
        self._service = service
        self._pool = pool
        self._pause = pause
        self._owed = owed
        self._metrics = metrics
        self._now = now
        self._longest = longest

    def deliver(self, event: Mapping[str, Any], time_left: TimeLeft) -> BatchItemFailures:
        """Mail what a stream event brings; the answer names the records that must come again.

        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
        """
        run = Run(time_left, self._longest)
        records = [record for record in new_records(event) if record.may_be_owed]
        outcomes = self._process(records, run)
        counts = Counter[str](outcomes)
        if handed_back := counts.pop("again", 0) + counts.pop("not tried", 0):
            counts["handed back"] = handed_back
        self._report("batch", counts, run, {})
        return {
            "batchItemFailures": [
                {"itemIdentifier": record.sequence_number}
                for record, outcome in zip(records, outcomes, strict=True)
                if outcome in ("again", "not tried")
            ]
        }

    def sweep(self, time_left: TimeLeft) -> dict[str, int]:
        """Mail what is still owed, as far as the time goes; how many came to which end.

        After a pause that the server asks for, a sweep goes on.
        """
        run = Run(time_left, self._longest)
        backlog = Backlog(self._owed.owed(), self._now())
        counts = Counter[str]()
        not_tried: list[Record] = []
        while run.resume() and (records := not_tried or backlog.due(_AT_A_TIME)):
            outcomes = self._process(records, run)
            counts.update(outcomes)
            pairs = zip(records, outcomes, strict=True)
            not_tried = [record for record, outcome in pairs if outcome == "not tried"]
        del counts["not tried"]
        backlog.count_rest(lambda: time_left() >= _LONGEST_READ)
        self._report("sweep", counts, run, backlog.measured())
        return dict(counts)

    def _process(self, records: Sequence[Record], run: Run) -> list[Outcome]:
        """What becomes of each record. A fault of our own leaves the rest untried."""
        if not records:
            return []
        if run.goes_on:
            try:
                self._pause.wait(run.time_left() / 2)
                # Before anything is claimed, and alone: so a wrong password is tried once.
                self._pool.begin(run.time_left() / 2)
            except Halted as error:
                run.stop(error)
        # More workers than connections: some write to storage while others send.
        with ThreadPoolExecutor(min(len(records), 2 * self._pool.size - 1)) as workers:
            outcomes = list(workers.map(partial(self._deliver, run), records))
        if run.stopped:
            log.error("stopped: %s", run.stopped)
        if isinstance(run.stopped, Throttled):
            self._pause.lengthen()
        return outcomes

    def _deliver(self, run: Run, record: Record) -> Outcome:
        if not run.goes_on:
            return "not tried"
        try:
            outcome = self._service.deliver(record, run)
        except StorageUnavailable as error:
            log.warning("%s: due, storage: %s", record, error, extra=record.log_fields)
            return "again"
        if outcome == "sent":
            self._pause.reset()
        return outcome

    def _report(self, what: str, counts: Counter[str], run: Run, owed: Values) -> None:
        if counts:
            log.info("%s: %s", what, ", ".join(f"{count} {name}" for name, count in counts.items()))
        mails = Counter[Metric]()
        for name, count in counts.items():
            if name in _MEASURED:
                mails[_MEASURED[name]] += count
        self._metrics.put({**mails, "SecondsToMail": run.seconds_to_mail, **owed})
