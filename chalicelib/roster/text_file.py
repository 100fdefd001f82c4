"""The rows of a text file with delimiters, as CSV; no row is lost by a stray quotation mark."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

from chalicelib.roster.cells import looks_like_email, looks_like_phone
from chalicelib.roster.encodings import Encoding, find_encoding, named_encoding
from chalicelib.roster.table import Row, Table, UnreadableFileError, text_cell

_DELIMITERS = ",;\t|"
_MOST_LINES = 1_000  # of one row; more means that a quotation mark was never closed
_MOST_AGAIN = 1_000_000  # lines that are read again after marks that do not match
_LINE_END = re.compile(r"\r\n|\r|\n")


def text_tables(path: Path, encoding: str | None, delimiter: str | None) -> list[Table]:
    """The file with each delimiter that it may have. Raises UnreadableFileError."""
    known = named_encoding(path, encoding) if encoding else find_encoding(path)
    if delimiter is not None:
        delimiter = delimiter.replace("\\t", "\t")
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise UnreadableFileError("a delimiter is one character, such as ; or \\t")
    return [
        Table(partial(_rows, path, known, each), "CSV", encoding=known.shown, delimiter=each)
        for each in delimiter or _DELIMITERS
    ]


def _rows(path: Path, encoding: Encoding, delimiter: str) -> Generator[Row, None, None]:
    with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as text:
        lines = _Lines(text)
        widest = mismatched = 0
        while True:
            line = lines.number + 1
            try:
                cells = lines.next_record(delimiter)
                if line == mismatched:
                    raise csv.Error("nobody knows whether the line begins inside a cell")
            except StopIteration:
                return
            except csv.Error:
                yield Row(line, (), "its quotation marks do not match: remove or double them")
                mismatched = lines.number if '"' in lines.taken[-1] else 0
                lines.again_after(line)
                continue
            last_line = lines.number if lines.number > line else None
            # A mark that opens after one person's details, and one that closes before the next
            # person's, make a record of both.
            is_two = len(cells) > widest > 0 and any(map(_is_detail, cells))
            widest = max(widest, len(cells))
            if last_line and (is_two or _has_swallowed_rows(cells, delimiter)):
                yield Row(
                    line,
                    (),
                    f"a quotation mark opens in line {line} and closes in line {last_line}, with "
                    "rows between: remove or double it",
                    last_line,
                )
            else:
                yield Row(line, tuple(map(text_cell, cells)), last_line=last_line)


class _Lines:
    """The lines of a file, which can be read again after a record that is not one."""

    def __init__(self, text: Iterator[str]) -> None:
        self.number = 0  # of the line that was read last
        self.taken: list[str] = []  # by the record
        self._text = text
        self._again: deque[str] = deque()
        self._again_count = 0
        self._reader: Iterator[list[str]] | None = None

    def next_record(self, delimiter: str) -> list[str]:
        """Raises StopIteration, or csv.Error if its quotation marks do not match."""
        self.taken.clear()
        if self._reader is None:
            # Strict, because for a mark that is never closed the lenient reader returns the rest of
            # the file, and everybody in it, as one cell.
            self._reader = csv.reader(
                self._feed(), delimiter=delimiter, strict=True, skipinitialspace=True
            )
        return next(self._reader)

    def again_after(self, line: int) -> None:
        """Go on with the line after this one, which was read before."""
        self._again.extendleft(reversed(self.taken[1:]))
        self._again_count += len(self.taken)
        if self._again_count > _MOST_AGAIN:
            raise UnreadableFileError(
                f"the quotation marks do not match, in line {line} and many others: save it again "
                "in a spreadsheet"
            )
        self.number = line
        self._reader = None

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._text, None)
            if line is None:
                return
            self.number += 1
            if self.number == 1:
                line = line.removeprefix("\ufeff")
            self.taken.append(line)
            if len(self.taken) > _MOST_LINES:
                raise csv.Error("too many lines in a record")
            yield line


def _has_swallowed_rows(cells: Sequence[str], delimiter: str) -> bool:
    """Whether lines inside a quoted cell look like rows of their own.

    Either somebody's number or address stands among delimiters there, or the lines have the cells
    that they would have as rows: the rest of the first one, whole ones, the beginning of the last.
    """
    width = len(cells)
    for index, cell in enumerate(cells):
        parts = [part.split(delimiter) for part in _LINE_END.split(cell)]
        if len(parts) == 1:
            continue
        if any(len(part) > 1 and any(map(_is_detail, part)) for part in parts):
            return True
        widths = [len(part) for part in parts]
        as_rows = [width - index, *[width] * (len(parts) - 2), index + 1]
        is_prose = all(each.startswith(" ") for part in parts for each in part[1:])
        if widths == as_rows and not is_prose:
            return True
    return False


def _is_detail(text: str) -> bool:
    """Also a short number, which could be a date or a price among headers: here it is told."""
    return looks_like_phone(text) or looks_like_email(text)
