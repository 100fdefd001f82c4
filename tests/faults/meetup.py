"""A meetup under faults: its check-ins, its mail server, and what Lambda does around the consumer.

Time is simulated. A batch is tried, and what is handed back is tried again a second later; then the
mapping gives up. The sweep runs each minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Any

from smtp_server import SmtpServer

from chalicelib.settings import Settings
from faults.check_ins import CheckIns, Image, Record
from faults.clock import START, Clock
from faults.consumer import Consumer, Failed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MINUTE = timedelta(minutes=1)
_RETRY = timedelta(seconds=1)
_LONGEST = timedelta(days=7)


class Meetup(CheckIns):
    """`start` creates a consumer whenever the last one has died."""

    def __init__(
        self,
        database: DynamoDBClient,
        settings: Settings,
        server: SmtpServer,
        clock: Clock,
        start: Callable[[], Consumer],
    ) -> None:
        super().__init__(database, settings, clock)
        self.server = server
        self.tries = 2  # how often the mapping tries a batch
        self.watched = ""  # an address; `settled` says when its mail was no longer owed
        self.settled = ""
        self.start = start
        self._consumer: Consumer | None = None
        self._moved = timedelta()
        self._next_sweep = clock.now + MINUTE

    # What Lambda does

    @property
    def consumer(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self.start()
        return self._consumer

    def deliver(self, records: Sequence[Record], size: int = 5) -> list[Record]:
        """Deliver the records in batches; returns those that the mapping gave up."""
        given_up: list[Record] = []
        for first in range(0, len(records), size):
            batch = self.invoke(records[first : first + size])
            self._look("at once")
            for _ in range(self.tries - 1):
                if batch:
                    self.clock.now += _RETRY
                    batch = self.invoke(batch)
                    self._look("at the next try")
            given_up += batch
        return given_up

    def invoke(self, batch: Sequence[Record]) -> Sequence[Record]:
        """One invocation; returns the records to repeat: all from the first one handed back."""
        try:
            answer = self.consumer.send_confirmations({"Records": list(batch)})
        except Failed:
            self.bury()
            return batch
        places = {_sequence_number(each): place for place, each in enumerate(batch)}
        failures = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
        return batch[min((places.get(each, 0) for each in failures), default=len(batch)) :]

    def sweep(self) -> None:
        """Run the schedule once. After a jump of the clock it catches up."""
        self.clock.now = max(self.clock.now, self._next_sweep)
        self._next_sweep = self.clock.now + MINUTE
        try:
            self.consumer.sweep_deliveries()
        except Failed:
            self.bury()
        self._look(f"by the sweep, {_rounded(self.clock.now - self._moved - START)}")

    def sweep_for(self, time: timedelta) -> None:
        end = self.clock.now + time
        while self.clock.now < end:
            self.sweep()

    def sweep_until_settled(self) -> None:
        """Skip the runs that would find nothing due."""
        end = self.clock.now + _LONGEST
        while owed := [int(item["due_at"]["N"]) for item in self._owed()]:
            assert self.clock.now < end, "never settled"
            soonest = datetime.fromtimestamp(min(owed), UTC)
            while self._next_sweep < soonest:
                self._next_sweep += max(MINUTE, (soonest - self._next_sweep) // MINUTE * MINUTE)
            self.sweep()

    def move_clock(self, time: timedelta) -> None:
        """The consumer's clock is set; the schedule goes on."""
        self.clock.now += time
        self._next_sweep += time
        self._moved += time

    def bury(self) -> None:
        """End the consumer; the next call starts another."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    # What can be seen

    def copies(self) -> Counter[str]:
        """How many mails arrived and were not refused, by address."""
        return Counter(mail.recipients[0] for mail in self.server.mails if not mail.refused)

    def message_ids(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for mail in self.server.mails:
            headers = BytesHeaderParser().parsebytes(mail.content)
            found.setdefault(mail.recipients[0], set()).add(headers["Message-ID"])
        return found

    def doubted(self) -> set[str]:
        """The addresses whose mail the server got without replying."""
        return {
            mail.recipients[0] for mail in self.server.mails if not (mail.accepted or mail.refused)
        }

    def _look(self, when: str) -> None:
        if self.watched and not self.settled:
            item = self.items()[self.watched]
            if "due_shard" not in item and item["delivery"]["S"] != "sending":
                self.settled = when

    def _owed(self) -> Iterator[Image]:
        return (item for item in self.items().values() if "due_shard" in item)


def _sequence_number(record: Any) -> str | None:
    try:
        number: str | None = record["dynamodb"]["SequenceNumber"]
    except (KeyError, TypeError):
        return None  # a broken record
    return number


def _rounded(time: timedelta) -> str:
    minutes = round(time / MINUTE)
    hours, days = round(minutes / 60), round(minutes / 60 / 24)
    return f"{days} d" if days > 2 else f"{hours} h" if hours else f"{minutes} min"
