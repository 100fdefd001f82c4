"""Simulates faults of DynamoDB and killed processes in memory, so that walks are fast.

They sit in a consumer's SDK client, before and after each call.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from script import Script

from chalicelib.settings import Settings
from faults.clock import Clock
from faults.consumer import Died, Event, InProcess
from faults.dynamodb_proxy import meaning

Call = Literal["claim", "record", "event", "Query"]
Fault = Literal["not done", "done, answer lost", "killed before", "killed after"]


class Killed(BaseException):
    """Not an Exception, so that no error handler catches it."""


class BrokenStorage:
    """`unheard` has the keys of calls that got no answer, whether or not they were carried out."""

    def __init__(self) -> None:
        self.script = Script[Fault]()
        self.dead = False
        self.unheard: list[dict[str, Any]] = []
        self._now: Fault | None = None

    def attach(self, consumer: InProcess) -> None:
        events = consumer.wiring._dynamodb.meta.events
        events.register("before-call.dynamodb", self._before)
        events.register("after-call.dynamodb", self._after)

    def _before(self, model: Any, params: Any, **_: Any) -> None:
        if self.dead:
            raise Killed
        call = json.loads(params["body"])
        self._now = self.script.action(meaning(model.name, call) or model.name)
        if self._now and "Key" in call:
            self.unheard.append(call["Key"])
        if self._now == "not done":
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        if self._now == "killed before":
            self.die()

    def _after(self, **_: Any) -> None:
        if self._now == "done, answer lost":
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")
        if self._now == "killed after":
            self.die()

    def die(self) -> None:
        self.dead = True
        raise Killed


class Mortal(InProcess):
    """Dies when its storage says so, and writes nothing afterwards."""

    def __init__(self, storage: BrokenStorage, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._storage = storage
        storage.dead = False
        storage.attach(self)

    def send_confirmations(self, event: Event) -> Any:
        try:
            return super().send_confirmations(event)
        except Killed as end:
            raise Died from end

    def sweep_deliveries(self) -> None:
        try:
            super().sweep_deliveries()
        except Killed as end:
            raise Died from end
