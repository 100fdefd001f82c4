"""One invocation: the time that is left, what stopped it, and how long its mails took."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from chalicelib.attendance.delivery import DeliveryStatus
from chalicelib.confirmation.replies import Halted, Throttled

TimeLeft = Callable[[], float]

# "again": the stream has to deliver it again. "put off": still due, but left to the sweep.
# "passed over": nothing to do here. "not tried": no time was left, or the run had been stopped.
Outcome = DeliveryStatus | Literal["again", "put off", "passed over", "not tried"]

_LEAST_SECONDS = 1.0  # with less, no attempt is begun
_FOR_THE_RECORD = 1 / 4  # of an attempt's time, but 2 s at most, is for recording its end
_LONGEST_RECORD = 2.0


class Run:
    """Shared by the workers. `time_left` returns the seconds until Lambda ends the invocation.

    No attempt is begun unless there is time for it and its record. That is `longest` seconds, or
    half of the time that the invocation began with if that is less.
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
        """How long a send may take now, so that there is time left to record it."""
        return min(self._needed, self.time_left()) - self._record

    def stop(self, error: Halted) -> None:
        """Begin no further attempt. The first error is kept, but Throttled replaces any other."""
        with self._lock:
            if self.stopped is None or isinstance(error, Throttled):
                self.stopped = error

    def resume(self) -> bool:
        """Whether the run can go on. If the server asked for a pause, it can."""
        if isinstance(self.stopped, Throttled):
            self.stopped = None
        return self.goes_on
