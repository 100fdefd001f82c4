"""What a courier works with, in memory: deliveries with their conditions, and a mail server."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.attendance.delivery import Attempt, Claimed, End, OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.delivery import Courier, Policy
from chalicelib.confirmation.message import Letter, UnusableAddress
from chalicelib.confirmation.records import NewItem, text
from chalicelib.confirmation.replies import Halted

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)

Image = Mapping[str, Any]


class FakeDeliveries:
    """A table of items by whatever keys they have, under the conditions of storage/deliveries.py.

    `failing` says how many more calls of a method find storage away.
    """

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.failing: Counter[str] = Counter()
        self.unclaimable: list[Image] = []

    def put(self, keys: Image, image: Image) -> None:
        self._items[json.dumps(keys)] = dict(image)

    def delete(self, keys: Image) -> None:
        del self._items[json.dumps(keys)]

    def item(self, keys: Image) -> dict[str, Any] | None:
        return self._items.get(json.dumps(keys))

    def claim(self, keys: Image, attempt: Attempt) -> Claimed:
        with self._lock:
            self._answer("claim")
            if keys in self.unclaimable:
                raise StorageUnavailable("ReadTimeoutError")
            item = self.item(keys)
            if item is None:
                return Claimed(None)
            old = dict(item)
            copies, attempts = _number(item, "copies") or 0, _number(item, "attempts") or 0
            state = text(item, "delivery")
            waits = state in ("sending", "unclear") and _has_come(item, attempt.now)
            if copies >= attempt.most_copies or not (state in (None, "due") or waits):
                return Claimed(old)
            item |= {
                "delivery": {"S": "sending"},
                "claim": {"S": attempt.token},
                "due_at": _seconds(attempt.until),
                "copies": {"N": str(copies + 1)},
                "attempts": {"N": str(attempts + 1)},
            }
            return Claimed(old, copies + 1, attempts + 1)

    def settle(self, keys: Image, token: str, end: End) -> None:
        with self._lock:
            self._answer("settle")
            item = self.item(keys)
            if item is None:
                return
            spent = end.status == "sent" and (_number(item, "copies") or 0) > 0
            if text(item, "claim") != token and not spent:
                return
            for name in ("claim", "delivery_reason", "settled_at"):
                item.pop(name, None)
            if not end.due_at:
                item.pop("due_shard", None)
                item.pop("due_at", None)
            item["delivery"] = {"S": end.status}
            if end.reason:
                item["delivery_reason"] = {"S": end.reason}
            if end.refused_since:
                item["refused_since"] = _seconds(end.refused_since)
            if end.due_at:
                item["due_at"] = _seconds(end.due_at)
            if end.status in ("sent", "failed"):
                item["settled_at"] = _seconds(end.now)
            if end.not_taken:
                item["copies"] = {"N": str((_number(item, "copies") or 0) - 1)}

    def hold(self, keys: Image, attempt: Attempt, reason: str) -> bool:
        with self._lock:
            self._answer("hold")
            item = self.item(keys)
            if (
                item is None
                or text(item, "delivery") not in ("due", "sending", "unclear")
                or not _has_come(item, attempt.now)
                or (_number(item, "copies") or 0) < attempt.most_copies
            ):
                return False
            for name in ("claim", "due_shard", "due_at"):
                item.pop(name, None)
            item |= {"delivery": {"S": "unclear"}, "delivery_reason": {"S": reason}}
            return True

    def owed(self) -> Iterator[OwedMail]:
        """What the index holds; `failing["owed"]` is at which of them it fails."""
        indexed = [
            OwedMail(json.loads(keys), _time(item, "due_at"), _time(item, "checked_at"))
            for keys, item in self._items.items()
            if "due_shard" in item
        ]
        for given, mail in enumerate(sorted(indexed, key=lambda each: each.due_at)):
            if given + 1 == self.failing["owed"]:
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
        self.sent: list[tuple[str, bytes]] = []
        self.tried: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.on_send: Callable[[str], None] = lambda _: None

    @property
    def mailed(self) -> list[str]:
        return [recipient for recipient, _ in self.sent]


class FakeConnection:
    """`asked` lists the seconds it was given to be ready, `allowed` those for each mail.

    `on_ready` is called before it is ready; it may raise Halted.
    """

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self.asked: list[float] = []
        self.allowed: list[float] = []
        self.on_ready: Callable[[], None] = lambda: None

    def ready(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.on_ready()

    def send(self, recipient: str, content: bytes, seconds: float) -> None:
        self.allowed.append(seconds)
        self._server.tried.append(recipient)
        self._server.on_send(recipient)
        if errors := self._server.errors.get(recipient):
            raise errors.pop(0)
        self._server.sent.append((recipient, content))


class FakeWork:
    """A round with as many `left` for a send, whatever has been done; `stopped` by which fault.

    `took` are the seconds from check-in to mail.
    """

    def __init__(self, left: float = 5.0) -> None:
        self.left = left
        self.stopped: list[Halted] = []
        self.took: list[float] = []

    def mailed(self, seconds: float) -> None:
        self.took.append(seconds)

    def seconds(self) -> float:
        return self.left

    def stop(self, error: Halted) -> None:
        self.stopped.append(error)


class Desk:
    """A courier among fakes, at `now`. Check-ins are numbered; number 3 is p3@example.com's."""

    def __init__(self, *, most_copies: int = 2) -> None:
        self.now = NOW
        self.deliveries = FakeDeliveries()
        self.server = FakeServer()
        self.pauses: list[float] = []
        self.written: list[NewItem] = []
        self.on_write: Callable[[], object] = lambda: None
        self.events_away = 0  # how many letters find the event's table away
        self.courier = Courier(
            self._write,
            self.deliveries,
            Policy(lease=LEASE, most_copies=most_copies),
            now=lambda: self.now,
            pause=self.pauses.append,
        )

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def check_in(self, number: int, **attributes: str | None) -> NewItem:
        """Put one in the table, due since now; as the stream brings it."""
        known: dict[str, Any] = {
            "check_in_id": f"check-in-{number}",
            "name": f"Person {number}",
            "email": address(number),
            "delivery": "due",
        }
        image = keys(number) | {
            name: {"S": value} for name, value in (known | attributes).items() if value is not None
        }
        image["checked_at"] = _seconds(self.now)
        if image.get("delivery") == {"S": "due"}:
            image |= {"due_shard": {"S": "0"}, "due_at": _seconds(self.now)}
        self.deliveries.put(keys(number), image)
        return NewItem(f"{number}00", keys(number), image)

    def change(self, number: int, **attributes: str) -> None:
        item = self.deliveries.item(keys(number))
        assert item is not None
        item |= {name: {"S": value} for name, value in attributes.items()}

    def said(self, number: int, name: str) -> str | None:
        """An attribute of the item, whatever its type."""
        item = self.deliveries.item(keys(number)) or {}
        return next(iter(item[name].values())) if name in item else None

    def delivery(self, number: int) -> str | None:
        return self.said(number, "delivery")

    def copies(self, number: int) -> int:
        return int(self.said(number, "copies") or 0)

    def due_in(self, number: int) -> float | None:
        """Seconds from now until the next attempt may be made; None where nothing is owed."""
        due_at = self.said(number, "due_at")
        return int(due_at) - self.now.timestamp() if due_at else None

    def _write(self, item: NewItem, recipient: str) -> Letter:
        self.written.append(item)
        self.on_write()
        if self.events_away:
            self.events_away -= 1
            raise StorageUnavailable("ThrottlingException")
        if "@" not in recipient:
            raise UnusableAddress("not an address")
        return Letter(recipient, b"hello\r\n")


def address(number: int) -> str:
    return f"p{number}@example.com"


def keys(number: int) -> dict[str, Any]:
    return {"attendee_id": {"S": f"attendee-{number}"}, "event_code": {"S": "0211ABC"}}


def _has_come(item: Image, now: datetime) -> bool:
    due_at = _number(item, "due_at")
    return due_at is not None and due_at <= int(now.timestamp())


def _time(item: Image, name: str) -> datetime:
    return datetime.fromtimestamp(_number(item, name) or 0, UTC)


def _number(item: Image, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}
