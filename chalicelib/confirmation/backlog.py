"""The mails that are owed when a sweep begins: it sends those that are due, and counts all."""

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
    """`owed` yields the whole index, sorted by `due_at`; `now` is aware UTC.

    The sweep changes the index while reading it, so over several pages the count is approximate.
    """

    def __init__(self, owed: Iterator[OwedMail], now: datetime) -> None:
        self._owed = owed
        self._now = now
        self._count = 0
        self._oldest = now
        self._is_complete = False
        self._is_unreadable = False

    def due(self, most: int) -> list[Record]:
        """The next mails that are due, at most `most` of them; none if storage does not answer."""
        records: list[Record] = []
        while len(records) < most and (mail := self._next()) and mail.due_at <= self._now:
            records.append(Record("", mail.keys, None))
        return records

    def count_rest(self, has_time: Callable[[], bool]) -> None:
        """Count the remaining mails while there is time."""
        while has_time() and self._next():
            pass

    def measured(self) -> Values:
        """The metrics; empty if nothing was found but the index was not read to its end."""
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
            log.error("could not read all owed mails: %s", error)
            self._is_unreadable = True
            return None
        if mail is None:
            self._is_complete = True
            return None
        self._count += 1
        self._oldest = min(self._oldest, mail.since)
        return mail
