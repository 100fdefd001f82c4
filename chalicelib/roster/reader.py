"""Reads the people from a roster file, as organizers have it, and says which rows cannot come in.

The reasons never repeat a phone number or an address, since people paste and mail them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

from chalicelib.attendance.email import parse_email
from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.phone import parse_phone
from chalicelib.attendance.registration import clean_name
from chalicelib.attendance.text import garbled, one_line
from chalicelib.roster.cells import (
    cell,
    is_country_code,
    is_rounded,
    is_somebodys,
    reads_as_korean,
    same_text,
)
from chalicelib.roster.choices import NO_CHOICES, Choices
from chalicelib.roster.columns import Columns, find_columns
from chalicelib.roster.header_rows import HeaderRow, is_header_row
from chalicelib.roster.people import Entry, LeftOut, Person, Rejected
from chalicelib.roster.statuses import LeftOutBy, Statuses, status_in_name, status_of_title
from chalicelib.roster.table import OddCell, Row, Table

_LONGEST_KEPT = 200  # characters

_GARBLED = re.compile(r"\w\?|\?\w|\?\?|&#?\w+;|√\w")  # what a lossy save leaves
_QUOTED = re.compile(r'^=?"(.*)"$')  # ="010…" keeps a number as text in a spreadsheet


@dataclass(frozen=True)
class Roster:
    """A roster file whose columns are known; its rows are read from the file each time.

    `region_code` applies to numbers without a country code.
    """

    table: Table
    columns: Columns
    headers: HeaderRow
    region_code: str
    choices: Choices = NO_CHOICES
    sample: Sequence[Sequence[str]] = ()

    @property
    def header_line(self) -> int:
        return self.headers.last_line

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences about what somebody should decide."""
        if self.choices.include_status:
            return self.columns.doubts
        return self.columns.doubts + self._statuses.doubts

    @cached_property
    def used(self) -> tuple[tuple[str, str], ...]:
        """What each column became, with its header."""
        statuses = (("status", header) for header in self._statuses.headers)
        kept = (("kept", header) for header in self.choices.keep)
        return (*self.columns.used, *statuses, *kept)

    @cached_property
    def _statuses(self) -> Statuses:
        return Statuses(self.headers.texts, self.columns.indexes, self.sample)

    def __iter__(self) -> Iterator[Entry]:
        """Each row in file order; of several with the same phone number, the first one comes in."""
        lines: dict[str, int] = {}
        other_headers: int | None = None
        section: LeftOutBy | None = None
        for row in filled_rows(self.table):
            if row.line <= self.header_line:
                if not is_header_row(row.cells):
                    yield Rejected(row.line, f"above the headers in line {self.header_line}")
                continue
            if self._repeats_headers(row):
                continue
            if other_headers is None and self._has_other_headers(row):
                other_headers = row.line
            if other_headers:
                yield Rejected(row.line, f"below the other headers in line {other_headers}")
                continue
            section = self._section(row) or section
            entry = self._entry(row, section)
            if isinstance(entry, Person):
                first = lines.setdefault(entry.phone, entry.line)
                if first != entry.line:
                    entry = Rejected(entry.line, f"same phone number as line {first}")
            yield entry

    def _repeats_headers(self, row: Row) -> bool:
        """Some lists repeat their headers on each page."""
        columns = self.columns.phones[:1] + self.columns.emails[:1]
        return bool(row.cells) and any(
            all(
                column < len(row.cells)
                and column < len(texts)
                and same_text(row.cells[column], texts[column])
                for column in columns
            )
            for texts in (self.headers.texts, self.headers.lower)
        )

    def _section(self, row: Row) -> LeftOutBy | None:
        """A title such as `취소자 명단`, alone in its row: those below it do not count."""
        filled = [text for text in row.cells if text.strip()]
        if len(filled) == 1 and (status := status_of_title(filled[0])):
            return LeftOutBy(status, f"below {filled[0].strip()!r} in line {row.line}")
        return None

    def _has_other_headers(self, row: Row) -> bool:
        """Whether another table starts here."""
        phone = self.columns.phone_text(row.cells)
        if not phone or any(map(str.isdigit, phone)) or not is_header_row(row.cells):
            return False
        return not find_columns(row.cells, (), {}).missing

    def _entry(self, row: Row, section: LeftOutBy | None) -> Entry:
        if row.fault:
            return Rejected(row.line, row.fault, row.last_line)
        if not self.choices.include_status:
            left_out = section or self._left_out(row.cells)
            if left_out:
                phone = self._valid_phone(row.cells)
                return LeftOut(row.line, left_out.reason, left_out.status, phone)
            if row.hidden:
                phone = self._valid_phone(row.cells)
                return LeftOut(row.line, "hidden in the sheet", None, phone)
        try:
            name = self._name(row.cells)
            phone = self._phone(row.cells)
        except InvalidRequest as error:
            return Rejected(
                row.line, _reason(error), row.last_line, phone=self._valid_phone(row.cells)
            )
        email, warning = self._email(row.cells)
        return Person(row.line, name, phone, email, warning, self._kept(row.cells))

    def _name(self, cells: Sequence[str]) -> str:
        text = _written("name", self.columns.full_name(cells))
        if "\n" in text and self.table.format == "CSV":  # a stray quotation mark, or two people
            raise InvalidRequest("name", "a line break in it")
        name = clean_name(text)
        if _GARBLED.search(text) or reads_as_korean(text):
            raise InvalidRequest("name", "damaged text, as after a wrong encoding")
        if is_somebodys(name) or not any(map(str.isalpha, name)):
            raise InvalidRequest("name", "not a name")
        return name

    def _left_out(self, cells: Sequence[str]) -> LeftOutBy | None:
        if by_column := self._statuses.left_out(cells):
            return by_column
        status = status_in_name(self.columns.full_name(cells))
        return LeftOutBy(status, f"its name says {status}") if status else None

    def _phone(self, cells: Sequence[str]) -> str:
        text = _written("phone", self.columns.phone_text(cells))
        text = _QUOTED.sub(r"\1", text).strip()
        if not text:
            raise InvalidRequest("phone", "empty")
        if not text.startswith("+") and (code := self._country_code(cells)):
            text = f"+{code} {text.removeprefix('0')}"
        if is_rounded(text):
            raise InvalidRequest(
                "phone", "rounded by the spreadsheet; format the column as text and export it again"
            )
        return parse_phone(text, self.region_code)

    def _country_code(self, cells: Sequence[str]) -> str:
        """The digits in a column for it; without them, the number would be guessed as Korean."""
        return "".join(filter(str.isdigit, cell(cells, self._country_code_column)))

    @cached_property
    def _country_code_column(self) -> int | None:
        headers = enumerate(self.headers.texts)
        return next((column for column, header in headers if is_country_code(header)), None)

    def _valid_phone(self, cells: Sequence[str]) -> str | None:
        try:
            return self._phone(cells)
        except InvalidRequest:
            return None

    def _email(self, cells: Sequence[str]) -> tuple[str | None, str | None]:
        """The first valid address, and what is wrong with those before it."""
        warning = None
        for text in self.columns.email_texts(cells):
            try:
                return parse_email(_written("email", text)), warning
            except InvalidRequest as error:
                warning = warning or error.problem
        return None, warning

    def _kept(self, cells: Sequence[str]) -> dict[str, str]:
        kept = {}
        for header, columns in self._kept_columns.items():
            texts = (one_line(cell(cells, column))[:_LONGEST_KEPT] for column in columns)
            if text := next(filter(None, texts), ""):
                kept[header] = text
        return kept

    @cached_property
    def _kept_columns(self) -> dict[str, list[int]]:
        """The columns to keep, by header; of several with one header, the first filled one."""
        headers = list(enumerate(self.headers.texts))
        return {
            header.strip(): [column for column, each in headers if same_text(each, header)]
            for header in self.choices.keep
        }


def filled_rows(table: Table) -> Iterator[Row]:
    """The rows of the table without blank ones."""
    with closing(table.rows()) as rows:
        for row in rows:
            if row.fault or any(map(str.strip, row.cells)):
                yield row


def _written(name: str, text: str) -> str:
    """The text, if a person can have written it. Raises InvalidRequest."""
    if isinstance(text, OddCell):
        raise InvalidRequest(name, text.kind)
    if "\ufffd" in text or garbled(text):
        raise InvalidRequest(name, "damaged text, as after a wrong encoding")
    return text


def _reason(error: InvalidRequest) -> str:
    match error.field, error.problem:
        case "name", "empty":
            return "no name"
        case "phone", "empty":
            return "no phone number"
        case name, problem:
            return f"{name}: {problem}"
