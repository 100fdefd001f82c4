"""The tables of docs/delivery.md: `make faults` writes them, and all other runs check them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from faults.rows import ROWS

Key = tuple[str, str, str, str]  # part, where, fault, how long
Cells = tuple[str, str, str]  # copies, state, settled

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"
MEASURED = "measured"

_BEGIN, _END = "<!-- faults:begin -->", "<!-- faults:end -->"
_HEADER = "| where | fault | how long | mails | state | settled |"
_RULE = "| --- | --- | --- | --- | --- | --- |"


def read() -> dict[Key, Cells]:
    found: dict[Key, Cells] = {}
    part = ""
    for line in _split()[1].splitlines():
        if line.startswith("### "):
            part = line.removeprefix("### ")
        elif line.startswith("| ") and line not in (_HEADER, _RULE):
            where, fault, lasting, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[part, where, fault, lasting] = (cells[0], cells[1], cells[2])
    return found


def write(measured: Mapping[Key, Cells]) -> None:
    """Rows that were not measured this time are kept; rows that no longer exist are removed."""
    before, _, after = _split()
    known = {**read(), **measured}
    keys = [row.key for row in ROWS if row.key in known]
    lines = [_BEGIN, *_lines(keys, known), "", _END]
    PAGE.write_text(before + "\n".join(lines) + after, encoding="utf-8")


def _lines(keys: list[Key], known: Mapping[Key, Cells]) -> Iterator[str]:
    for part, group in itertools.groupby(keys, key=lambda key: key[0]):
        yield from ("", f"### {part}", "", _HEADER, _RULE)
        for key in group:
            yield f"| {' | '.join((*key[1:], *known[key]))} |"


def _split() -> tuple[str, str, str]:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    tables, _, after = rest.partition(_END)
    return before, tables, after
