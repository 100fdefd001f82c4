"""Growth: what check-ins, imports, lists and sweeps cost with a thousand rows, and with a million.

Over AWS's own DynamoDB Local: its times are this machine's, its consumed capacity is DynamoDB's.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import growth_report, stage, watched
from benchmarks.growth_fill import fill
from benchmarks.growth_tables import CODES, Tables, dynamodb_local, phone, visitors
from benchmarks.report import Report
from benchmarks.watched import Run

_SIZES = (1_000, 100_000, 1_000_000)
_ROSTERS = (1_000, 10_000, 100_000)
_SWEEP_SECONDS = 20

Runs = dict[int, Run]


def measure() -> Report:
    imports = _imports()
    with ExitStack() as stack:
        tables = {size: stack.enter_context(dynamodb_local()) for size in _SIZES}
        for size, each in tables.items():
            click.echo(f"  {size:,} check-ins are put there", err=True)
            fill(each, size)
            each.register([*visitors("new", size), *visitors("duplicate", size)])
        click.echo("  check-ins", err=True)
        check_ins = _check_ins(tables)
        click.echo("  lists", err=True)
        lists = {
            size: watched.run(each.environment(), "benchmarks.growth_runs", "list", _listed(size))
            for size, each in tables.items()
        }
        few = {size: each for size, each in tables.items() if size < _SIZES[-1]}
        commands = _each(few, "operations", "deliveries", CODES[0])
        click.echo("  sweeps", err=True)
        stopped = _each(tables, "benchmarks.growth_runs", "sweep", "60")
        with stage.stand_in("smtp_stub") as port:
            sweeps = _each(
                tables, "benchmarks.growth_runs", "sweep", str(_SWEEP_SECONDS), smtp_port=port
            )
    parts = [
        growth_report.check_ins(check_ins.json(), _SIZES),
        growth_report.imports(imports),
        growth_report.lists(lists, commands),
        growth_report.sweeps(sweeps, stopped, _SWEEP_SECONDS),
    ]
    return Report(
        [table for part in parts for table in part.tables],
        [target for part in parts for target in part.targets],
        {name: value for part in parts for name, value in part.figures.items()},
    )


def _listed(size: int) -> str:
    """The event whose check-ins are listed: of a million rows one with a twentieth of them.

    So the last two lists are of about the same length, in tables of which one is ten times larger.
    """
    return CODES[0] if size < _SIZES[-1] else CODES[1]


def _check_ins(tables: Mapping[int, Tables]) -> Run:
    """In one process, so that they go in turns."""
    environment = tables[_SIZES[0]].environment()
    ports = [f"{size}:{each.port}" for size, each in tables.items()]
    return watched.run(environment, "benchmarks.growth_runs", "check-ins", *ports)


def _each(tables: Mapping[int, Tables], *command: str, smtp_port: int = 1) -> Runs:
    return {
        size: watched.run(each.environment(smtp_port), *command) for size, each in tables.items()
    }


def _imports() -> Runs:
    """Each roster into an event of its own. The smallest goes first once more, as a warm-up."""
    with dynamodb_local(in_memory=True) as tables, tempfile.TemporaryDirectory() as directory:
        runs = {}
        for code, size in zip(CODES, (_ROSTERS[0], *_ROSTERS), strict=False):
            click.echo(f"  a roster of {size:,}", err=True)
            file = Path(directory, f"{size}.csv")
            _write_roster(file, size)
            command = ("operations", "roster", "import", code, str(file))
            runs[size] = watched.run(tables.environment(), *command)
    return runs


def _write_roster(file: Path, size: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(("이름", "휴대폰", "이메일"))
        for number in range(size):
            rows.writerow((f"김하나 {number}", phone(number), f"guest{number}@example.com"))
