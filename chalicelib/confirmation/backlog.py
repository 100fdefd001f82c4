"""What is owed as a sweep begins: the sweep takes those that are due, and all of it is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from chalicelib.attendance.delivery import OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.records import Record
from chalicelib.telemetry.metrics import Values

log = logging.getLogger("rollcall.confirmation")


class Backlog:
    """`owed` are all of the index, by the time that they are due at; `now` is aware UTC.

    An index of several pages is read while the sweep changes it, so then the count is only near.
    """

    def __init__(self, owed: Iterator[OwedMail], now: datetime) -> None:
        self._owed = owed
        self._now = now
        self._count = 0
        self._oldest = now
        self._is_complete = False
        self._is_unreadable = False

    def due(self, most: int) -> list[Record]:
        """The next that may be tried now, up to as many; none where storage does not answer."""
        records: list[Record] = []
        while len(records) < most and (mail := self._next()) and mail.due_at <= self._now:
            records.append(Record("", mail.keys, None))
        return records

    def count_rest(self, has_time: Callable[[], bool]) -> None:
        """Read on, as far as the time goes."""
        while has_time() and self._next():
            pass

    def measured(self) -> Values:
        """Empty where nothing was found and nobody knows whether something is there."""
        if not (self._count or self._is_complete):
            return {}
        age = (self._now - self._oldest).total_seconds()
        return {"Owed": self._count, "OldestOwedSeconds": age}

    def _next(self) -> OwedMail | None:
        if self._is_unreadable:
            return None
        try:
            mail = next(self._owed, None)
        except StorageUnavailable as error:
            log.error("not all that is owed could be read: %s", error)
            self._is_unreadable = True
            return None
        if mail is None:
            self._is_complete = True
            return None
        self._count += 1
        self._oldest = min(self._oldest, mail.since)
        return mail
