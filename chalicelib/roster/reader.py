"""Reads the people from a roster file that an event service exported, and rejects faulty rows.

The reasons never repeat a phone number or an address, since people paste and mail them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chalicelib.attendance.email import parse_email
from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.phone import parse_phone
from chalicelib.attendance.registration import clean_name
from chalicelib.roster.columns import Columns, find_columns, is_known_header
from chalicelib.roster.spreadsheet import Reading, Row, UnreadableFileError, readings

_HEADER_WITHIN = 20  # rows; titles, dates and notes come before the headers
_SHOWN_HEADERS = 12
_SHOWN_LENGTH = 30  # characters

# What spreadsheets do to a number: '010… and ="010…" keep it as text; 1012345678.0 is a number.
_WRAPPED = re.compile(r"""^(?:'|=?"(?=.*"$))(.*?)"?$""")
_FRACTION = re.compile(r"^(\d+)\.0+$")
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?E\+?\d+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Person:
    """One row. `phone` is in E.164 form; `warning` says why its address was left out."""

    line: int
    name: str
    phone: str
    email: str | None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be imported, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster file whose columns are known; its rows are read from the file each time.

    `region_code` applies to numbers without a country code.
    """

    columns: Columns
    header_line: int
    region_code: str
    reading: Reading

    def row_count(self) -> int:
        return sum(1 for _ in self._rows())

    def __iter__(self) -> Iterator[Person | Rejected]:
        """Each row in file order; of several with the same phone number, the first is accepted."""
        lines: dict[str, int] = {}
        for row in self._rows():
            entry = self._entry(row)
            if isinstance(entry, Person):
                first = lines.setdefault(entry.phone, entry.line)
                if first != entry.line:
                    entry = Rejected(entry.line, f"same phone number as line {first}")
            yield entry

    def _rows(self) -> Iterator[Row]:
        """The rows below the headers, without blank ones."""
        with closing(self.reading()) as rows:
            for row in rows:
                if row.line > self.header_line and (row.fault or any(map(str.strip, row.cells))):
                    yield row

    def _entry(self, row: Row) -> Person | Rejected:
        if row.fault:
            return Rejected(row.line, row.fault)
        try:
            name = clean_name(self.columns.full_name(row.cells))
            phone = self._phone(self.columns.phone_text(row.cells))
        except InvalidRequest as error:
            return Rejected(row.line, _reason(error))
        written = self.columns.email_text(row.cells)
        try:
            return Person(row.line, name, phone, parse_email(written) if written else None)
        except InvalidRequest as error:
            return Person(row.line, name, phone, None, f"imported without e-mail: {error.problem}")

    def _phone(self, written: str) -> str:
        text = _FRACTION.sub(r"\1", _WRAPPED.sub(r"\1", written).strip())
        if not text:
            raise InvalidRequest("phone", "empty")
        if _SCIENTIFIC.match(text):
            raise InvalidRequest(
                "phone", "rounded by the spreadsheet; format the column as text and export it again"
            )
        return parse_phone(text, self.region_code)


def open_roster(path: Path, region_code: str) -> Roster:
    """Find the table with names and phone numbers in the file. Raises UnreadableFileError."""
    seen: list[Row] = []
    for reading in readings(path):
        with closing(reading()) as rows:
            for row in islice(rows, _HEADER_WITHIN):
                if columns := find_columns(row.cells):
                    return Roster(columns, row.line, region_code, reading)
                seen.append(row)
    raise UnreadableFileError(_no_headers(seen))


def _reason(error: InvalidRequest) -> str:
    match error.field, error.problem:
        case "name", "empty":
            return "no name"
        case "phone", "empty":
            return "no phone number"
        case field, problem:
            return f"{field}: {problem}"


def _no_headers(rows: list[Row]) -> str:
    """The message if no row has the headers; it shows the row that is closest."""
    needed = "it needs a name column (such as 이름 or Name) and a phone column (휴대폰, Phone)"

    def nearness(row: Row) -> tuple[int, int]:
        return sum(map(is_known_header, row.cells)), sum(map(bool, row.cells))

    best = max(rows, key=nearness, default=None)
    # Without a header row these cells describe people, so nothing with digits or an @ is shown.
    headers = [
        " ".join(cell.split())[:_SHOWN_LENGTH]
        for cell in (best.cells if best else ())
        if cell.strip() and not re.search(r"@|\d{3}", cell)
    ]
    if best is None or not headers:
        return f"no column headers found in the first {_HEADER_WITHIN} rows: {needed}"
    shown = ", ".join(headers[:_SHOWN_HEADERS])
    return f"no column headers recognised; the closest are in line {best.line} ({shown}): {needed}"
