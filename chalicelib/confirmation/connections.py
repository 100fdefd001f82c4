"""The container's connections to the mail server, and the pause that the server has asked for."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from chalicelib.confirmation.delivery import NO_TIME, SHORTEST_SEND, Outbox
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
        self._free: list[Connection] = []
        self._refused: Halted | None = None
        self._changed = threading.Condition()
        self._clock = clock
        self._pause = pause
        self._pauses = 0
        self._resume_at = 0.0

    def begin(self, seconds: float) -> None:
        """Have one open, and forget what was refused before. Raises Halted."""
        with self._changed:
            self._refused = None
            connection = (self._free or self._closed).pop()
        self._ready(connection, seconds)
        self._free_again(connection)

    def missing(self, wanted: int) -> int:
        """How many are to be opened until there are as many."""
        with self._changed:
            return max(0, min(wanted, self.most) - (self.most - len(self._closed)))

    def open(self, seconds: float) -> None:
        """Open a further one, within so many seconds. Raises Halted."""
        with self._changed:
            connection = self._closed.pop()
        self._ready(connection, seconds)
        self._free_again(connection)

    def send(self, recipient: str, content: bytes, seconds: float) -> None:
        """As a connection's own, which is waited for. After Halted nothing more goes out."""
        deadline = self._clock() + seconds
        while True:
            connection = self._take(seconds / 2, deadline)
            with suppress(Halted):  # where it was the last that was open, nothing more goes out
                self._ready(connection, deadline - self._clock())
                break
        try:
            left = deadline - self._clock()
            if left >= SHORTEST_SEND:
                return connection.send(recipient, content, left)
        except Halted as error:
            self._refuse(error)
            raise
        finally:
            self._free_again(connection)
        raise Halted(NO_TIME)

    def _take(self, longest: float, deadline: float) -> Connection:
        """Wait for one, `longest` seconds at most."""
        with self._changed:
            left = deadline - self._clock()
            if left >= SHORTEST_SEND:
                self._changed.wait_for(lambda: self._free or self._refused, min(longest, left))
            if self._refused:
                raise copy.copy(self._refused)  # each thread its own, which it can be raised in
            if left < SHORTEST_SEND:
                raise Halted(NO_TIME)
            if not self._free:
                raise Halted("no connection is free")
            return self._free.pop()

    def _ready(self, connection: Connection, seconds: float) -> None:
        try:
            connection.ready(seconds)
        except BaseException as error:
            with self._changed:
                self._closed.append(connection)
                none_is_open = len(self._closed) == self.most
            if none_is_open:
                self._refuse(error if isinstance(error, Halted) else Halted("no connection"))
            raise

    def _free_again(self, connection: Connection) -> None:
        with self._changed:
            self._free.append(connection)
            self._changed.notify()
        # Gives the interpreter away, so that who waits nearly always has it before this thread
        # goes on: 2 to 4 % more mails (docs/performance.md).
        time.sleep(0)

    def _refuse(self, error: Halted) -> None:
        """All that wait, and those that come, hear of it."""
        with self._changed:
            # Without what it came from: a traceback holds the mail.
            self._refused = copy.copy(error)
            self._changed.notify_all()

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
