"""Kiosks at `make run`: requests per second, the time of a request, and of its mail."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import click

from benchmarks import package
from benchmarks.measuring import Row, Sample
from benchmarks.product import email, phone
from local.loopback import free_ports

_KIOSKS = 8
_CHECK_INS = 40  # per kiosk and round
_FIRST_WALK_IN = 1_000  # nobody on the sample event's roster has this number or a higher one
_PORTS = ("PORT", "INBOX_PORT", "INBOX_SMTP_PORT", "DYNAMODB_PORT")
_KEPT = ("PATH", "LANG", "DYNAMODB")
_PATIENCE = 300  # seconds


@dataclass(slots=True)
class Rush:
    """`seconds` is from each request to its answer; `answered_at` is epoch seconds by recipient."""

    a_second: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answered_at: dict[str, float] = field(default_factory=dict)

    def play(self, address: str, kiosks: int, guests: Iterator[int]) -> None:
        """Check in _CHECK_INS walk-ins at each kiosk."""
        shares = [list(islice(guests, _CHECK_INS)) for _ in range(kiosks)]
        begun = time.perf_counter()
        with ThreadPoolExecutor(kiosks) as threads:
            list(threads.map(lambda numbers: self._kiosk(address, numbers), shares))
        self.a_second.append(kiosks * _CHECK_INS / (time.perf_counter() - begun))

    def _kiosk(self, address: str, numbers: list[int]) -> None:
        """Check in one walk-in after another, over one connection as in a browser."""
        url = urlsplit(address)
        with closing(http.client.HTTPConnection(url.netloc, timeout=_PATIENCE)) as connection:
            for number in numbers:
                person = {"phone": phone(number), "name": "이하나", "email": email(number)}
                begun = time.perf_counter()
                connection.request(
                    "POST", url.path, json.dumps(person), {"Content-Type": "application/json"}
                )
                response = connection.getresponse()
                answer = response.read()
                self.seconds.append(time.perf_counter() - begun)
                self.answered_at[email(number)] = time.time()
                if response.status != http.client.CREATED:
                    raise click.ClickException(f"{response.status}: {answer.decode()}")


def measure(rounds: int) -> list[Row]:
    guests = count(_FIRST_WALK_IN)
    alone, rush = Rush(), Rush()
    with _make_run() as facts:
        address = f"{facts['app']}/events/{facts['event']}/check-ins"
        for _ in range(rounds):
            for found, kiosks in ((alone, 1), (rush, _KIOSKS)):
                found.play(address, kiosks, guests)
                arrived_at = _arrivals(facts["inbox"], found.answered_at)
    rows = []
    for crowd, found in (("1 kiosk", alone), (f"{_KIOSKS} kiosks", rush)):
        name = f"`make run`, {crowd}"
        mails = [arrived_at[guest] - answered for guest, answered in found.answered_at.items()]
        milliseconds = Sample(tuple(1000 * seconds for seconds in found.seconds))
        slow = Sample((milliseconds.percentile(99),))
        rows += [
            Row(name=f"{name}: check-ins", measured=Sample(tuple(found.a_second)), unit="a second"),
            Row(name=f"{name}: one check-in", measured=milliseconds, unit="ms"),
            Row(name=f"{name}: one check-in, p99", measured=slow, unit="ms"),
            Row(name=f"{name}: from answer to mail", measured=Sample(tuple(mails)), unit="s"),
        ]
    return rows


@contextmanager
def _make_run() -> Iterator[dict[str, str]]:
    """Yields the facts that `make run` prints. It runs in a copy, beside the developer's run."""
    with tempfile.TemporaryDirectory() as temporary:
        project = package.copy_project(Path(temporary, "project"))
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=project,
            env={**kept, **ports, "HOME": temporary},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            try:
                yield _facts(process)
            finally:
                process.terminate()


def _facts(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None, "a pipe"
    facts: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.rstrip("\n").partition(": ")
        facts[name] = value
        if name == "phone":  # the last fact
            return facts
    raise click.ClickException("`make run` ended before it printed all its facts")


def _arrivals(inbox: str, expected: dict[str, float]) -> dict[str, float]:
    """Wait for all mails. Returns epoch seconds by recipient. Raises ClickException."""
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with opener.open(f"{inbox}/api/messages", timeout=_PATIENCE) as answer:
            mails = json.load(answer)["messages"]
        came = {
            recipient: datetime.fromisoformat(mail["received_at"]).timestamp()
            for mail in mails
            for recipient in mail["envelope"]["to"]
        }
        if len(mails) != len(came):
            raise click.ClickException("somebody got two mails")
        if came.keys() >= expected.keys():
            return came
        time.sleep(1)
    raise click.ClickException(f"{len(expected.keys() - came.keys())} mails never came")
