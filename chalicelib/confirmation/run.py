"""One invocation: the time it has, what stopped it, and how long its mails took."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from chalicelib.attendance.delivery import DeliveryStatus
from chalicelib.confirmation.replies import Halted, Throttled

TimeLeft = Callable[[], float]

# "again": the stream has to bring it again. "put off": still due, and only the sweep tries it.
# "passed over": nothing is to be done here. "not tried": no time, or the run was stopped before.
Outcome = DeliveryStatus | Literal["again", "put off", "passed over", "not tried"]

_LEAST_SECONDS = 1.0  # with less nothing is begun
_FOR_THE_RECORD = 1 / 4  # of an attempt's time, 2 s at most: to write down how it ended
_LONGEST_RECORD = 2.0


class Run:
    """Shared by its workers. `time_left` gives the seconds until the invocation is ended.

    An attempt is not begun with less time left than it may take, its record included: `longest`
    seconds, or half of the time that the invocation had where that is less.
    """

    def __init__(self, time_left: TimeLeft, longest: float) -> None:
        self.time_left = time_left
        self.stopped: Halted | None = None
        self.seconds_to_mail: list[float] = []  # from each check-in to its mail
        self._needed = max(_LEAST_SECONDS, min(longest, time_left() / 2))
        self._record = min(_LONGEST_RECORD, self._needed * _FOR_THE_RECORD)
        self._lock = threading.Lock()

    @property
    def goes_on(self) -> bool:
        return self.stopped is None and self.time_left() >= self._needed

    def seconds(self) -> float:
        """What a send may take now, so that there is time left for its record."""
        return min(self._needed, self.time_left()) - self._record

    def stop(self, error: Halted) -> None:
        """Begin no further attempt. The first fault stands, unless the server asks for a pause."""
        with self._lock:
            if self.stopped is None or isinstance(error, Throttled):
                self.stopped = error

    def resume(self) -> bool:
        """Whether it can go on, also after a pause that the server has asked for."""
        if isinstance(self.stopped, Throttled):
            self.stopped = None
        return self.goes_on
