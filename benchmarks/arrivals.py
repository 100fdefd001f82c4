"""From the answer to a check-in until its mail lies in the inbox: alone, in a rush, in a crowd."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import click

from benchmarks.clients import KIOSK_PAUSES, Answer, Crowd, Request, elsewhere
from benchmarks.clone import EVENT, Clone, cloned
from benchmarks.guests import Arrivals, phone
from benchmarks.measuring import Sample
from benchmarks.report import Report, Table
from local import emulator

_ALONE = 20
_RUSH = 200
_CROWD = 5_000
_GUESTS = _ALONE + _RUSH + _CROWD

_COLUMNS = (
    "", "median s", "90 %", "99 %", "slowest", "check-ins", "repeats", "check-ins/s", "mails/s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """`waits` in seconds, from each answer to its mail; the rates count from the first request.

    The answer is the one that let the guest in, after so many `repeats` of all kiosks together.
    """

    waits: Sample
    repeats: int
    check_ins_per_second: float
    mails_per_second: float


@dataclass(frozen=True, slots=True)
class Place:
    """A runtime whose door is open, and the guests who did not come to it yet."""

    address: str
    arrivals: Arrivals
    process: ProcessPoolExecutor
    guests: Iterator[int] = field(default_factory=lambda: iter(range(_GUESTS)))

    def load(self, size: int, kiosks: int) -> Load:
        """Check as many in. Raises ClickException unless each gets its one mail."""
        numbers = [next(self.guests) for _ in range(size)]
        begun = time.time()
        answers = self._check_in(numbers, kiosks)
        came = self.arrivals.of(numbers)
        waits = (mail - answer.at for mail, answer in zip(came, answers, strict=True))
        answered = max(answer.at for answer in answers)
        return Load(
            Sample(tuple(waits)),
            sum(answer.repeats for answer in answers),
            size / (answered - begun),
            size / (max(came) - begun),
        )

    def alone(self, size: int) -> Load:
        """Each checks in when the mail of the one before is there."""
        begun = time.time()
        loads = [self.load(1, 1) for _ in range(size)]
        rate = size / (time.time() - begun)
        waits = Sample(tuple(load.waits.median for load in loads))
        return Load(waits, sum(load.repeats for load in loads), rate, rate)

    def _check_in(self, numbers: Sequence[int], kiosks: int) -> list[Answer]:
        requests = [
            # With its nonce a repeat is answered 201, as the first request would have been.
            Request(self.address, {"phone": phone(number), "nonce": uuid4().hex})
            for number in numbers
        ]
        crowd = Crowd(kiosks, pauses=KIOSK_PAUSES)
        answers = self.process.submit(crowd.play, requests).result()
        statuses = Counter(answer.status for answer in answers)
        if statuses.keys() != {HTTPStatus.CREATED}:
            raise click.ClickException(f"{self.address} answered {dict(statuses)}")
        return answers


def measure() -> Report:
    rows: list[Sequence[str]] = []
    figures: dict[str, float] = {}
    with elsewhere() as process:
        places = {"local runtime": _local(process), "emulator": _emulated(process)}
        for name, opened in places.items():
            click.echo(f"  {name}", err=True)
            with opened as place:
                loads = {
                    "one": (f"{_ALONE}, one after the other", place.alone(_ALONE)),
                    f"rush_{_RUSH}": (f"{_RUSH} at 8 kiosks", place.load(_RUSH, 8)),
                    f"{_CROWD}": (f"{_CROWD:,} at 16 kiosks", place.load(_CROWD, 16)),
                }
                place.arrivals.look()
            for short, (words, load) in loads.items():
                rows.append((f"{name}: {words}", *_cells(load)))
                figures |= _figures(f"{name.split()[0]}_{short}", load)
    return Report([Table("", _COLUMNS, rows)], figures=figures)


@contextmanager
def _local(process: ProcessPoolExecutor) -> Iterator[Place]:
    with cloned() as clone, clone.local("all", "phone") as facts:
        yield _open(clone, "local", facts["app"], facts["inbox_dir"], process)


@contextmanager
def _emulated(process: ProcessPoolExecutor) -> Iterator[Place]:
    with cloned() as clone, clone.local("emulator", "deploy") as facts:
        ports = clone.environment
        clone.environment.update(
            {
                **emulator.environment(int(ports["EMULATOR_PORT"])),
                "SMTP_HOST": emulator.HOST,
                "SMTP_PORT": ports["INBOX_SMTP_PORT"],
                "SMTP_SECURITY": "none",
            }
        )
        _lift_limits(clone.directory / ".chalice" / "config.json")
        address = clone.operations("dev", "deploy").split()[-1]
        yield _open(clone, "dev", address, facts["inbox_dir"], process)


def _lift_limits(file: Path) -> None:
    """To those of an AWS account: the stage dev lets 50 requests a second in, and 100 at once."""
    config = json.loads(file.read_text(encoding="utf-8"))
    config["stages"]["dev"]["infrastructure"] |= {"RateLimit": 10_000, "BurstLimit": 5_000}
    file.write_text(json.dumps(config), encoding="utf-8")


def _open(
    clone: Clone, stage: str, address: str, inbox: str, process: ProcessPoolExecutor
) -> Place:
    clone.make_event(stage, _GUESTS)
    arrivals = Arrivals(Path(inbox), clone.last_words)
    return Place(f"{address}/events/{EVENT}/check-ins", arrivals, process)


def _cells(load: Load) -> list[str]:
    waits = load.waits
    percentiles = (waits.median, waits.percentile(90), waits.percentile(99), max(waits.values))
    return [
        *(f"{seconds:.3f}" for seconds in percentiles),
        f"{waits.runs:,}",
        str(load.repeats),
        f"{load.check_ins_per_second:.0f}",
        f"{load.mails_per_second:.0f}",
    ]


def _figures(name: str, load: Load) -> dict[str, float]:
    return {
        f"{name}_median_s": round(load.waits.median, 3),
        f"{name}_p99_s": round(load.waits.percentile(99), 3),
        f"{name}_mails_per_second": round(load.mails_per_second, 1),
    }
