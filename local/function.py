"""Runs a Lambda function in its own process, and restarts it after an edit."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from chalice.local import LambdaContext

from local.mapping import FunctionError
from local.processes import ROOT, code_state

_SPAWN = multiprocessing.get_context("spawn")


class Function:
    """`name` is the function's name in app.py; `timeout` is in seconds, as on Lambda.

    Simultaneous invocations run in separate processes, as in containers on Lambda.
    """

    def __init__(self, name: str, environment: Mapping[str, str], timeout: float) -> None:
        self._name = name
        self._environment = dict(environment)
        self._timeout = timeout
        self._live: set[_Container] = set()
        self._idle: list[_Container] = []
        self._stopped = False
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Start one container and wait for it, so that the first event does not have to."""
        container = self._take()
        container.await_start()
        with self._lock:
            self._idle.append(container)

    def invoke(self, event: dict[str, Any]) -> Any:
        """The function's return value. Raises FunctionError if it failed, as Lambda reports it."""
        container = self._take()
        try:
            result = container.invoke(event)
        except FunctionError:
            with self._lock:
                self._live.discard(container)
            container.stop()
            raise
        with self._lock:
            self._idle.append(container)
        return result

    def stop(self) -> None:
        """Stop at once: running invocations fail, and so do later ones."""
        with self._lock:
            self._stopped = True
            for container in self._live:
                container.kill()

    def _take(self) -> _Container:
        with self._lock:
            if self._stopped:
                raise FunctionError("Runtime exited")
            while self._idle:
                container = self._idle.pop()
                if container.is_current():
                    return container
                self._live.discard(container)
                container.stop()
            container = _Container(self._name, self._environment, self._timeout)
            self._live.add(container)
            return container


class _Container:
    def __init__(self, name: str, environment: Mapping[str, str], timeout: float) -> None:
        self._timeout = timeout
        self._started = False
        self._code = code_state()
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve, args=(theirs, name, environment, timeout), daemon=True
        )
        self._process.start()
        theirs.close()

    def is_current(self) -> bool:
        return self._process.is_alive() and self._code == code_state()

    def await_start(self) -> None:
        """Wait for the import: as on Lambda, the function's timeout begins after it."""
        if not self._started:
            with suppress(EOFError, OSError):
                self._started = self._pipe.recv()

    def invoke(self, event: dict[str, Any]) -> Any:
        self.await_start()
        try:
            self._pipe.send(event)
            if not self._pipe.poll(self._timeout):
                raise FunctionError(f"Task timed out after {self._timeout:.2f} seconds")
            failed, result = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise FunctionError("Runtime exited") from error
        if failed:
            raise FunctionError(result)
        return result

    def stop(self) -> None:
        self.kill()
        self._pipe.close()

    def kill(self) -> None:
        """End the process. Any thread may call this; one that waits for an answer then fails."""
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection, name: str, environment: dict[str, str], timeout: float) -> None:
    """In the container: import the app once, then handle one event after another."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runtime decides when to stop
    sys.stdout = sys.stderr  # as in all child processes of the runtime
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    try:
        handler = getattr(importlib.import_module("app"), name)
    except Exception as error:  # noqa: BLE001  -- as Lambda: whatever the import raises
        traceback.print_exc()
        failure = f"{type(error).__name__}: {error}"
        handler = None
    pipe.send(True)  # noqa: FBT003  -- started
    while True:
        try:
            event = pipe.recv()
        except (EOFError, OSError):
            return
        if handler is None:
            pipe.send((True, failure))
            continue
        context = LambdaContext(name, memory_size=128, max_runtime_ms=int(timeout * 1000))
        try:
            pipe.send((False, handler(event, context)))
        except Exception as error:  # noqa: BLE001  -- as Lambda: whatever the function raises
            traceback.print_exc()
            pipe.send((True, f"{type(error).__name__}: {error}"))
