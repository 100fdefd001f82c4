"""What is owed as a sweep begins: those that may be tried go to it, and all of it is counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from chalicelib.attendance.delivery import OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.records import Image
from chalicelib.telemetry.metrics import Values

log = logging.getLogger("rollcall.confirmation")


class Backlog:
    """`owed` are those of the index, by the time they are due at; `now` is aware UTC.

    An index of several pages is read while the sweep changes it, so then the count is near.
    """

    def __init__(self, owed: Iterator[OwedMail], now: datetime) -> None:
        self._owed = owed
        self._now = now
        self._count = 0
        self._oldest = now
        self._is_known = False  # how many they are: the index was read to its end
        self._is_away = False

    def due(self) -> Iterator[Image]:
        """The keys of those that may be tried now. Raises StorageUnavailable."""
        while (mail := self._next()) and mail.due_at <= self._now:
            yield mail.keys

    def count_rest(self, has_time: Callable[[], bool]) -> None:
        """Read on, as far as the time and storage go."""
        try:
            while not self._is_away and has_time() and self._next():
                pass
        except StorageUnavailable as error:
            log.warning("not all that is owed was counted: %s", error)

    def measured(self) -> Values:
        """Empty where nothing was found and nobody knows whether something is there."""
        if not (self._count or self._is_known):
            return {}
        age = (self._now - self._oldest).total_seconds()
        return {"Owed": self._count, "OldestOwedSeconds": age}

    def _next(self) -> OwedMail | None:
        try:
            mail = next(self._owed, None)
        except StorageUnavailable:
            self._is_away = True  # and what was read from has ended, as if that were all
            raise
        if mail is None:
            self._is_known = True
            return None
        self._count += 1
        self._oldest = min(self._oldest, mail.since)
        return mail
