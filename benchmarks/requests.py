"""Requests a second over HTTP: the local runtime's server, and Chalice's own as it comes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from benchmarks.clients import Answer, Crowd, Request, elsewhere
from benchmarks.clone import EVENT, Clone, cloned
from benchmarks.guests import phone
from benchmarks.measuring import Sample, in_turns
from benchmarks.report import Report, Table, Target
from local.loopback import HOST, free_port
from local.processes import listens, wait_until

_ROUNDS = 4
_SECONDS = 1.0  # a run
_MOST = 250  # check-ins a run, each of another guest
_GUESTS = 9_000
_OURS, _CHALICES = "ours", "Chalice's"

_COLUMNS = (
    "", "requests/s", "spread", "median ms", "99 %", "Chalice's own, requests/s", "spread",
    "median ms", "99 %", "ratio", "spread", "runs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """What as many clients ask for, over kept connections or a new one for each request."""

    what: str
    clients: int
    kept: bool

    def __str__(self) -> str:
        clients = "1 client" if self.clients == 1 else f"{self.clients} clients"
        return f"{self.what}, {clients}, {self._connections()}"

    def key(self) -> str:
        return f"{self.what.replace('-', '_')}_{self.clients}_{self._connections()}"

    def _connections(self) -> str:
        return "kept" if self.kept else "new"


_CASES = [
    Case(what, clients, kept)
    for what in ("page", "check-in", "duplicate")
    for clients in (1, 8)
    for kept in (True, False)
]


@dataclass(frozen=True, slots=True)
class Door:
    """Both servers over one DynamoDB, and the guests who did not check in yet."""

    addresses: dict[str, str]
    process: ProcessPoolExecutor
    guests: Iterator[int] = field(default_factory=lambda: iter(range(_GUESTS)))
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def requests(self, case: Case, server: str) -> tuple[list[Request], int]:
        """With the status that each has to be answered with."""
        address = self.addresses[server]
        check_ins = f"{address}/events/{EVENT}/check-ins"
        match case.what:
            case "page":
                return [Request(f"{address}/kiosk/{EVENT}")] * 10_000, 200
            case "duplicate":
                return [Request(check_ins, {"phone": phone(0)})] * 10_000, 200
            case _:
                numbers = [next(self.guests) for _ in range(_MOST)]
                return [Request(check_ins, {"phone": phone(number)}) for number in numbers], 201

    def run(self, case: Case, server: str) -> float:
        """Requests a second. Raises ClickException for any other answer than the expected."""
        requests, expected = self.requests(case, server)
        crowd = Crowd(case.clients, kept=case.kept, seconds=_SECONDS)
        answers = self.process.submit(crowd.play, requests).result()
        if any(answer.status != expected for answer in answers):
            raise click.ClickException(f"{case}: not always {expected}")
        self.answers.setdefault(_name(case, server), []).extend(answers)
        begun = min(answer.at - answer.seconds for answer in answers)
        return len(answers) / (max(answer.at for answer in answers) - begun)

    def milliseconds(self, case: Case, server: str) -> Sample:
        return Sample(tuple(each.seconds * 1000 for each in self.answers[_name(case, server)]))


def measure() -> Report:
    with (
        elsewhere() as process,
        # Nothing is mailed meanwhile.
        cloned(MAPPING="off", SWEEP_SECONDS="86400") as clone,
        clone.local("services", "phone"),
        _server(clone, sys.executable, "-m", "local.api") as ours,
        _server(clone, str(Path(sys.executable).with_name("chalice"))) as chalices,
    ):
        click.echo(f"  {_GUESTS} guests, then {_ROUNDS} rounds", err=True)
        clone.make_event("local", _GUESTS)
        door = Door({_OURS: ours, _CHALICES: chalices}, process)
        for server in door.addresses:
            for what in ("check-in", "duplicate"):  # the first of a kind is slow; guest 0 is in
                door.run(Case(what, 1, kept=True), server)
        door.answers.clear()
        runs = {
            _name(case, server): partial(door.run, case, server)
            for case in _CASES
            for server in door.addresses
        }
        return _report(door, in_turns(runs, _ROUNDS))


@contextmanager
def _server(clone: Clone, *command: str) -> Iterator[str]:
    """Its address."""
    port = free_port()
    arguments = ("local", "--stage", "local", "--no-autoreload", "--port", str(port))
    with clone.running(*command, *arguments, stdout=clone.log) as process:
        wait_until(lambda: listens(port), process, "the app")
        yield f"http://{HOST}:{port}"


def _name(case: Case, server: str) -> str:
    return f"{case}, {server}"


def _report(door: Door, rates: dict[str, Sample]) -> Report:
    rows, figures = [], {}
    for case in _CASES:
        row, name = [str(case)], case.key()
        for server in door.addresses:
            rate, wait = rates[_name(case, server)], door.milliseconds(case, server)
            row += [f"{rate.median:.0f}", f"{rate.low:.0f}–{rate.high:.0f}"]
            row += [f"{wait.median:.1f}", f"{wait.percentile(99):.1f}"]
        ratio = rates[_name(case, _OURS)].against(rates[_name(case, _CHALICES)])
        row += [f"{ratio.median:.1f}", f"{ratio.low:.1f}–{ratio.high:.1f}", str(_ROUNDS)]
        rows.append(row)
        wait = door.milliseconds(case, _OURS)
        figures[f"local_requests_per_second_{name}"] = round(rates[_name(case, _OURS)].median, 1)
        figures[f"local_request_{name}_median_ms"] = round(wait.median, 2)
        figures[f"local_request_{name}_p99_ms"] = round(wait.percentile(99), 2)
    return Report([Table("", _COLUMNS, rows)], [_target(door)], figures)


def _target(door: Door) -> Target:
    kept, new = (door.milliseconds(Case("page", 1, kept), _OURS).median for kept in (True, False))
    return Target(
        "A page over a kept connection takes no longer than over a new one",
        f"≤ {new:.1f} ms",
        f"{kept:.1f} ms",
        kept <= new,
    )
