"""`make bench`: everything that docs/performance.md says, measured on this machine, now.

`python -m benchmarks NAME …` measures these alone.
"""

from __future__ import annotations

import importlib
import os
import platform
from datetime import UTC, datetime

import click

from benchmarks import report
from benchmarks.report import Report

# Each a module of this package with `measure() -> Report`, and a place in docs/performance.md.
NAMES = ("mails", "check_ins", "cold_start", "requests", "package", "arrivals", "growth")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(names: tuple[str, ...]) -> None:
    """Measure, print, and write into docs/performance.md."""
    click.echo(_machine())
    for name in names or NAMES:
        click.echo(f"\n{name} …")
        found: Report = importlib.import_module(f"benchmarks.{name}").measure()
        click.echo(found.markdown())
        report.write(report.PAGE, name, f"{_machine()}\n\n{found.markdown()}")
        report.keep(report.FIGURES, found.figures)


def _machine() -> str:
    """The machine, for each place: parts of the page may be of different runs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except FileNotFoundError:
        names = []
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
