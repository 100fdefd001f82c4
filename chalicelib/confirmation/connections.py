"""The container's connections to the mail server, and the pause that the server has asked for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from chalicelib.confirmation.delivery import Outbox
from chalicelib.confirmation.replies import Halted

_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 30.0


class Connection(Outbox, Protocol):
    def ready(self, seconds: float) -> None:
        """Be connected, within the `seconds` that are left. Raises Halted."""


class Connections:
    """Sends each mail over the first connection that is free, the one that was used last first.

    They are opened ahead of the mails, and outlive an invocation. `pause` waits for as many
    seconds, `clock` gives seconds. For several threads.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        *,
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = len(connections)
        self._closed = list(connections)
        self._free: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._clock = clock
        self._pause = pause
        self._pauses = 0
        self._resume_at = 0.0
        self._refused: Halted | None = None

    def begin(self, seconds: float) -> None:
        """Have one open, and forget what was refused before. Raises Halted."""
        self._refused = None
        with suppress(queue.Empty):
            self._ready(self._free.get_nowait(), seconds)
            return
        self.open(seconds)

    def missing(self, wanted: int) -> int:
        """How many are to be opened until there are as many."""
        with self._lock:
            return max(0, min(wanted, self.most) - (self.most - len(self._closed)))

    def open(self, seconds: float) -> None:
        """Open a further one, within so many seconds. Raises Halted."""
        with self._lock:
            connection = self._closed.pop()
        self._ready(connection, seconds)

    def send(self, recipient: str, content: bytes, seconds: float) -> None:
        """As a connection's own, which is waited for. After Halted nothing more goes out."""
        deadline = self._clock() + seconds
        while True:
            connection = self._take(seconds / 2)
            try:
                connection.ready(deadline - self._clock())
            except BaseException as error:
                if self._close(connection) or not isinstance(error, Halted):
                    raise
                continue
            try:
                return connection.send(recipient, content, deadline - self._clock())
            except Halted as error:
                self._refused = error
                raise
            finally:
                self._free.put(connection)

    def _take(self, seconds: float) -> Connection:
        try:
            connection = self._free.get(timeout=seconds)
        except queue.Empty:
            raise Halted("no connection is free") from None
        if self._refused:
            self._free.put(connection)
            raise self._refused
        return connection

    def _ready(self, connection: Connection, seconds: float) -> None:
        try:
            connection.ready(seconds)
        except BaseException:
            self._close(connection)
            raise
        self._free.put(connection)

    def _close(self, connection: Connection) -> bool:
        """Whether it was the last that was open."""
        with self._lock:
            self._closed.append(connection)
            return len(self._closed) == self.most

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
