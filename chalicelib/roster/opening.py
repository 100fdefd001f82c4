"""Opens a roster file: finds the table with the people, or says what is missing and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from chalicelib.roster.cells import is_somebodys, same_text
from chalicelib.roster.choices import NO_CHOICES, Choices
from chalicelib.roster.columns import find_columns
from chalicelib.roster.files import tables
from chalicelib.roster.header_rows import header_rows
from chalicelib.roster.reader import Roster, filled_rows
from chalicelib.roster.table import UnreadableFileError

_HEADER_WITHIN = 20  # rows; titles, dates and notes come before the headers
_SAMPLE = 1_000  # rows that are looked at to choose the columns
_SHOWN_HEADERS = 20
_SHOWN_LENGTH = 40  # characters
_EXAMPLES = {
    "name": "이름 or Name",
    "phone number": "휴대폰 or Phone",
    "e-mail address": "이메일 or Email",
}
_OPTIONS = {
    "name": "--name-column",
    "phone number": "--phone-column",
    "e-mail address": "--email-column",
}


def open_roster(path: Path, region_code: str, choices: Choices = NO_CHOICES) -> Roster:
    """Find the table with people in the file. Raises UnreadableFileError."""
    found = list(_rosters(path, region_code, choices))
    for header in (*choices.columns.values(), *choices.keep):
        having = [each for each in found if any(same_text(header, t) for t in each.headers.texts)]
        if found and not having:
            raise UnreadableFileError(f"no column {header!r}; {_headers(_nearest(found))}")
        found = having
    complete = [roster for roster in found if not roster.columns.missing]
    if not complete:
        raise UnreadableFileError(_incomplete(found))
    with_people = [roster for roster in complete if roster.sample]
    if not with_people:
        raise UnreadableFileError(f"no rows below the headers in line {complete[0].header_line}")
    sheets = list(dict.fromkeys(each.table.sheet for each in with_people if each.table.sheet))
    if len(sheets) > 1:
        raise UnreadableFileError(
            f"people are on several sheets: {', '.join(sheets)}; choose one with --sheet"
        )
    _check_kept(choices.keep, with_people)
    best = max(with_people, key=lambda roster: len(roster.headers.texts))
    lines = {
        str(each.header_line): each.headers.texts
        for each in with_people
        if each.table is best.table
    }
    if len(set(lines.values())) > 1:
        raise UnreadableFileError(
            f"lines {' and '.join(lines)} both look like headers: leave only one table in the file"
        )
    return best


def _check_kept(keep: Sequence[str], rosters: Sequence[Roster]) -> None:
    """Numbers and addresses are not kept a second time: a number is never stored at all."""
    for header in keep:
        for roster in rosters:
            for column, text in enumerate(roster.headers.texts):
                cells = [row[column] for row in roster.sample if column < len(row)]
                if same_text(text, header) and any(map(is_somebodys, cells)):
                    raise UnreadableFileError(
                        f"the column {header!r} has phone numbers or addresses, which are not kept"
                    )


def _rosters(path: Path, region_code: str, choices: Choices) -> Iterator[Roster]:
    """A roster for each row that may be the headers, in each table of the file."""
    for table in tables(
        path, sheet=choices.sheet, encoding=choices.encoding, delimiter=choices.delimiter
    ):
        rows = list(islice(filled_rows(table), _HEADER_WITHIN + _SAMPLE))
        for headers in header_rows(rows[:_HEADER_WITHIN]):
            below = [row.cells for row in rows if row.line > headers.last_line and not row.fault]
            columns = find_columns(headers.texts, below, choices.columns)
            yield Roster(table, columns, headers, region_code, choices, below)


def _incomplete(found: Sequence[Roster]) -> str:
    """Which details were found, and which are missing, in the row that is nearest to headers."""
    best = _nearest(found) if found else None
    if best is None or not _shown(best):
        return (
            f"no headers in the first {_HEADER_WITHIN} rows: the file needs one for names "
            f"({_EXAMPLES['name']}) and one for phone numbers ({_EXAMPLES['phone number']})"
        )
    shown = set(_shown(best))
    parts = [f"found: {label} ({_short(text)})" for label, text in best.columns.used]
    for label, unfit in best.columns.missing:
        headers = [_short(text) for text in unfit if _short(text) in shown]
        option = _OPTIONS[label]
        part = f"missing: {label}, such as {_EXAMPLES[label]}; name its column with {option}"
        if headers:
            part += f" ({', '.join(headers)} is somebody else's, or holds something else)"
        parts.append(part)
    return "; ".join([_headers(best), *parts])


def _nearest(found: Sequence[Roster]) -> Roster:
    return max(found, key=lambda each: (len(each.columns.used), sum(map(bool, each.headers.texts))))


def _headers(roster: Roster) -> str:
    return f"the headers in line {roster.header_line} are {', '.join(_shown(roster))}"


def _shown(roster: Roster) -> list[str]:
    """The headers, but no cell that could be about a person: it may be no header row at all."""
    texts = (text for text in roster.headers.texts if text.strip())
    return [_short(text) for text in texts if not _is_private(text)][:_SHOWN_HEADERS]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return "…" if _is_private(line) else line[:_SHOWN_LENGTH]


def _is_private(text: str) -> bool:
    return bool(re.search(r"@|\d{3}", text))
