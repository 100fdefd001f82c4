"""What the functions behind the check-in do: mail what the stream brings, and what is still owed.

Each item stands alone. One that can never be mailed is settled and left behind; one that has to
come again is handed back; a fault of our own stops the round and marks nobody.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from chalicelib.attendance.delivery import OwedMail
from chalicelib.attendance.errors import RollcallError, StorageUnavailable
from chalicelib.confirmation.backlog import Backlog
from chalicelib.confirmation.connections import Connections
from chalicelib.confirmation.delivery import Courier, Outcome
from chalicelib.confirmation.records import NewItem, new_items, text
from chalicelib.confirmation.replies import DeliveryError, Halted, Throttled
from chalicelib.telemetry.metrics import Metric, Metrics, Values

log = logging.getLogger("rollcall.confirmation")

BatchItemFailures = dict[str, list[dict[str, str]]]
TimeLeft = Callable[[], float]
Entry = tuple[int, NewItem]  # numbered, since a batch may hold the same record twice

_LEAST_SECONDS = 1.0  # with less nothing is begun
_FOR_THE_RECORD = 1 / 4  # of an attempt's time, 2 s at most: to write down how it ended
_LONGEST_RECORD = 2.0
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


class Round:
    """One invocation's items, shared by its workers.

    An attempt is not begun with less time left than it may take, its record included: `longest`
    seconds, or half of the time that the invocation had where that is less.
    """

    def __init__(self, items: Iterable[NewItem], time_left: TimeLeft, longest: float) -> None:
        self.time_left = time_left
        self.outcomes: Counter[str] = Counter()
        self.done: set[int] = set()
        self.seconds_to_mail: list[float] = []
        self.stopped: RollcallError | DeliveryError | None = None
        self._needed = max(_LEAST_SECONDS, min(longest, time_left() / 2))
        self._record = min(_LONGEST_RECORD, self._needed * _FOR_THE_RECORD)
        self._entries = enumerate(items)
        self._ahead: deque[Entry] = deque()
        self._away: StorageUnavailable | None = None
        self._lock = threading.Lock()

    def has_time(self) -> bool:
        return self.time_left() >= self._needed

    def seconds(self) -> float:
        return min(self._needed, self.time_left()) - self._record

    def stop(self, error: Halted) -> None:
        """What came first stands, but for a pause that the server asks for."""
        with self._lock:
            if self.stopped is None or isinstance(error, Throttled):
                self.stopped = copy.copy(error)  # a traceback would hold the round, and the mail

    def waiting(self, most: int) -> int:
        """How many there are, up to as many; none where the round is over."""
        with self._lock:
            return self._read(most)

    def take(self) -> Entry | None:
        """The next one; None where there is none, or no time for it, or the round was stopped."""
        with self._lock:
            return self._ahead.popleft() if self._read(1) else None

    def _read(self, count: int) -> int:
        if self.stopped or not self.has_time():
            return 0
        try:
            while len(self._ahead) < count and not self._away:
                self._ahead.append(next(self._entries))
        except StopIteration:
            pass
        except StorageUnavailable as error:
            self._away = error
        if not self._ahead:
            self.stopped = self._away
        return min(count, len(self._ahead))

    def mailed(self, seconds: float) -> None:
        with self._lock:
            self.seconds_to_mail.append(seconds)

    def note(self, entry: Entry, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
            if outcome != "again":
                self.done.add(entry[0])

    def measured(self) -> Values:
        mails: Counter[Metric] = Counter()
        for name, count in self.outcomes.items():
            if name in _MEASURED:
                mails[_MEASURED[name]] += count
        return {**mails, "SecondsToMail": self.seconds_to_mail}

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.outcomes.items())


class Postroom:
    """`longest` is the most that one attempt may take with its record, in seconds."""

    def __init__(
        self,
        courier: Courier,
        connections: Connections,
        owed: Owed,
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
        longest: float,
    ) -> None:
        self._courier = courier
        self._connections = connections
        self._owed = owed
        self._metrics = metrics
        self._now = now
        self._longest = longest

    def deliver(self, event: Mapping[str, Any], time_left: TimeLeft) -> BatchItemFailures:
        """Mail what a stream event brings; the answer names the records that must come again.

        `time_left` gives the seconds until the invocation is ended.
        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
        """
        items = [item for item in new_items(event) if _is_owed(item)]
        work = Round(items, time_left, self._longest)
        self._run(work)
        again = [item for place, item in enumerate(items) if place not in work.done]
        del work.outcomes["again"]
        if again:
            work.outcomes["handed back"] = len(again)
        else:
            self._courier.forget()
        if work.outcomes:
            log.info("batch: %s", work)
        self._metrics.put(work.measured())
        return {"batchItemFailures": [{"itemIdentifier": item.sequence_number} for item in again]}

    def sweep(self, time_left: TimeLeft) -> dict[str, int]:
        """Mail what is still owed, as far as the time goes; how many came to which end."""
        backlog = Backlog(self._owed.owed(), self._now())
        work = Round((NewItem("", keys, None) for keys in backlog.due()), time_left, self._longest)
        self._run(work)
        while isinstance(work.stopped, Throttled) and work.has_time():
            work.stopped = None
            self._run(work)
        if work.outcomes:
            log.info("sweep: %s", work)
        backlog.count_rest(lambda: time_left() >= _LONGEST_READ)
        self._metrics.put({**work.measured(), **backlog.measured()})
        return dict(work.outcomes)

    def _run(self, work: Round) -> None:
        wanted = work.waiting(self._connections.most)
        if wanted:
            try:
                self._connections.await_resumption(work.time_left() / 2)
                # The first connects alone: so a wrong password is tried once.
                self._connections.begin(work.time_left() / 2)
                self._share(work, wanted)
            except Halted as error:
                work.stop(error)
        if work.stopped:
            log.error("stopped: %s", work.stopped)
        if isinstance(work.stopped, Throttled):
            self._connections.slow_down()

    def _share(self, work: Round, connections: int) -> None:
        """More workers than connections: some write to storage while others send."""
        missing = self._connections.missing(connections)
        with ThreadPoolExecutor(2 * connections - 1) as pool:
            opening = [
                pool.submit(self._connections.open, work.time_left() / 2) for _ in range(missing)
            ]
            working = [
                pool.submit(self._work, work) for _ in range(2 * (connections - missing) - 1)
            ]
            for opened in as_completed(opening):
                # Where the server takes no further one, those that are there have to do.
                with suppress(Halted):
                    opened.result()
                    working += [pool.submit(self._work, work) for _ in range(2)]
        for each in working:
            each.result()

    def _work(self, work: Round) -> None:
        while entry := work.take():
            work.note(entry, self._deliver(work, entry[1]))

    def _deliver(self, work: Round, item: NewItem) -> Outcome:
        try:
            outcome = self._courier.deliver(item, self._connections, work)
        except StorageUnavailable as error:
            log.warning("%s: due, storage: %s", item, error, extra=item.log_fields)
            return "again"
        if outcome == "sent":
            self._connections.recover()
        return outcome


def _is_owed(item: NewItem) -> bool:
    """Unless its own image says otherwise; an image without a delivery is not Rollcall's."""
    if item.image is None:
        return True
    delivery = text(item.image, "delivery")
    if delivery is None:
        return text(item.image, "email") is not None
    # Without keys there is nothing to claim: the sweep finds the item.
    return delivery in ("due", "sending", "unclear") and bool(item.keys)
