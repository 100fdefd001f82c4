"""`make bench`: measure, and print the table of docs/performance.md.

`python -m benchmarks NAME …` measures only the named parts. `--rounds 1` shows whether they work,
but says nothing about speed.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import measuring
from benchmarks.measuring import Row

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

# Modules of this package, each with `measure(rounds) -> list[Row]`, and their default rounds.
ROUNDS = {"check_ins": 21, "cold_starts": 15, "mails": 5, "package": 1, "kiosks": 5}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(ROUNDS)))
@click.option("--rounds", type=click.IntRange(1), help="number of rounds, instead of the default")
@click.option("--write", is_flag=True, help="also write docs/performance.md and figures.json")
def main(names: tuple[str, ...], rounds: int | None, *, write: bool) -> None:
    """Measure, and print a table. Exits with 1 if a target is missed."""
    if write and (names or rounds):
        raise click.UsageError("--write needs a whole run, without names and --rounds")
    rows: list[Row] = []
    for name in names or ROUNDS:
        click.echo(f"{name} …", err=True)
        # Each part runs in a process of its own, because it changes the environment and the log.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            measure = importlib.import_module(f"benchmarks.{name}").measure
            rows += process.submit(measure, rounds or ROUNDS[name]).result()
    text = f"{_machine()}\n\n{measuring.results(rows)}"
    click.echo(text)
    if write:
        measuring.insert(PAGE, "bench", text)
        measuring.keep(rows)
    if not all(row.is_met for row in rows):
        sys.exit(1)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
