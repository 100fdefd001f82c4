"""Cold starts: from a new process to the first answer, with the package of a deployment.

The peers in `peers/` do the same by hand, with Chalice, boto3 and, for the mail, yagmail.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks import package, product, servers
from benchmarks.measuring import Row, Sample, in_turns
from benchmarks.product import Product
from local import lambda_python

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Kind:
    """A function's first call. Its result, as JSON, has to contain `answer`."""

    name: str
    handler: str
    answer: str
    peer: str
    target: float
    figure: str


_KINDS = (
    Kind("the API's cold start", "app.app", '\\"checked_in\\"', "api.py", 1.10, "api"),
    Kind("the mailer's cold start", "app.send_confirmations", '{"batchItemFailures": []}',
         "mailer.py", 1.50, "mailer"),
)  # fmt: skip


class Guests:
    """Makes a new guest for each start. `environment` is that of the started function."""

    def __init__(self, rollcall: Product, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._rollcall = rollcall
        self._numbers = itertools.count()

    def event(self, handler: str) -> dict[str, Any]:
        """The handler's argument: a request, or records of the stream."""
        number = next(self._numbers)
        if handler == "app.app":
            self._rollcall.register(number)
            return product.check_in_event(phone=product.phone(number))
        return {"Records": [product.record(number, self._rollcall.new_check_in(number))]}


@dataclass(slots=True)
class Function:
    """A handler in an unpacked zip. `libraries` has Lambda's own packages; `cpu` is in ms."""

    kind: Kind
    code: Path
    libraries: Path
    guests: Guests
    cpu: list[float] = field(default_factory=list)

    def start(self) -> float:
        """Start the function once. Returns the ms until its answer. Raises ClickException."""
        event = json.dumps(self.guests.event(self.kind.handler))
        command = lambda_python.command(
            _HERE / "start.py", str(self.code), str(self.libraries), self.kind.handler, event
        )
        begun = time.perf_counter()
        with subprocess.Popen(  # noqa: S603  -- this interpreter, on what was just packed
            command, env=self.guests.environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None, "a pipe"
            line = next((line for line in process.stdout if line.startswith('{"answer"')), "")
            wall = (time.perf_counter() - begun) * 1000
        if self.kind.answer not in line:
            raise click.ClickException(f"{self.kind.handler} in {self.code.name}: {line or '?'}")
        self.cpu.append(json.loads(line)["cpu"])
        return wall


def measure(rounds: int) -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as name,
        servers.aws() as aws_port,
        servers.mail_server() as smtp_port,
    ):
        environment = product.environment(aws_port, smtp_port)
        guests = Guests(Product(environment), environment | _trust() | {"HOME": name})
        functions = list(_functions(Path(name), guests))
        for each in functions:  # a first start would have to read its files from disk
            each.start()
            each.cpu.clear()
        subjects = {str(place): each.start for place, each in enumerate(functions)}
        walls = in_turns(subjects, rounds)
    rows = []
    for place, kind in enumerate(_KINDS):
        ours, peer = functions[2 * place], functions[2 * place + 1]
        rows += [
            # The target is for CPU time, because other load on the machine does not add to it.
            Row(
                name=f"{kind.name}, CPU",
                measured=Sample(tuple(ours.cpu)),
                unit="ms",
                peer=Sample(tuple(peer.cpu)),
                peer_name="by hand",
                target=kind.target,
                figure=f"{kind.figure}_cold_start_ms",
            ),
            Row(
                name=f"{kind.name}, time",
                measured=walls[str(2 * place)],
                unit="ms",
                peer=walls[str(2 * place + 1)],
                peer_name="by hand",
            ),
        ]
    return rows


def _functions(directory: Path, guests: Guests) -> Iterator[Function]:
    """For each kind, Rollcall's function and then the one by hand."""
    libraries = directory / "libraries"
    libraries.mkdir()
    lambda_python.link_packages(libraries)
    zipped = package.pack(directory)
    rollcall = package.unpack(zipped, directory / "rollcall")
    for kind in _KINDS:
        peer = package.unpack(zipped, directory / kind.figure, _HERE / "peers" / kind.peer)
        yield Function(kind, rollcall, libraries, guests)
        yield Function(kind, peer, libraries, guests)


def _trust() -> dict[str, str]:
    return {"SSL_CERT_FILE": os.environ["SSL_CERT_FILE"]}
