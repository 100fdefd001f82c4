"""The people on a roster file, and the reasons against a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from chalicelib.roster.choices import Choices
from chalicelib.roster.opening import open_roster
from chalicelib.roster.people import Entry, LeftOut, Person, Rejected
from chalicelib.roster.reader import Roster
from chalicelib.roster.table import UnreadableFileError

HEADERS = "이름,휴대폰,이메일\n"
EXAMPLE = Path(__file__).parents[3] / "examples" / "roster.csv"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def _open(file: Path, text: str, **choices: Any) -> Roster:
    file.write_text(text)
    return open_roster(file, "KR", Choices(**choices))


def _only(file: Path, row: str) -> Entry:
    """The row's entry; another one below it has a number, so that the column is one of numbers."""
    entry, _ = _open(file, f"{HEADERS}{row}\n박서진,010-0000-9999,\n")
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
        ("김하나,010-000,", "phone: "),
        ("김하나,#N/A,", "phone: an error value"),
        ("TRUE,010-0000-0001,", "name: a truth value"),
        ("김\ufffd나,010-0000-0001,", "name: damaged text"),
        ("ê¹€í•˜ë‚˜,010-0000-0001,", "name: damaged text"),
        ("ÃÖÁö¿ì,010-0000-0001,", "name: damaged text"),
        ("源??븯?굹,010-0000-0001,", "name: damaged text"),
        ("&#44608;,010-0000-0001,", "name: damaged text"),
        ("010-0000-1002,010-0000-0001,", "name: not a name"),
        ("hana@example.com,010-0000-0001,", "name: not a name"),
        ("123,010-0000-0001,", "name: not a name"),
        ('"김하나\n이두리",010-0000-0001,', "name: a line break"),
        ("김하나,없음,", "no phone number"),
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
    assert person.warning


def test_the_second_of_two_addresses_is_used_if_the_first_is_wrong(file: Path) -> None:
    roster = _open(
        file,
        "Name,Phone,Email,Email 2\nA,010-0000-0001,a@@x,a@example.com\nB,010-0000-0002,b@x.com,\n",
    )
    person = next(iter(roster))
    assert isinstance(person, Person)
    assert person.email == "a@example.com"
    assert person.warning


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


def test_of_several_sheets_with_people_one_has_to_be_chosen(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for title, number in (("1일차", "010-0000-0001"), ("2일차", "010-0000-0002"), ("서식", None)):
        sheet = workbook.create_sheet(title)
        sheet.append(("이름", "휴대폰"))
        if number:
            sheet.append(("김하나", number))
    path = tmp_path / "roster.xlsx"
    workbook.save(path)
    with pytest.raises(UnreadableFileError, match="1일차, 2일차; choose one with --sheet"):
        open_roster(path, "KR")
    (person,) = open_roster(path, "KR", Choices(sheet="2일차"))
    assert isinstance(person, Person)
    assert person.phone == "+821000000002"


def test_a_roster_can_be_read_again(file: Path) -> None:
    roster = _open(file, HEADERS + "김하나,010-0000-0001,\n")
    assert list(roster) == list(roster)


def test_numbers_without_a_country_code_belong_to_the_region(file: Path) -> None:
    file.write_text("Name,Phone\nAlex,(212) 555-0100\n")
    assert list(open_roster(file, "US")) == [Person(2, "Alex", "+12125550100", None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "이름,이메일\n김하나,h@example.com\n",
            "found: name (이름).*missing: phone number.*--phone-column",
        ),
        ("이름,비상연락처\n김하나,010-0000-9001\n", "비상연락처 is somebody else's"),
        (
            "소속,직책\n예시,대표\n",
            "headers in line 1 are 소속, 직책; missing: name.*missing: phone",
        ),
        ("이름,휴대폰\n", "no rows below the headers in line 1"),
        (
            "이름,휴대폰\nA,010-0000-1\n\n번호,이름,휴대폰\n1,B,010-0000-0002\n",
            "lines 1 and 4 both",
        ),
    ],
)
def test_a_refusal_says_what_was_found_and_what_is_missing(
    file: Path, text: str, said: str
) -> None:
    with pytest.raises(UnreadableFileError, match=said.replace("(", r"\(").replace(")", r"\)")):
        _open(file, text)


@pytest.mark.parametrize(
    "text", ["010-0000-0001,hana@example.com\n", "김하나,010-0000-0001\n이두리,010-0000-0002\n"]
)
def test_a_file_without_headers_reveals_no_number_or_address(file: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match="no headers") as refusal:
        _open(file, text)
    assert "0001" not in str(refusal.value)
    assert "hana" not in str(refusal.value)


class TestWhatSomebodyDecides:
    TEXT = "누구,손전화,번호,사이즈\n김하나,010-0000-0001,1,M\n"

    def test_columns_are_named_by_their_headers(self, file: Path) -> None:
        (person,) = _open(file, self.TEXT, name_column=" 누구", phone_column="손전화")
        assert person == Person(2, "김하나", "+821000000001", None)

    def test_further_columns_are_kept(self, file: Path) -> None:
        roster = _open(
            file, self.TEXT, name_column="누구", phone_column="손전화", keep=("사이즈", "번호")
        )
        (person,) = roster
        assert isinstance(person, Person)
        assert person.kept == {"사이즈": "M", "번호": "1"}
        assert ("kept", "사이즈") in roster.used

    @pytest.mark.parametrize("choice", [{"name_column": "성함"}, {"keep": ("size",)}])
    def test_a_column_that_is_not_there_is_refused(self, file: Path, choice: Any) -> None:
        with pytest.raises(UnreadableFileError, match=r"no column '.*are 이름, 휴대폰, 이메일"):
            _open(file, HEADERS + "김하나,010-0000-0001,\n", **choice)

    def test_numbers_and_addresses_are_not_kept(self, file: Path) -> None:
        for header in ("손전화", "메일"):
            with pytest.raises(UnreadableFileError, match="which are not kept"):
                _open(
                    file,
                    "이름,손전화,메일,휴대폰\n김하나,010-0000-9001,h@example.com,010-0000-0001\n",
                    keep=(header,),
                )

    def test_rows_come_in_whatever_their_status(self, file: Path) -> None:
        text = "이름,휴대폰,상태\n김하나,010-0000-0001,취소\n이두리,없음,대기\n"
        first, second = _open(file, text)
        assert first == LeftOut(2, "상태: 취소", "cancelled", "+821000000001")
        assert second == LeftOut(3, "상태: 대기", "waiting", None)
        first, second = _open(file, text, include_status=True)
        assert isinstance(first, Person)
        assert second == Rejected(3, "no phone number")


def test_rows_below_a_title_for_those_who_cancelled_do_not_count(file: Path) -> None:
    first, title, second = _open(
        file, HEADERS + "김하나,010-0000-0001,\n[취소자 명단],,\n이두리,010-0000-0002,\n"
    )
    assert isinstance(first, Person)
    assert isinstance(title, LeftOut)
    assert second == LeftOut(4, "below '[취소자 명단]' in line 3", "cancelled", "+821000000002")


@pytest.mark.parametrize("name", ["김하나(취소)", "[대기] 김하나", "김하나 - 불참"])
def test_a_name_that_says_its_status_does_not_count(file: Path, name: str) -> None:
    assert isinstance(_only(file, f"{name},010-0000-0001,"), LeftOut)


def test_a_country_code_in_a_column_of_its_own_counts(file: Path) -> None:
    text = "Name,Country code,Phone\nJulie,+33,6 12 34 56 78\nHana,82,010-0000-0001\n"
    phones = [entry.phone for entry in _open(file, text)]
    assert phones == ["+33612345678", "+821000000001"]


def test_a_cancelled_row_makes_no_later_one_a_duplicate(file: Path) -> None:
    rows = "김하나,010-0000-0001,취소\n김하나,010-0000-0001,확정\n"
    first, second = _open(file, "이름,휴대폰,상태\n" + rows)
    assert isinstance(first, LeftOut)
    assert isinstance(second, Person)


def test_headers_that_are_repeated_on_each_page_are_passed_over(file: Path) -> None:
    roster = _open(file, f"{HEADERS}김하나,010-0000-0001,\n{HEADERS}이두리,010-0000-0002,\n")
    assert [entry.line for entry in roster if isinstance(entry, Person)] == [2, 4]
    assert len(list(roster)) == 2


def test_rows_of_another_table_below_are_rejected(file: Path) -> None:
    people = "".join(f"사람{n},010-0000-{n:04},\n" for n in range(30))
    entries = list(
        _open(file, f"{HEADERS}{people}이메일,이름,휴대폰\nh@example.com,김하나,010-0000-9001\n")
    )
    assert entries[-1] == Rejected(33, "below the other headers in line 32")
    assert sum(isinstance(entry, Person) for entry in entries) == 30


def test_people_above_the_headers_are_told(file: Path) -> None:
    entries = list(_open(file, f"담당자,김담당,010-0000-9001\n{HEADERS}김하나,010-0000-0001,\n"))
    assert entries[0] == Rejected(1, "above the headers in line 2")
    assert isinstance(entries[1], Person)


def test_reasons_and_warnings_repeat_neither_number_nor_address(file: Path) -> None:
    entries = _open(
        file, HEADERS + "김하나,010-9999-99,hana@example.com\n이두리,010-0000-0002,duri@@example\n"
    )
    told = " ".join(
        entry.warning or "" if isinstance(entry, Person) else entry.reason for entry in entries
    )
    assert "9999" not in told
    assert "duri" not in told


def test_the_example_roster_has_twenty_people() -> None:
    entries = list(open_roster(EXAMPLE, "KR"))
    people = [entry for entry in entries if isinstance(entry, Person)]
    assert len(people) == len(entries) == 20
    assert sum(person.email is None for person in people) == 3
    assert not any(person.warning for person in people)
