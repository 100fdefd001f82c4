"""Which columns of a table hold the people's names, phone numbers and e-mail addresses.

Headers say what a column is for, and its cells whether it is filled with that. All details of a
person come from the same party: never one person's name with another's number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chalicelib.roster.cells import cell, is_filled, looks_like_email, looks_like_phone, same_text
from chalicelib.roster.headers import Field, Header, Party, read_header
from chalicelib.roster.table import OddCell

# Who comes is the party that surely has a name and a number of its own. Otherwise the first
# three are the same person by different words: `참석자명` beside `휴대폰`. Buyers and guests are
# the people if the file has nobody else; others, such as guardians, never are.
_OWN: tuple[Party, ...] = ("participant", "unsaid", "registrant")
_GROUPS: tuple[tuple[Party, ...], ...] = (_OWN, ("buyer",), ("guest",))
_LABELS: dict[Field, str] = {
    "name": "name",
    "given": "name",
    "family": "name",
    "phone": "phone number",
    "email": "e-mail address",
}
_FILLED_RIGHT = 1 / 3  # of a column's cells: rosters have blanks, typing errors and remarks
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7a3\u4e00-\u9fff\s]+")


class NameColumns(NamedTuple):
    """Where a name stands: in one column, or in two that are joined."""

    whole: int | None
    given: int | None = None
    family: int | None = None


class Unfit(NamedTuple):
    """A field that no column can be used for; `columns` were made for it, by their headers."""

    label: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns to read, best first, by their index in a row, from 0.

    `used` pairs what a column became with its header. `passed_over` has the other headers that
    matched. `doubts` are sentences for whoever decides. `missing` is empty unless there are no
    names or no phone numbers.
    """

    names: tuple[NameColumns, ...]
    phones: tuple[int, ...]
    emails: tuple[int, ...]
    used: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]
    doubts: tuple[str, ...]
    missing: tuple[Unfit, ...]

    @property
    def indexes(self) -> frozenset[int]:
        names = (part for each in self.names for part in each if part is not None)
        return frozenset((*names, *self.phones, *self.emails))

    def full_name(self, cells: Sequence[str]) -> str:
        """The first of the names that is filled; "" if none is."""
        return next(filter(is_filled, (_name(cells, each) for each in self.names)), "")

    def phone_text(self, cells: Sequence[str]) -> str:
        return next(filter(is_filled, (cell(cells, each) for each in self.phones)), "")

    def email_texts(self, cells: Sequence[str]) -> list[str]:
        return [text for each in self.emails if is_filled(text := cell(cells, each))]


class _Candidate(NamedTuple):
    """A column for one field. They sort best first."""

    is_constant: bool = False
    is_doubtful: bool = False
    party: int = 0
    kind: int = 0
    number: int = 0
    column: int = 0


def find_columns(
    headers: Sequence[str], rows: Sequence[Sequence[str]], chosen: Mapping[Field, str]
) -> Columns:
    """Choose the columns by their headers and by these rows below them.

    `chosen` has the headers that somebody decided on by hand. Without rows, the headers decide.
    """
    choice = _Choice(headers, rows, chosen)
    for party in _OWN:
        if choice.is_sure(party):
            return choice.of((party,))
    for group in _GROUPS:
        columns = choice.of(group)
        if not columns.missing:
            return columns
    return choice.of(_OWN)


class _Choice:
    """A choice among the columns of one table."""

    def __init__(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[str]],
        chosen: Mapping[Field, str],
    ) -> None:
        self._headers = headers
        self._read = list(_with_neighbours([read_header(header) for header in headers]))
        self._rows = rows
        self._chosen = chosen

    def is_sure(self, party: Party) -> bool:
        """Whether this party surely has names and numbers."""
        found = self._found((party,))
        best = (found["name"] or found["given"] or found["family"])[:1] + found["phone"][:1]
        return len(best) > 1 and not any(
            each.is_constant
            or each.is_doubtful
            or 2 * len(self._filled(each.column)) < len(self._rows)
            for each in best
        )

    def of(self, group: Sequence[Party]) -> Columns:
        """The columns of the people in `group`."""
        found = self._found(group)
        names = _name_columns(found["name"], found["given"], found["family"])
        phones = tuple(each.column for each in found["phone"])
        emails = tuple(each.column for each in found["email"])
        used = [
            (label, self._headers[column].strip())
            for label, columns in (
                ("name", [part for each in names for part in each if part is not None]),
                ("phone number", phones),
                ("e-mail address", emails),
            )
            for column in columns
        ]
        used_headers = {header for _, header in used}
        missing = [self._unfit("name", "given", "family")] if not names else []
        missing += [self._unfit("phone")] if not phones else []
        return Columns(
            names=names,
            phones=phones,
            emails=emails,
            used=tuple(dict.fromkeys(used)),
            passed_over=tuple(
                text.strip()
                for text, header in zip(self._headers, self._read, strict=True)
                if header.field and text.strip() not in used_headers
            ),
            doubts=tuple(
                doubt for field in _LABELS for doubt in self._doubts(_LABELS[field], found[field])
            ),
            missing=tuple(missing),
        )

    def _found(self, group: Sequence[Party]) -> dict[Field, list[_Candidate]]:
        found = {field: self._candidates(field, group) for field in _LABELS}
        if not found["email"] and group[0] in _OWN:
            found["email"] = self._candidates("email", (*group, "unsaid"))
        if found["name"] and found["name"][0].is_doubtful and (found["given"] or found["family"]):
            found["name"] = []
        return found

    def _candidates(self, field: Field, group: Sequence[Party]) -> list[_Candidate]:
        """The columns for `field`: the best one, and those that a row can fall back on."""
        if field in self._chosen:
            return [
                _Candidate(column=column)
                for column, header in enumerate(self._headers)
                if same_text(header, self._chosen[field])
            ]
        if field in ("given", "family") and "name" in self._chosen:
            return []
        candidates = []
        fitting = [
            (column, header)
            for column, header in enumerate(self._read)
            if header.field == field and header.party in group
        ]
        is_sure = any(not header.is_doubtful for _, header in fitting)
        for column, header in fitting:
            if is_sure and header.is_doubtful:  # an assistant's number, though the own is blank
                continue
            cells = self._filled(column)
            # A written address that is none has to be told, so its column is not passed over.
            is_surely_email = field == "email" and cells and not header.is_doubtful
            if self._rows and not (_fits(field, cells) or is_surely_email):
                continue
            candidates.append(
                _Candidate(
                    len(cells) > 1 and len(set(cells)) == 1,
                    header.is_doubtful,
                    group.index(header.party),
                    header.kind,
                    header.number,
                    column,
                )
            )
        candidates.sort()
        return candidates[:1] + [
            each for each in candidates[1:] if not (each.is_constant or each.is_doubtful)
        ]

    def _filled(self, column: int) -> list[str]:
        return [text for row in self._rows if is_filled(text := cell(row, column))]

    def _doubts(self, label: str, candidates: Sequence[_Candidate]) -> Iterator[str]:
        if not candidates:
            return
        best = candidates[0]
        header = self._headers[best.column].strip()
        if best.is_doubtful:
            yield f"the {label} is taken from {header!r}, which may be something else"
        equals = [each.column for each in candidates if each[:-1] == best[:-1]]
        if len({tuple(self._filled(column)) for column in equals}) > 1:
            places = ", ".join(str(column + 1) for column in equals)
            yield (
                f"columns {places} could all be the {label}, and {header!r} in column "
                f"{best.column + 1} comes first"
            )

    def _unfit(self, *fields: Field) -> Unfit:
        return Unfit(
            _LABELS[fields[0]],
            tuple(
                header.strip()
                for header, read in zip(self._headers, self._read, strict=True)
                if read.field in fields
            ),
        )


def _with_neighbours(headers: Sequence[Header]) -> Iterator[Header]:
    """A second `연락처` to the right of `비상연락처 성함` is that person's."""
    whose: Party = "unsaid"
    seen = set()
    for header in headers:
        is_detail = header.field in ("phone", "email")
        if not is_detail and (header.field or header.party != "unsaid"):
            whose = header.party
        is_second = is_detail and header.field in seen
        if is_second and header.party == "unsaid" and whose in ("other", "guest", "buyer"):
            header = replace(header, party=whose)  # noqa: PLW2901
        seen.add(header.field)
        yield header


def _name_columns(
    wholes: Sequence[_Candidate], givens: Sequence[_Candidate], families: Sequence[_Candidate]
) -> tuple[NameColumns, ...]:
    """The columns for the name; if whole names are blank, their parts are read."""
    if families and not givens and wholes:  # `Name` beside `Surname`, `이름` beside `성`
        return (NameColumns(None, wholes[0].column, families[0].column),)
    names = [NameColumns(each.column) for each in wholes]
    if not (givens or families):
        return tuple(names)
    parts = NameColumns(
        None,
        givens[0].column if givens else None,
        families[0].column if families else None,
    )
    best = min([*givens, *families])
    whole_first = wholes and wholes[0][:3] <= best[:3]
    return (*names, parts) if whole_first else (parts, *names)


def _name(cells: Sequence[str], columns: NameColumns) -> str:
    if columns.whole is not None:
        return cell(cells, columns.whole)
    given, family = cell(cells, columns.given), cell(cells, columns.family)
    odd = next((part for part in (given, family) if isinstance(part, OddCell)), None)
    if odd is not None:
        return odd
    if _HANGUL.fullmatch(family + given):
        return family + given
    return f"{given} {family}".strip()


def _fits(field: Field, cells: Sequence[str]) -> bool:
    """Whether a column is filled with what its header says."""
    if field == "phone":
        right = sum(map(looks_like_phone, cells))
    elif field == "email":
        right = sum(map(looks_like_email, cells))
    else:
        right = sum(any(map(str.isalpha, each)) and not looks_like_email(each) for each in cells)
    return right > 0 and right >= _FILLED_RIGHT * len(cells)
