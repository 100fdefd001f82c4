"""The container's connections to the mail server, and the pause that the server has asked for."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from chalicelib.confirmation.delivery import Outbox
from chalicelib.confirmation.replies import Halted

_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 30.0


class Connection(Outbox, Protocol):
    def ready(self, seconds: float) -> None:
        """Be connected, within the `seconds` that are left. Raises Halted."""


class Connections:
    """Lends each connection to one worker at a time, the one that was used last first.

    They outlive an invocation. `pause` waits for as many seconds, `clock` gives seconds.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        *,
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = len(connections)
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        for connection in connections:
            self._idle.put(connection)
        self._clock = clock
        self._pause = pause
        self._pauses = 0
        self._resume_at = 0.0

    @contextmanager
    def lend(self, seconds: float) -> Iterator[Connection]:
        """A connection, waited for as many seconds at most. Raises Halted where none is free."""
        try:
            connection = self._idle.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise Halted("no connection is free") from None
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def await_resumption(self, seconds: float) -> None:
        """Wait for the end of the pause. Raises Halted where that is more than `seconds` away."""
        wait = self._resume_at - self._clock()
        if wait > seconds:
            raise Halted("the server has asked for a pause")
        if wait > 0:
            self._pause(wait)

    def slow_down(self) -> None:
        """The server has asked for a pause: a longer one each time, until a mail goes out."""
        self._resume_at = self._clock() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._pauses)
        self._pauses = min(self._pauses + 1, 10)

    def recover(self) -> None:
        self._pauses = 0
