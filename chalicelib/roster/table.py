"""Tables of cells: what all kinds of roster files are read as."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# The values that Excel and Google Sheets show for a formula that failed.
_ERRORS = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#ERROR!", "#SPILL!"}
    | {"#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA"}
)


class UnreadableFileError(Exception):
    """The file cannot be read at all; the message says why and what to do about it."""


class OddCell(str):
    """A cell whose content is not what a person wrote there; `kind` says what it is instead."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str) -> OddCell:
        cell = super().__new__(cls, text)
        cell.kind = kind
        return cell


class Row(NamedTuple):
    """`line` is the line where the row starts in the file, or its number in the sheet, from 1.

    A row over several lines ends in `last_line`. If it cannot be read, it has no cells and `fault`
    says why. `hidden`: a filter, or somebody, hides the row in its sheet.
    """

    line: int
    cells: Sequence[str]
    fault: str | None = None
    last_line: int | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One way to read a file: a visible sheet, or a text with one delimiter.

    `rows` can be called repeatedly; each call reads from the file. `encoding` is named as people
    know it.
    """

    rows: Callable[[], Generator[Row, None, None]]
    format: str
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


def text_cell(text: str) -> str:
    """A cell with this text, which is odd if a spreadsheet wrote an error or a truth value."""
    if text in _ERRORS:
        return OddCell(text, "an error value")
    if text in ("TRUE", "FALSE"):
        return OddCell(text, "a truth value")
    return text
