"""Makes one attempt to mail a confirmation: claim it, send it, record how that ended.

The claim is written before the mail is sent, and the record after it. If a worker dies in between,
the delivery stays `sending`. After the lease another worker sees that the outcome is unknown, and
how many copies may have gone out.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.attendance.delivery import Attempt, Claimed, DeliveryStatus, End, next_attempt
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.composer import Message, UnusableAddress
from chalicelib.confirmation.pool import NO_TIME, SHORTEST_SEND
from chalicelib.confirmation.records import Image, Record, moment, text
from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Unclear
from chalicelib.confirmation.run import Outcome, Run

log = logging.getLogger("rollcall.confirmation")

_HELD_UP = 5  # attempts at one mail while those behind it wait; then the sweep takes over
_SECOND = timedelta(seconds=1)
_RECORD_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between the tries to record a sent mail


class Deliveries(Protocol):
    """Where the deliveries are kept. Each method raises StorageUnavailable."""

    def claim(self, keys: Image, attempt: Attempt) -> Claimed: ...

    def settle(self, keys: Image, token: str, end: End) -> None: ...

    def hold(self, keys: Image, attempt: Attempt, reason: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """`lease` is for one attempt; `most_copies` may go out before a person has to decide."""

    lease: timedelta
    most_copies: int


class DeliveryService:
    """`compose` builds a message and `send` mails it; `pause` sleeps for a number of seconds."""

    def __init__(
        self,
        deliveries: Deliveries,
        policy: Policy,
        *,
        compose: Callable[[Record, str], Message],
        send: Callable[[Message, float], None],
        now: Callable[[], datetime],
        pause: Callable[[float], None],
    ) -> None:
        self._deliveries = deliveries
        self._policy = policy
        self._compose = compose
        self._send = send
        self._now = now
        self._pause = pause

    def deliver(self, record: Record, run: Run) -> Outcome:
        """Make one attempt if the mail is owed; a fault of our own stops the run.

        Raises StorageUnavailable. The delivery is then unchanged, or due again after the lease.
        """
        if record.is_foreign:
            return self._deliver_foreign(record, run)
        now = self._now()
        attempt = Attempt(
            token=secrets.token_hex(8),
            now=now,
            until=_next_second(now + self._policy.lease),
            most_copies=self._policy.most_copies,
        )
        claimed = self._deliveries.claim(record.keys, attempt)
        if claimed.image is None:
            return "passed over"  # the check-in was deleted
        record = replace(record, image=claimed.image)  # its address may have been corrected since
        if not claimed.copies:
            return self._pass_over(record, claimed.image, attempt)
        try:
            end = self._attempt(record, run, lease=attempt.seconds_left)
        except StorageUnavailable as error:
            self._record(record, attempt, _due(now, error), run)
            raise
        if end.status == "unclear" and claimed.copies < attempt.most_copies:
            end = replace(end, due_at=attempt.until)
        self._record(record, attempt, end, run)
        if end.status == "due":
            return "put off" if claimed.attempts >= _HELD_UP else "again"
        return end.status

    def _deliver_foreign(self, record: Record, run: Run) -> Outcome:
        """Mail a record of another table, which has no state: the outcome is not stored."""
        end = self._attempt(record, run)
        _log_end(record, end)
        return "again" if end.status == "due" else end.status

    def _attempt(
        self, record: Record, run: Run, lease: Callable[[datetime], float] | None = None
    ) -> End:
        """Compose and send; `lease` returns the seconds that are left of the claim's lease."""
        image = record.image or {}
        recipient = text(image, "email")
        if recipient is None:
            return End(status="no_address", now=self._now())
        try:
            message = self._compose(record, recipient)
            seconds = min(run.seconds(), lease(self._now())) if lease else run.seconds()
            if seconds < SHORTEST_SEND:
                raise Halted(NO_TIME)
            self._send(message, seconds)
        except Halted as error:
            run.stop(error)
            return _due(self._now(), error)
        except (UnusableAddress, Rejected) as error:
            return End(status="failed", now=self._now(), reason=str(error))
        except Unclear as error:
            return End(status="unclear", now=self._now(), reason=str(error))
        except Postponed as error:
            return self._postponed(image, error)
        now = self._now()
        checked_at = moment(image, "checked_at")
        if checked_at and checked_at.tzinfo:
            run.seconds_to_mail.append(max(0.0, (now - checked_at).total_seconds()))
        return End(status="sent", now=now)

    def _postponed(self, image: Image, error: Postponed) -> End:
        now = self._now()
        since = moment(image, "refused_since") or now
        due_at = next_attempt(since, now)
        status: DeliveryStatus = "due" if due_at else "failed"
        return End(status=status, now=now, reason=str(error), due_at=due_at, refused_since=since)

    def _pass_over(self, record: Record, image: Image, attempt: Attempt) -> Outcome:
        """Leave it: settled, claimed by another worker, or (all copies spent) for a person."""
        due_at = moment(image, "due_at")
        if due_at is None or due_at > attempt.now:
            return "passed over"
        reason = "the outcome of the last attempt is unknown"
        if not self._deliveries.hold(record.keys, attempt, reason):
            return "passed over"
        log.warning("%s: unclear, and left to a person", record, extra=record.log_fields)
        return "unclear"

    def _record(self, record: Record, attempt: Attempt, end: End, run: Run) -> None:
        """Record the end. Without it the delivery stays `sending`, and after the lease unclear."""
        _log_end(record, end)
        pauses = list(_RECORD_AGAIN) if end.status == "sent" else []
        while True:
            try:
                self._deliveries.settle(record.keys, attempt.token, end)
                return
            except StorageUnavailable as error:
                if not pauses or run.seconds() < pauses[0]:
                    log.error(
                        "%s: %s, not recorded: %s",
                        record,
                        end.status,
                        error,
                        extra=record.log_fields,
                    )
                    return
            self._pause(pauses.pop(0))


def _log_end(record: Record, end: End) -> None:
    if end.reason:
        log.warning("%s: %s, %s", record, end.status, end.reason, extra=record.log_fields)


def _due(now: datetime, error: Exception) -> End:
    """The end of an attempt that failed for a reason other than the mail itself."""
    return End(status="due", now=now, reason=str(error), due_at=now)


def _next_second(moment: datetime) -> datetime:
    """Round up, as storage keeps whole seconds: a lease must not end before its attempt."""
    return moment if not moment.microsecond else moment.replace(microsecond=0) + _SECOND
