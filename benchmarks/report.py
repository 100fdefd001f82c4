"""What a benchmark found: its tables for docs/performance.md, and its figures for the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
FIGURES = Path(__file__).parent / "figures.json"


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` head the cells of each row; the first column is text, all others are numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """What was to be reached: `wanted` as "≥ 10 ×", `found` in the same words."""

    name: str
    wanted: str
    found: str
    met: bool


@dataclass(frozen=True, slots=True)
class Report:
    """`figures` are plain numbers by name, with the unit in the name (`api_cold_start_ms`)."""

    tables: Sequence[Table]
    targets: Sequence[Target] = ()
    figures: dict[str, float] = field(default_factory=dict)

    def markdown(self) -> str:
        parts = [_markdown(table) for table in self.tables]
        if self.targets:
            parts.append(targets_markdown(self.targets))
        return "\n\n".join(parts)


def write(page: Path, name: str, text: str) -> None:
    """Put `text` between the page's markers for `name`; all else stays. Raises ValueError."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def targets_markdown(targets: Sequence[Target]) -> str:
    rows = [
        (each.name, each.wanted, each.found, "met" if each.met else "not met") for each in targets
    ]
    return _markdown(Table("", ("target", "wanted", "measured", ""), rows))


def keep(path: Path, figures: dict[str, float]) -> None:
    """Figures that were not measured this time stay as they were."""
    known = read(path) | figures
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    figures: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return figures


def _markdown(table: Table) -> str:
    return "\n".join(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    if table.title:
        yield f"**{table.title}**"
        yield ""
    yield f"| {' | '.join(table.columns)} |"
    yield f"| --- |{' ---: |' * (len(table.columns) - 1)}"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
