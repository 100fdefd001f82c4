"""`python -m benchmarks.growth_runs WHAT …`: one measurement, in a process as small as Lambda's.

It works on the tables that the environment names. Its last line is what it found, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.local import LambdaContext

import app
from benchmarks.consumed import Consumed
from benchmarks.growth_tables import CODES, ROUNDS, VISITORS, phone, visitors
from benchmarks.measuring import in_turns
from benchmarks.meetup import check_in
from chalicelib import settings
from chalicelib.storage.dynamodb import AT_A_DESK
from chalicelib.wiring import Wiring
from local.loopback import HOST
from local.schedule import scheduled_event

_STATUS = {"new": 201, "duplicate": 200, "not registered": 404}


@dataclass(slots=True)
class Door:
    """One kind of visitors to the tables at `port`; `found` fills up, in ms and units a visit."""

    kind: str
    wiring: Wiring
    consumed: Consumed
    numbers: list[int]
    found: dict[str, list[float]] = field(default_factory=dict)

    def visits(self) -> float:
        """The next VISITORS; returns the wall time of one, in ms."""
        app.wiring = self.wiring
        now, self.numbers = self.numbers[:VISITORS], self.numbers[VISITORS:]
        self.consumed.clear()
        begun, begun_cpu = time.perf_counter(), time.process_time()
        events = [check_in(phone=phone(number), nonce=f"{number:032}") for number in now]
        statuses = {app.app(event, None)["statusCode"] for event in events}
        wall, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
        assert statuses == {_STATUS[self.kind]}, f"{self.kind}: {statuses}"
        values = {
            "wall": wall * 1000,
            "cpu": cpu * 1000,
            "rcu": self.consumed.read_units,
            "wcu": self.consumed.write_units,
        }
        for name, value in values.items():
            self.found.setdefault(name, []).append(value / VISITORS)
        return wall


def check_ins(*sizes_and_ports: str) -> dict[str, Any]:
    """`SIZE:PORT …`: visits of each kind to each of the tables, in turns, after a warm-up."""
    consumed = Consumed()
    doors: dict[str, Door] = {}
    for pair in sizes_and_ports:
        size, port = pair.split(":")
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://{HOST}:{port}"
        wiring = Wiring(settings.load())
        wiring.reception.event(CODES[0])  # with it the client is made
        for kind in _STATUS:
            doors[f"{kind} {size}"] = Door(kind, wiring, consumed, visitors(kind, int(size)))
    subjects = {name: door.visits for name, door in doors.items()}
    in_turns(subjects, ROUNDS)
    return {name: door.found for name, door in doors.items()}


def sweep(seconds: str) -> dict[str, Any]:
    """One invocation with so much time."""
    consumed = Consumed()
    context = LambdaContext("sweep_deliveries", 512, max_runtime_ms=int(seconds) * 1000)
    begun = time.perf_counter()
    outcome = app.sweep_deliveries(scheduled_event(_RULE, time.time()), context)
    ended = time.perf_counter() - begun
    return {
        "outcome": outcome,
        "seconds": ended,
        "first": (consumed.first_write or begun + ended) - begun,
        "pages": consumed.calls["Query"],
        "rcu": consumed.read_units,
        "wcu": consumed.write_units,
    }


def read_list(code: str) -> dict[str, Any]:
    """All check-ins of an event, one after the other, with the patience of `operations`."""
    consumed = Consumed()
    table = Wiring(settings.load(), patience=AT_A_DESK).check_in_table
    begun = time.perf_counter()
    count, first = 0, 0.0
    for _ in table.of_event(code):
        first = first or time.perf_counter() - begun
        count += 1
    return {
        "count": count,
        "first": first,
        "seconds": time.perf_counter() - begun,
        "pages": consumed.calls["Query"],
        "rcu": consumed.read_units,
    }


_RULE = "arn:aws:events:us-east-1:123456789012:rule/rollcall-sweep"
_RUNS: dict[str, Callable[..., dict[str, Any]]] = {
    "check-ins": check_ins,
    "sweep": sweep,
    "list": read_list,
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(_RUNS[name](*arguments)) + "\n")
