"""The rows of a CSV file or Excel workbook, streamed as text with their line numbers.

The type of a file is detected from its content, not from its name. A file can be read in several
ways (CSV with each delimiter, a workbook sheet by sheet); the caller tries them to find a table.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

_DELIMITERS = (",", ";", "\t")
_BLOCK = 1 << 16
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # Excel before 2007, and any encrypted Office file
_WEB_PAGE = (b"<html", b"<!doc", b"<table", b"<meta")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# What openpyxl raises for a workbook that is damaged inside.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    SyntaxError,  # the base class of the XML parsers' errors
    AttributeError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
)


class UnreadableFileError(Exception):
    """The file cannot be read at all; the message says why and what to do about it."""


class Row(NamedTuple):
    """`line` is the line where the row starts in the file, or its number in the sheet, from 1.

    If the row could not be parsed, it has no cells and `fault` says why.
    """

    line: int
    cells: Sequence[str]
    fault: str | None = None


Reading = Callable[[], Generator[Row, None, None]]


def readings(path: Path) -> list[Reading]:
    """The ways to read the file; each can be used repeatedly. Raises UnreadableFileError."""
    try:
        with path.open("rb") as file:
            head = file.read(_BLOCK)
    except OSError as error:
        raise UnreadableFileError(f"cannot open it: {error.strerror}") from error
    if not head.strip():
        raise UnreadableFileError("the file is empty")
    if head.startswith(_ZIP):
        return [partial(_sheet_rows, path, index) for index in range(_sheet_count(path))]
    if head.startswith(_OLE):
        raise UnreadableFileError(
            "an old Excel file (.xls) or one with a password: save it as .xlsx without a password"
        )
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_WEB_PAGE):
        raise UnreadableFileError(
            "a web page named like a spreadsheet: open it in Excel and save it as .xlsx"
        )
    encoding = _encoding(path, head)
    return [partial(_csv_rows, path, encoding, delimiter) for delimiter in _DELIMITERS]


def _encoding(path: Path, head: bytes) -> str:
    """Return the encoding that decodes the whole file.

    UTF-8 is tried first: CP949 text is hardly ever valid UTF-8, but UTF-8 can be valid CP949.
    """
    for encoding in ("utf-16",) if head.startswith(_UTF_16) else ("utf-8-sig", "cp949"):
        try:
            with path.open(encoding=encoding) as text:
                while text.read(_BLOCK):
                    pass
        except UnicodeError:
            continue
        return encoding
    raise UnreadableFileError("neither an Excel workbook (.xlsx) nor CSV text in UTF-8 or CP949")


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Generator[Row, None, None]:
    with path.open(encoding=encoding, newline="") as text:
        # Strict, because for a quotation mark that is never closed the lenient reader returns the
        # rest of the file, and everybody in it, as one cell.
        reader = csv.reader(text, delimiter=delimiter, strict=True, skipinitialspace=True)
        while True:
            line = reader.line_num + 1
            try:
                yield Row(line, next(reader))
            except StopIteration:
                return
            except csv.Error:
                last = reader.line_num
                lines = f" (lines {line} to {last} are affected)" if last > line else ""
                yield Row(line, (), f"its quotation marks do not match{lines}")


def _sheet_count(path: Path) -> int:
    with _workbook(path) as workbook:
        return len(workbook.worksheets)


def _sheet_rows(path: Path, index: int) -> Generator[Row, None, None]:
    with _workbook(path) as workbook:
        sheet = workbook.worksheets[index]
        # Some services write a wrong size for the sheet, which would cut off columns and rows.
        sheet.reset_dimensions()
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield Row(line, tuple(map(_text, cells)))


@contextmanager
def _workbook(path: Path) -> Iterator[openpyxl.Workbook]:
    # Passed as an open file, since openpyxl judges a path by its extension.
    with path.open("rb") as file:
        try:
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
            with closing(workbook):
                yield workbook
        except _DAMAGED as error:
            raise UnreadableFileError(
                "not an Excel workbook (.xlsx), or a damaged one: save it again in Excel"
            ) from error


def _text(value: object) -> str:
    """A cell as it would be in a CSV file."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return str(value)
