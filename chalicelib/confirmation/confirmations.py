"""Mails the confirmations of new check-ins from the stream, and those that are still owed.

Each record is handled independently. A mail that can never be delivered is settled as failed. A
record that has to be tried again is handed back to the stream. A fault of our own, such as a wrong
password, stops the run without failing any mail.
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

_AT_A_TIME = 500  # owed mails: more would fill the memory after days without a mail server
_LONGEST_READ = 8.0  # seconds, for one page of the index with the SDK's three tries

# A sweep hands nothing back ("again"): the next sweep tries those mails.
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
        """All owed mails, sorted by `due_at`. Raises StorageUnavailable."""


class Confirmations:
    """`longest` is how long one attempt may take, including its record, in seconds."""

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
        """Mail the check-ins of a stream event; the response names the records to send again.

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
        """Mail what is still owed while there is time; returns how often each outcome occurred.

        A sweep continues after a pause that the mail server asks for.
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
        """Try each record and return the outcomes. A fault of our own leaves the rest untried."""
        if not records:
            return []
        if run.goes_on:
            try:
                self._pause.wait(run.time_left() / 2)
                # Open one connection before anything is claimed, so a wrong password is tried once.
                self._pool.begin(run.time_left() / 2)
            except Halted as error:
                run.stop(error)
        # There are more workers than connections, so that some can write while others send.
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
