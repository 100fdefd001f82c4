"""Runs that take turns, and the rows of the table in docs/performance.md."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

FIGURES = Path(__file__).parent / "figures.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value per run, all in the same unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, percent: float) -> float:
        """The percentile `percent` (0 to 100), by nearest rank."""
        ordered = sorted(self.values)
        return ordered[round(percent / 100 * (len(ordered) - 1))]

    def over(self, other: Sample) -> Sample:
        """The ratios, round by round, so anything that slows down a whole round cancels out."""
        pairs = zip(self.values, other.values, strict=True)
        return Sample(tuple(mine / theirs for mine, theirs in pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    `target` is an upper bound, or a lower bound if `more_is_better`. It applies to the ratio of
    `measured` to `peer`, or to `measured` itself if there is no peer. `figure` is the median's name
    in figures.json, for the model of docs/scale.md.
    """

    name: str
    measured: Sample
    unit: str
    peer: Sample | None = None
    peer_name: str = ""
    target: float | None = None
    more_is_better: bool = False
    figure: str = ""

    @property
    def is_met(self) -> bool:
        if self.target is None:
            return True
        value = self._bounded.median
        return value >= self.target if self.more_is_better else value <= self.target

    def cells(self) -> Sequence[str]:
        against = ratio = target = ""
        if self.peer:
            found = self._bounded
            against = f"{self.peer_name}: {_with_unit(self.peer.median, self.unit)}"
            ratio = (
                f"{found.median:.2f} × "
                f"({found.percentile(25):.2f}–{found.percentile(75):.2f}, n={len(found.values)})"
            )
        if self.target is not None:
            bound = _with_unit(self.target, "×" if self.peer else self.unit)
            sign = "≥" if self.more_is_better else "≤"
            target = f"{sign} {bound}: {'met' if self.is_met else '**missed**'}"
        return self.name, _with_unit(self.measured.median, self.unit), against, ratio, target

    @property
    def _bounded(self) -> Sample:
        return self.measured.over(self.peer) if self.peer else self.measured


_COLUMNS = ("", "median", "compared with", "ratio (middle half)", "target")


def in_turns(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Sample]:
    """Run each subject once per round, in reverse every other round. Returns their results."""
    values: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects)
        for name in order if number % 2 == 0 else reversed(order):
            values[name].append(subjects[name]())
    return {name: Sample(tuple(each)) for name, each in values.items()}


def cpu_ms(call: Callable[[], object], times: int = 1) -> float:
    """The CPU time that one of `times` calls takes in this process, in ms."""
    begun = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begun) / times * 1000


def per_second(call: Callable[[T], object], batches: Sequence[T], count: int) -> float:
    """How many per second, if the batches contain `count` in total."""
    begun = time.perf_counter()
    for batch in batches:
        call(batch)
    return count / (time.perf_counter() - begun)


def results(rows: Iterable[Row]) -> str:
    return table(_COLUMNS, [row.cells() for row in rows])


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. The first column is text; the others are aligned like numbers."""
    lines = [f"| {' | '.join(columns)} |", f"| --- |{' ---: |' * (len(columns) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def insert(page: Path, name: str, text: str) -> None:
    """Replace the text between the page's markers for `name`. Raises ValueError without them."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page.name} has no markers for {name}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def keep(rows: Iterable[Row]) -> None:
    """Write the rows' figures into figures.json."""
    found = {row.figure: round(row.measured.median, 3) for row in rows if row.figure}
    FIGURES.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _with_unit(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2  # noqa: PLR2004  -- three in all
    return f"{value:,.{digits}f} {unit}"
