"""The visible sheets of an Excel workbook (.xlsx), read row by row."""

from __future__ import annotations

import datetime
import io
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from chalicelib.roster.table import OddCell, Row, Table, UnreadableFileError, text_cell

# What a roster of 100,000 people needs, several times. All is counted before it is parsed: a file
# of 0.4 MB can unpack to ten million texts.
_MOST_BYTES = 120_000_000  # unpacked
_MOST_BYTES_OF_A_PART = 20_000_000  # of styles and the like, which are read as a whole
_MOST_TAGS = {b"<row": (250_000, "rows"), b"<c": (2_000_000, "cells"), b"<si": (1_000_000, "texts")}
_MOST_MARKS = 10_000_000  # of XML: four to six for a cell
_BLOCK = 1 << 20

# What openpyxl raises for a workbook that is damaged inside.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    SyntaxError,  # the base class of the XML parsers' errors
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
)
_KINDS: dict[type, str] = {
    type(None): "a formula without a stored value",
    bool: "a truth value",
    float: "a number with decimals",
    datetime.datetime: "a date",
    datetime.date: "a date",
    datetime.time: "a date",
    datetime.timedelta: "a date",
}
_FORMULA = f"{{{SHEET_MAIN_NS}}}f"


def workbook_tables(content: bytes, sheet: str | None) -> list[Table]:
    """The visible sheets, or the one with this name. Raises UnreadableFileError."""
    with _damage_told():
        _check_size(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that nothing here needs
            workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        visible = [each for each in workbook.worksheets if each.sheet_state == "visible"]
    if sheet is not None:
        names = ", ".join(each.title for each in visible)
        visible = [each for each in visible if _plain(each.title) == _plain(sheet)]
        if not visible:
            raise UnreadableFileError(f"no visible sheet {sheet!r}; there are {names}")
    return [
        Table(partial(_rows, workbook, each), "Excel workbook", sheet=each.title)
        for each in visible
    ]


def _rows(workbook: Any, sheet: Any) -> Generator[Row, None, None]:
    """The rows that have cells. openpyxl's own rows do not say which are hidden."""
    with _damage_told(), sheet._get_source() as source:
        parser = _Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=workbook.epoch,
            date_formats=workbook._date_formats,
            timedelta_formats=workbook._timedelta_formats,
        )
        for line, found in parser.parse():
            attributes = parser.row_dimensions.pop(str(line), {})
            filled = {cell["column"]: cell for cell in found if cell}
            if filled:
                cells = [""] * max(filled)
                for column, cell in filled.items():
                    cells[column - 1] = _text(cell["value"], cell["data_type"])
                yield Row(line, cells, hidden=attributes.get("hidden") in ("1", "true"))


class _Parser(WorkSheetParser):
    """Tells a formula without a stored value, and is quick about blank cells."""

    def parse_cell(self, element: Element) -> dict[str, Any]:
        if not len(element) and "r" in element.attrib:
            return {}
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(_FORMULA) is None:
            return {}
        return cell


def _text(value: object, data_type: str) -> str:
    """A cell as it would be in a CSV file."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    kind = "an error value" if data_type == "e" else _KINDS.get(type(value))
    if kind:
        text = "" if value is None else str(value)
        return OddCell(text.upper() if isinstance(value, bool) else text, kind)
    return text_cell(unescape(str(value)))


def _check_size(content: bytes) -> None:
    """Raises UnreadableFileError if the workbook is larger than any roster."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > _MOST_BYTES:
            raise UnreadableFileError(
                f"the workbook unpacks to more than {_MOST_BYTES // 1_000_000} MB: save only the "
                "people in a new workbook"
            )
        counts = dict.fromkeys((*_MOST_TAGS, b"<"), 0)
        for part in parts:
            if not part.filename.startswith(("xl/worksheets/", "xl/sharedStrings")):
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(part)
                continue
            with archive.open(part) as xml:
                while block := xml.read(_BLOCK):
                    counts[b"<"] += block.count(b"<")
                    for tag in _MOST_TAGS:
                        counts[tag] += sum(block.count(tag + end) for end in (b">", b" ", b"/"))
    if counts[b"<"] > _MOST_MARKS:
        raise UnreadableFileError(
            "the workbook has more in it than any roster: save the people as CSV"
        )
    for tag, (most, what) in _MOST_TAGS.items():
        if counts[tag] > most:
            raise UnreadableFileError(
                f"the workbook has more than {most:,} {what}: delete the blank rows and the other "
                "sheets, or save the people as CSV"
            )


def _check_part(part: zipfile.ZipInfo) -> None:
    if part.file_size > _MOST_BYTES_OF_A_PART:
        raise UnreadableFileError(
            f"{part.filename} in the workbook is larger than {_MOST_BYTES_OF_A_PART // 1_000_000} "
            "MB: save only the people in a new workbook"
        )


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UnreadableFileError(
            "not an Excel workbook (.xlsx), or a damaged one: save it again in Excel"
        ) from error
