"""`make scale`: the model's tables, into docs/scale.md; `python -m benchmarks.scale check` alone
compares it with the local runtime."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from benchmarks import report
from benchmarks.report import Report, Table
from benchmarks.scale import pages
from benchmarks.scale.check import check
from benchmarks.scale.design import Design
from benchmarks.scale.parameters import ROOT, Figures

PAGE = ROOT / "docs" / "scale.md"


@click.command()
@click.argument("part", default="all", type=click.Choice(["all", "model", "check"]))
def main(part: str) -> None:
    """Reckon, print, and write into docs/scale.md."""
    design, figures = Design.read(), Figures.measured()
    if part in ("all", "model"):
        _write("answers", pages.answers(design, figures, _say))
        _write("choices", pages.choices())
        _write("limits", pages.all_limits(design, figures))
        _write("by_event", pages.hot_index(design, figures, _say))
        _write("providers", pages.providers(design, figures, _say))
        _write("figures", pages.inputs(figures))
    if part in ("all", "check"):
        _say("the local runtime")
        _write("check", check(), f"{datetime.now(UTC):%Y-%m-%d}\n\n")


def _write(name: str, table: Table, before: str = "") -> None:
    text = before + Report([table]).markdown()
    click.echo(f"\n{text}")
    report.write(PAGE, name, text)


def _say(row: str) -> None:
    click.echo(f"{row} …", err=True)


if __name__ == "__main__":
    main()
