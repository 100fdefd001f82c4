"""The people on a roster file, and the reasons against a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from chalicelib.roster.reader import Person, Rejected, Roster, open_roster
from chalicelib.roster.spreadsheet import UnreadableFileError

HEADERS = "이름,휴대폰,이메일\n"
EXAMPLE = Path(__file__).parents[3] / "examples" / "roster.csv"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def _open(file: Path, text: str) -> Roster:
    file.write_text(text)
    return open_roster(file, "KR")


def _only(file: Path, row: str) -> Person | Rejected:
    (entry,) = _open(file, HEADERS + row)
    return entry


def _phone(file: Path, written: str) -> str:
    entry = _only(file, f"김하나,{written},")
    assert isinstance(entry, Person), entry
    return entry.phone


def test_a_row_gives_a_person(file: Path) -> None:
    person = _only(file, "  김  하나 ,010-0000-0001, Hana@Example.COM ")
    assert person == Person(2, "김 하나", "+821000000001", "Hana@example.com")


@pytest.mark.parametrize(
    "written",
    [
        "010-0000-0001",
        "01000000001",
        "1000000001",
        "1000000001.0",
        "'01000000001",
        '="01000000001"',
        '"=""01000000001"""',
        "82 10 0000 0001",
        "+82 10-0000-0001",
        "+82 (0)10-0000-0001",
        "０１０－００００－０００１",
        "010.0000.0001",
        "\u00a0010 0000 0001\u200b",
    ],
)
def test_a_number_is_read_in_every_form_that_files_have(file: Path, written: str) -> None:
    assert _phone(file, written) == "+821000000001"


@pytest.mark.parametrize("cell", [1000000001, 1000000001.0, "010-0000-0001"])
def test_a_number_that_a_workbook_turned_into_one_is_read(tmp_path: Path, cell: Any) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(("이름", "휴대폰"))
    sheet.append(("김하나", cell))
    workbook.save(tmp_path / "roster.xlsx")
    assert list(open_roster(tmp_path / "roster.xlsx", "KR")) == [
        Person(2, "김하나", "+821000000001", None)
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("김하나,,hana@example.com", "no phone number"),
        ("김하나", "no phone number"),
        (",010-0000-0001,", "no name"),
        ("김하나,010-000,", "phone: no such phone number"),
        ("김하나,없음,", "phone: "),
        ("김하나,1.01235E+09,", "phone: rounded by the spreadsheet"),
        (f"{'김' * 101},010-0000-0001,", "name: longer than 100 characters"),
        ('"김하나",010-0000-0001,"x"y', "its quotation marks do not match"),
    ],
)
def test_a_row_without_a_usable_person_is_rejected(file: Path, row: str, reason: str) -> None:
    rejected = _only(file, row)
    assert isinstance(rejected, Rejected)
    assert rejected.line == 2
    assert rejected.reason.startswith(reason)


def test_a_wrong_address_costs_the_address_not_the_person(file: Path) -> None:
    person = _only(file, "김하나,010-0000-0001,hana@@example")
    assert isinstance(person, Person)
    assert person.email is None
    assert person.warning == "imported without e-mail: not an e-mail address (more than one @)"


def test_of_two_rows_with_one_number_the_first_counts(file: Path) -> None:
    first, second, third = _open(
        file, HEADERS + "김하나,010-0000-0001,\n이두리,010-0000-0002,\n김하나,+82 10 0000 0001,\n"
    )
    assert isinstance(first, Person)
    assert isinstance(second, Person)
    assert third == Rejected(4, "same phone number as line 2")


def test_a_rejected_row_does_not_count_as_the_first_with_its_number(file: Path) -> None:
    first, second = _open(file, HEADERS + ",010-0000-0001,\n김하나,010-0000-0001,\n")
    assert isinstance(first, Rejected)
    assert isinstance(second, Person)


def test_blank_rows_are_passed_over_and_lines_still_those_of_the_file(file: Path) -> None:
    roster = _open(file, HEADERS + '\n,,\n\u00a0, ,\n"김\n하나",010-0000-0001,\n이두리,,\n')
    assert [entry.line for entry in roster] == [5, 7]
    assert roster.row_count() == 2


def test_headers_are_found_below_titles(file: Path) -> None:
    roster = _open(file, "참가자 명단\n2026-02-11 기준,,\n\n" + HEADERS + "김하나,010-0000-0001,\n")
    assert [entry.line for entry in roster] == [5]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_makes_headers(file: Path, delimiter: str) -> None:
    rows = (("No.", "Name", "Phone"), ("1", "Alex", "010-0000-0001"))
    (person,) = _open(file, "\n".join(map(delimiter.join, rows)))
    assert isinstance(person, Person)
    assert person.name == "Alex"


def test_the_sheet_is_the_one_that_has_headers(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(("안내", "이 파일은 …"))
    people = workbook.create_sheet("명단")
    people.append(("이름", "휴대폰"))
    people.append(("김하나", "010-0000-0001"))
    workbook.save(tmp_path / "roster.xlsx")
    assert len(list(open_roster(tmp_path / "roster.xlsx", "KR"))) == 1


def test_a_roster_can_be_read_again(file: Path) -> None:
    roster = _open(file, HEADERS + "김하나,010-0000-0001,\n")
    assert list(roster) == list(roster)


def test_numbers_without_a_country_code_belong_to_the_region(file: Path) -> None:
    file.write_text("Name,Phone\nAlex,(212) 555-0100\n")
    assert list(open_roster(file, "US")) == [Person(2, "Alex", "+12125550100", None)]


def test_missing_headers_are_told_with_those_that_were_found(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"line 1 \(이름, 이메일\).*휴대폰"):
        _open(file, "이름,이메일\n김하나,hana@example.com\n")


def test_a_file_without_headers_reveals_no_number_or_address(file: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no column headers") as refusal:
        _open(file, "010-0000-0001,hana@example.com\n")
    assert "0001" not in str(refusal.value)
    assert "hana" not in str(refusal.value)


def test_reasons_and_warnings_repeat_neither_number_nor_address(file: Path) -> None:
    entries = _open(
        file, HEADERS + "김하나,010-9999-99,hana@example.com\n이두리,010-0000-0002,duri@@example\n"
    )
    told = " ".join(
        entry.reason if isinstance(entry, Rejected) else entry.warning or "" for entry in entries
    )
    assert "9999" not in told
    assert "duri" not in told


def test_the_example_roster_has_twenty_people() -> None:
    entries = list(open_roster(EXAMPLE, "KR"))
    people = [entry for entry in entries if isinstance(entry, Person)]
    assert len(people) == len(entries) == 20
    assert sum(person.email is None for person in people) == 3
    assert not any(person.warning for person in people)
