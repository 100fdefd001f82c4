"""Finds the headers of a table: one row, or two with groups or parts, below titles and remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalicelib.roster.cells import is_somebodys, visible
from chalicelib.roster.headers import read_header
from chalicelib.roster.table import Row


class HeaderRow(NamedTuple):
    """The text over each column, and the last line that it takes."""

    texts: tuple[str, ...]
    first_line: int
    last_line: int
    lower: tuple[str, ...] = ()  # the second row by itself


def header_rows(rows: Sequence[Row]) -> Iterator[HeaderRow]:
    """The rows that can be headers, from the top; those with people's details cannot."""
    skipped = -1
    for index, row in enumerate(rows):
        if index == skipped or not is_header_row(row.cells):
            continue
        below = rows[index + 1] if index + 1 < len(rows) else None
        if below and _belong_together(row.cells, below.cells):
            joined = _joined(row.cells, below.cells)
            yield HeaderRow(joined, row.line, below.line, tuple(below.cells))
            skipped = index + 1
        else:
            yield HeaderRow(tuple(row.cells), row.line, row.line)


def is_header_row(cells: Sequence[str]) -> bool:
    """Whether nobody's number or address stands in it."""
    return any(cells) and not any(map(is_somebodys, cells))


def _belong_together(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether two rows are headers together: `연락처` above `자택` and `휴대폰`.

    A person without a number can look like it. But below a header for names stands their name.
    """
    if not (is_header_row(lower) and _says_something(upper) and _says_something(lower)):
        return False
    read = [read_header(cell) for cell in upper]
    is_group = all(header.is_known and (not header.field or header.is_doubtful) for header in read)
    if not (is_group or _is_known_without_digits(lower)):
        return False
    is_complete = {"name", "phone"} <= {header.field for header in read if header.is_known}
    names = [column for column, header in enumerate(read) if header.field == "name"]
    return not (is_complete and any(column < len(lower) and lower[column] for column in names))


def _says_something(cells: Sequence[str]) -> bool:
    return any(read_header(cell).has_tag for cell in cells)


def _is_known_without_digits(cells: Sequence[str]) -> bool:
    return all(read_header(cell).is_known and not any(map(str.isdigit, cell)) for cell in cells)


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Each column's text from both rows; a group reaches over the blank cells right of it.

    A group with unknown words, such as the title of the list, is left out.
    """
    texts = []
    group = ""
    for column in range(max(len(upper), len(lower))):
        above = visible(upper[column]) if column < len(upper) else ""
        below = visible(lower[column]) if column < len(lower) else ""
        group = above or group
        if not below:
            texts.append(above)
        elif read_header(group).is_known:
            texts.append(f"{group} {below}".strip("- "))
        else:
            texts.append(below)
    return tuple(texts)
