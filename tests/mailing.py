"""The confirmations over their real storage (moto), with a fake mail server and clock."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.delivery import Attempt, Claimed, End, OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.composer import Message, UnusableAddress
from chalicelib.confirmation.confirmations import Confirmations
from chalicelib.confirmation.pool import ConnectionPool, Pause
from chalicelib.confirmation.records import Image, Record, text
from chalicelib.confirmation.service import DeliveryService, Policy
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.deliveries import Deliveries
from chalicelib.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
LONGEST = 42.0  # seconds, of one attempt with its record


class UnreliableDeliveries:
    """`failing` says how many more calls of a method find storage away, and at which owed mail."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self.failing: Counter[str] = Counter()
        self.unclaimable: list[Image] = []

    def claim(self, keys: Image, attempt: Attempt) -> Claimed:
        self._answer("claim")
        if keys in self.unclaimable:
            raise StorageUnavailable("ReadTimeoutError")
        return self._deliveries.claim(keys, attempt)

    def settle(self, keys: Image, token: str, end: End) -> None:
        self._answer("settle")
        self._deliveries.settle(keys, token, end)

    def hold(self, keys: Image, attempt: Attempt, reason: str) -> bool:
        self._answer("hold")
        return self._deliveries.hold(keys, attempt, reason)

    def owed(self) -> Iterator[OwedMail]:
        for number, mail in enumerate(self._deliveries.owed(), start=1):
            if number == self.failing["owed"]:
                raise StorageUnavailable("ReadTimeoutError")
            yield mail

    def _answer(self, method: str) -> None:
        if self.failing[method]:
            self.failing[method] -= 1
            raise StorageUnavailable("ReadTimeoutError")


class FakeServer:
    """What all connections lead to. `errors`, one after the other, are for the recipients that they
    are listed under. `on_send` is called, with the recipient, while a mail is on its way.
    """

    def __init__(self) -> None:
        self.mailed: list[str] = []
        self.tried: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.on_send: Callable[[str], object] = lambda _: None


class FakeConnection:
    """`asked` lists the seconds it was given to be ready, `allowed` those for each mail.

    `on_ready` is called before it is ready; it may raise Halted.
    """

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self.asked: list[float] = []
        self.allowed: list[float] = []
        self.on_ready: Callable[[], object] = lambda: None

    def ready(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.on_ready()

    def send(self, message: Message, seconds: float) -> None:
        self.allowed.append(seconds)
        self._server.tried.append(message.address)
        self._server.on_send(message.address)
        if errors := self._server.errors.get(message.address):
            raise errors.pop(0)
        self._server.mailed.append(message.address)


class Mailing:
    """Check-ins are numbered; number 3 is p3@example.com's. `connections[-1]` is used first."""

    def __init__(
        self, database: DynamoDBClient, *, connections: int = 1, most_copies: int = 2
    ) -> None:
        self.now = NOW
        self.left = 60.0  # seconds of the invocation
        self.database = database
        self.deliveries = UnreliableDeliveries(Deliveries(database, "check-ins"))
        self.server = FakeServer()
        self.connections = [FakeConnection(self.server) for _ in range(connections)]
        self.events_away = 0  # how many mails find the event's table away
        self.names: list[str | None] = []  # that the mails were written to
        self.pauses: list[float] = []
        self.metrics: list[str] = []
        pool = ConnectionPool(self.connections, clock=self._seconds)
        service = DeliveryService(
            self.deliveries,
            Policy(lease=LEASE, most_copies=most_copies),
            compose=self._compose,
            send=pool.send,
            now=lambda: self.now,
            pause=self.pauses.append,
        )
        self.confirmations = Confirmations(
            service,
            pool,
            Pause(self.pauses.append, self._seconds),
            self.deliveries,
            metrics=Metrics("Rollcall", lambda: self.now, self.metrics.append),
            now=lambda: self.now,
            longest=LONGEST,
        )

    def check_in(self, number: int, email: str | None = "", **fields: Any) -> dict[str, Any]:
        """Put one in the table, due since now; gives the stream's record of it."""
        known: dict[str, Any] = {
            "check_in_id": f"check-in-{number}",
            "event_code": "0211ABC",
            "attendee_id": f"{number:064x}",
            "name": f"Person {number}",
            "email": address(number) if email == "" else email,
            "checked_at": self.now,
            "changed_at": self.now,
            "source": "roster",
            "nonce": None,
            "delivery": "due",
            "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
        }
        assert CheckInTable(self.database, "check-ins").add(CheckIn(**(known | fields))) is None
        return record(number, NewImage=self.item(number))

    def check_ins(self, count: int) -> list[dict[str, Any]]:
        return [self.check_in(number) for number in range(1, count + 1)]

    def deliver(self, *records: object) -> list[str]:
        """The sequence numbers that have to come again."""
        failures = self.confirmations.deliver({"Records": list(records)}, lambda: self.left)
        assert list(failures) == ["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures["batchItemFailures"]]

    def sweep(self) -> dict[str, int]:
        return self.confirmations.sweep(lambda: self.left)

    def answer(self, number: int, *errors: Exception) -> None:
        """What the server says to the next mails to that person."""
        self.server.errors[address(number)] = list(errors)

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def spend(self, seconds: float) -> None:
        self.left -= seconds

    def die_with(self, number: int) -> None:
        """Claim it as a worker does that is never heard of again."""
        attempt = Attempt(token=str(self.now), now=self.now, until=self.now + LEASE, most_copies=2)
        assert self.deliveries.claim(keys(number), attempt).copies

    def item(self, number: int) -> dict[str, Any]:
        return dict(self.database.get_item(TableName="check-ins", Key=keys(number)).get("Item", {}))

    def change(self, number: int, **texts: str) -> None:
        item = self.item(number) | {name: {"S": value} for name, value in texts.items()}
        self.database.put_item(TableName="check-ins", Item=item)

    def said(self, number: int, name: str) -> str | None:
        """An attribute of the item, whatever its type."""
        return next(iter(self.item(number).get(name, {}).values()), None)

    def states(self, count: int) -> list[str | None]:
        return [self.said(number, "delivery") for number in range(1, count + 1)]

    def due_in(self, number: int) -> float | None:
        """Seconds from now until the next attempt may be made; None where nothing is owed."""
        due_at = self.said(number, "due_at")
        assert (due_at is None) == (self.said(number, "due_shard") is None)
        return int(due_at) - self.now.timestamp() if due_at else None

    def measured(self) -> dict[str, Any]:
        """The metrics of the last call; none where it wrote no line."""
        lines, self.metrics[:] = [json.loads(line) for line in self.metrics], []
        assert len(lines) <= 1
        return {name: value for line in lines for name, value in line.items() if name != "_aws"}

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _compose(self, record: Record, recipient: str) -> Message:
        if self.events_away:
            self.events_away -= 1
            raise StorageUnavailable("ThrottlingException")
        if "@" not in recipient:
            raise UnusableAddress("not an address")
        self.names.append(text(record.image or {}, "name"))
        return Message(recipient, b"hello\r\n")


def address(number: int) -> str:
    return f"p{number}@example.com"


def keys(number: int) -> Any:
    return {"attendee_id": {"S": f"{number:064x}"}, "event_code": {"S": "0211ABC"}}


def record(number: int, **change: Any) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": keys(number), "SequenceNumber": f"{number}00", **change},
    }


def foreign(number: int = 9, **image: str) -> dict[str, Any]:
    """A record of a table that is not Rollcall's."""
    known = {"phone": "010-0000-0001", "email": address(number)}
    return record(
        number,
        Keys={"phone": {"S": "010-0000-0001"}},
        NewImage={name: {"S": value} for name, value in (known | image).items()},
    )


# Fixtures


@pytest.fixture
def make_mailing(dynamodb: DynamoDBClient) -> Callable[..., Mailing]:
    return partial(Mailing, dynamodb)


@pytest.fixture
def mailing(make_mailing: Callable[..., Mailing]) -> Mailing:
    return make_mailing()


@pytest.fixture
def holding(make_mailing: Callable[..., Mailing]) -> Mailing:
    """A mail whose reply was lost is left to a person."""
    return make_mailing(most_copies=1)


@pytest.fixture(params=[1, 4])
def any_mailing(request: pytest.FixtureRequest, make_mailing: Callable[..., Mailing]) -> Mailing:
    return make_mailing(connections=request.param)
