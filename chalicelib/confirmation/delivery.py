"""One confirmation on its way: claimed, sent in one attempt, and its end recorded.

The claim comes before the mail, the record after it. What dies in between leaves a delivery that is
`sending`: after the lease another worker sees that a reply was lost, and how many copies are out.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from chalicelib.attendance.delivery import Attempt, Claimed, DeliveryStatus, End, next_attempt
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.message import Letter, UnusableAddress
from chalicelib.confirmation.records import Image, NewItem, moment, text
from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Unclear

log = logging.getLogger("rollcall.confirmation")

# "again": the stream has to bring it again. "put off": still due, and the sweep's alone.
Outcome = DeliveryStatus | Literal["again", "put off", "passed over"]

_HELD_UP = 5  # attempts at one mail that does not go out now, while those behind it wait
SHORTEST_SEND = 0.5  # seconds
NO_TIME = "no time left for an attempt"
_SECOND = timedelta(seconds=1)
_RECORD_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between the tries to record a mail that is out


class Deliveries(Protocol):
    """Where the deliveries are written down. All raise StorageUnavailable."""

    def claim(self, keys: Image, attempt: Attempt) -> Claimed: ...

    def settle(self, keys: Image, token: str, end: End) -> None: ...

    def hold(self, keys: Image, attempt: Attempt, reason: str) -> bool: ...


class Outbox(Protocol):
    def send(self, recipient: str, content: bytes, seconds: float) -> None:
        """Raises a leaf of DeliveryError."""


class Work(Protocol):
    """The round that an attempt belongs to."""

    def seconds(self) -> float:
        """What a send may take now, so that there is time left for its record."""

    def stop(self, error: Halted) -> None:
        """Begin no further attempt."""

    def mailed(self, seconds: float) -> None:
        """The server has taken a mail, as long after the check-in."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`lease` is one attempt's; `most_copies` of a mail may go out before a person decides."""

    lease: timedelta
    most_copies: int


class Courier:
    """Delivers one confirmation after the other; `now` gives aware UTC. For several threads."""

    def __init__(
        self,
        write: Callable[[NewItem, str], Letter],
        deliveries: Deliveries,
        policy: Policy,
        *,
        now: Callable[[], datetime],
        pause: Callable[[float], None],
    ) -> None:
        self._write = write
        self._deliveries = deliveries
        self._policy = policy
        self._now = now
        self._pause = pause
        self._copies_out: dict[str, int] = {}

    def deliver(self, item: NewItem, outbox: Outbox, work: Work) -> Outcome:
        """Make one attempt, if one is to be made; a fault of our own stops the work.

        Raises StorageUnavailable: then the delivery is as it was, or comes back by itself when the
        lease is over.
        """
        now = self._now()
        attempt = Attempt(
            token=secrets.token_hex(8),
            now=now,
            until=_next_second(now + self._policy.lease),
            most_copies=self._policy.most_copies,
        )
        claimed = self._deliveries.claim(item.keys, attempt)
        if claimed.image is None:
            return self._deliver_unrecorded(item, outbox, attempt, work)
        item = replace(item, image=claimed.image)  # its address may have been corrected since
        if not claimed.copies:
            return self._pass_over(item, claimed.image, attempt)
        try:
            end = self._attempt(item, outbox, attempt, work)
        except StorageUnavailable as error:
            self._record(item, attempt, _due(now, error), work)
            raise
        if end.status == "unclear" and claimed.copies < attempt.most_copies:
            end = replace(end, due_at=attempt.until)
        self._record(item, attempt, end, work)
        if end.due_at and not _is_swept(claimed.image):
            return "again"
        if end.status == "due":
            return "put off" if claimed.attempts >= _HELD_UP else "again"
        return end.status

    def forget(self) -> None:
        """A batch is through: none of its records comes again."""
        self._copies_out.clear()

    def _attempt(self, item: NewItem, outbox: Outbox, attempt: Attempt, work: Work) -> End:
        image = item.image or {}
        recipient = text(image, "email")
        if recipient is None:
            return End(status="no_address", now=self._now())
        try:
            letter = self._write(item, recipient)
            seconds = min(work.seconds(), attempt.seconds_left(self._now()))
            if seconds < SHORTEST_SEND:
                raise Halted(NO_TIME)
            outbox.send(letter.address, letter.content, seconds)
        except Halted as error:
            work.stop(error)
            return _due(self._now(), error)
        except (UnusableAddress, Rejected) as error:
            return End(status="failed", now=self._now(), reason=str(error))
        except Unclear as error:
            return End(status="unclear", now=self._now(), reason=str(error))
        except Postponed as error:
            now = self._now()
            since = moment(image, "refused_since") or now
            due_at = next_attempt(since, now)
            status: DeliveryStatus = "due" if due_at else "failed"
            return End(
                status=status, now=now, reason=str(error), due_at=due_at, refused_since=since
            )
        now = self._now()
        checked_at = moment(image, "checked_at")
        if checked_at and checked_at.tzinfo:
            work.mailed(max(0.0, (now - checked_at).total_seconds()))
        return End(status="sent", now=now)

    def _pass_over(self, item: NewItem, image: Image, attempt: Attempt) -> Outcome:
        """It is settled, or another's; or its copies are spent, and a person has to decide."""
        due_at = moment(image, "due_at")
        if due_at is None:
            return "passed over"
        if due_at > attempt.now:
            return "passed over" if _is_swept(image) else "again"
        reason = "nobody knows what became of the last attempt"
        if not self._deliveries.hold(item.keys, attempt, reason):
            return "passed over"
        log.warning("%s: unclear, and left to a person", item, extra=item.log_fields)
        return "unclear"

    def _record(self, item: NewItem, attempt: Attempt, end: End, work: Work) -> None:
        """What cannot be recorded is `sending` until its lease is over; then a reply was lost."""
        if end.reason:
            log.warning("%s: %s, %s", item, end.status, end.reason, extra=item.log_fields)
        pauses = list(_RECORD_AGAIN) if end.status == "sent" else []
        while True:
            try:
                self._deliveries.settle(item.keys, attempt.token, end)
                return
            except StorageUnavailable as error:
                if not pauses or work.seconds() < pauses[0]:
                    log.error(
                        "%s: %s, not recorded: %s",
                        item,
                        end.status,
                        error,
                        extra=item.log_fields,
                    )
                    return
            self._pause(pauses.pop(0))

    def _deliver_unrecorded(
        self, item: NewItem, outbox: Outbox, attempt: Attempt, work: Work
    ) -> Outcome:
        """A record whose item is not in the table: only this container knows what became of it."""
        mark = json.dumps([item.sequence_number, item.keys, item.image])
        copies = self._copies_out.get(mark, 0)
        if item.image is None or copies >= self._policy.most_copies:
            return "passed over"
        end = self._attempt(item, outbox, attempt, work)
        if end.reason:
            log.warning("%s: %s, %s", item, end.status, end.reason, extra=item.log_fields)
        if end.not_taken:
            return "again" if end.status == "due" else end.status
        copies = self._policy.most_copies if end.status == "sent" else copies + 1
        self._copies_out[mark] = copies
        return "again" if copies < self._policy.most_copies else end.status


def _due(now: datetime, error: Exception) -> End:
    """A fault that says nothing about the mail."""
    return End(status="due", now=now, reason=str(error), due_at=now)


def _is_swept(image: Image) -> bool:
    """Whether the sweep finds it. Other tables' items it does not: the stream has to bring them."""
    return text(image, "due_shard") is not None


def _next_second(moment: datetime) -> datetime:
    """Storage keeps whole seconds: a lease that was rounded down could end before its attempt."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + _SECOND
