"""The consumer under test: its two functions, in this process or in one that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from aws_calls import running
from botocore.config import Config

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.settings import Settings
from chalicelib.storage import dynamodb
from chalicelib.wiring import Wiring
from faults.clock import Clock
from local.schedule import scheduled_event

SECONDS = 900.0  # of an invocation, in real time: a busy machine may need many
PATIENCE = 120.0  # seconds, for operations without a fault
FAILED = "failed"  # a process's answer if storage did not answer

_RULE = "arn:aws:events:us-east-1:123456789012:rule/sweep_deliveries"
_ROOT = Path(__file__).parents[2]
_WORKER = Path(__file__).with_name("worker.py")

Event = Mapping[str, Any]
Answer = dict[str, list[dict[str, str]]]


class Failed(Exception):
    """The function raised: only this invocation is lost."""


class Died(Failed):
    """The process ended before it answered."""


class Consumer(Protocol):
    """One container. Both functions raise Failed."""

    def send_confirmations(self, event: Event) -> Answer: ...

    def sweep_deliveries(self) -> None: ...

    def close(self) -> None: ...


class InProcess:
    """Fast, and works with any clock; two of them share nothing.

    `endpoint` is DynamoDB's address, which has `patience` seconds for each answer.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        endpoint: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        wait = Config(connect_timeout=patience, read_timeout=patience)
        self.wiring = Wiring(
            settings,
            now=clock,
            pause=clock.pause,
            patience=dynamodb.in_a_function(patience).merge(wait),
        )
        with pytest.MonkeyPatch.context() as patch:
            if endpoint:
                patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
            self._confirmations = self.wiring.confirmations  # with its clients
        self._names = {
            "EVENT_TABLE": settings.event_table,
            "REGISTRATION_TABLE": settings.registration_table,
            "CHECK_IN_TABLE": settings.check_in_table,
        }

    def send_confirmations(self, event: Event) -> Answer:
        with _failures(), running("send_confirmations", self._names):
            return self._confirmations.deliver(event, lambda: SECONDS)

    def sweep_deliveries(self) -> None:
        with _failures(), running("sweep_deliveries", self._names):
            self._confirmations.sweep(lambda: SECONDS)

    def close(self) -> None:
        pass


class Process:
    """Runs in its own process: app.py as Lambda would load it, with our clock."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._clock = clock
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER)],
            cwd=_ROOT,
            env={**os.environ, **environment, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send_confirmations(self, event: Event) -> Answer:
        answer: Answer = self._call("send_confirmations", event)
        return answer

    def sweep_deliveries(self) -> None:
        self._call("sweep_deliveries", scheduled_event(_RULE, self._clock.seconds()))

    def kill(self) -> None:
        """SIGKILL; returns when the process has ended."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def close(self) -> None:
        self._process.kill()
        with self._process:
            pass

    def _call(self, function: str, event: Event) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        call = {"function": function, "event": event, "now": self._clock.seconds()}
        try:
            print(json.dumps(call), file=self._process.stdin, flush=True)
        except BrokenPipeError as error:
            raise Died from error
        answer = self._process.stdout.readline()
        if not answer:
            assert self._process.wait(PATIENCE) == -signal.SIGKILL, "it ended by itself"
            raise Died
        if (result := json.loads(answer)) == FAILED:
            raise Failed
        return result


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except StorageUnavailable as error:
        raise Failed from error
