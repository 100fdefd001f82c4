"""A container's connections to the mail server, and the pause that the server has asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from chalicelib.confirmation.composer import Message
from chalicelib.confirmation.replies import Halted

SHORTEST_SEND = 0.5  # seconds
NO_TIME = "no time left for an attempt"

_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 30.0


class Connection(Protocol):
    def ready(self, seconds: float) -> None:
        """Connect if necessary; `seconds` are left for it. Raises Halted."""

    def send(self, message: Message, seconds: float) -> None:
        """Send a mail. Raises a subclass of DeliveryError."""


class ConnectionPool:
    """Sends each mail over a free connection, preferring the one that was used last.

    Connections are opened when they are needed, and outlive an invocation. The pool is thread-safe.
    """

    def __init__(
        self, connections: Sequence[Connection], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.size = len(connections)
        self._clock = clock
        self._free = list(connections)
        self._unavailable: list[Connection] = []  # they failed in this invocation
        self._halted: Halted | None = None
        self._changed = threading.Condition()

    def begin(self, seconds: float) -> None:
        """Open one connection, and forget the failures of earlier invocations. Raises Halted."""
        with self._changed:
            self._halted = None
            self._free[:0] = self._unavailable
            self._unavailable.clear()
            connection = self._free.pop()
        try:
            connection.ready(seconds)
        finally:
            self._release(connection)

    def send(self, message: Message, seconds: float) -> None:
        """Wait for a free connection and send the mail. After Halted, no more mails are sent."""
        deadline = self._clock() + seconds
        connection = self._acquire(deadline)
        try:
            connection.send(message, deadline - self._clock())
        except Halted as error:
            self._halt(error)
            raise
        finally:
            self._release(connection)

    def _acquire(self, deadline: float) -> Connection:
        """Return an open connection, while there is still time for a mail. Raises Halted."""
        while True:
            connection = self._take(deadline)
            left = deadline - self._clock()
            try:
                connection.ready(left)
            except Halted as error:
                self._set_aside(connection, error)
                continue
            except BaseException:
                self._release(connection)
                raise
            if deadline - self._clock() >= SHORTEST_SEND:
                return connection
            self._release(connection)

    def _take(self, deadline: float) -> Connection:
        """Wait for a free connection for up to half of the time that is left. Raises Halted."""
        with self._changed:
            left = deadline - self._clock()
            if left >= SHORTEST_SEND:
                self._changed.wait_for(lambda: self._free or self._halted, left / 2)
            if self._halted:
                raise type(self._halted)(
                    *self._halted.args
                )  # a copy: its traceback belongs to another thread
            if left < SHORTEST_SEND:
                raise Halted(NO_TIME)
            if not self._free:
                raise Halted("no connection is free")
            return self._free.pop()

    def _release(self, connection: Connection) -> None:
        with self._changed:
            self._free.append(connection)
            self._changed.notify()

    def _set_aside(self, connection: Connection, error: Halted) -> None:
        with self._changed:
            self._unavailable.append(connection)
            none_is_left = len(self._unavailable) == self.size
        if none_is_left:
            self._halt(error)

    def _halt(self, error: Halted) -> None:
        """Fail all threads that wait for a connection, now or later."""
        with self._changed:
            self._halted = error
            self._changed.notify_all()


class Pause:
    """The pause that the mail server has asked for. `wait` sleeps for a number of seconds."""

    def __init__(
        self, wait: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._wait = wait
        self._clock = clock
        self._asked = 0
        self._ends_at = 0.0

    def wait(self, longest: float) -> None:
        """Wait until the pause ends. Raises Halted if that takes more than `longest` seconds."""
        seconds = self._ends_at - self._clock()
        if seconds > longest:
            raise Halted("the server has asked for a pause")
        if seconds > 0:
            self._wait(seconds)

    def lengthen(self) -> None:
        """Begin a pause. Each is longer than the last, until a mail has been sent."""
        self._ends_at = self._clock() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._asked)
        self._asked = min(self._asked + 1, 10)

    def reset(self) -> None:
        self._asked = 0
