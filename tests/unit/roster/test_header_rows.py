"""Where the headers of a table are, and what stands over each column."""

from __future__ import annotations

import pytest

from chalicelib.roster.header_rows import HeaderRow, header_rows
from chalicelib.roster.table import Row


def _found(*rows: str) -> list[HeaderRow]:
    return list(header_rows([Row(line, row.split(",")) for line, row in enumerate(rows, 1)]))


def _first_two(*rows: str) -> HeaderRow:
    (found,) = (each for each in _found(*rows) if each.last_line > each.first_line)
    return found


def test_a_row_with_a_number_or_an_address_is_no_header_row() -> None:
    assert _found("김하나,010-0000-1001", "김하나,h@example.com") == []


def test_titles_dates_and_examples_do_not_matter() -> None:
    rows = ("명단,,", "작성일: 2026-10-01,,", "이름,연락처(010-0000-0000),")
    assert [found.first_line for found in _found(*rows)] == [1, 2, 3]


def test_a_row_below_says_which_of_two_columns_is_which() -> None:
    found = _first_two(
        "번호,이름,연락처,,소속", ",,자택,휴대폰,", "1,김하나,070-0000-9001,010-0000-1001,예시"
    )
    assert found.texts == ("번호", "이름", "연락처 자택", "연락처 휴대폰", "소속")
    assert (found.first_line, found.last_line) == (1, 2)


def test_a_row_above_says_whose_they_are() -> None:
    found = _first_two("보호자,,참가자,,", "이름,연락처,이름,연락처,소속")
    assert found.texts[:4] == ("보호자 이름", "보호자 연락처", "참가자 이름", "참가자 연락처")


def test_a_group_ends_where_another_cell_stands() -> None:
    found = _first_two("First name,Mobile,Status,-,", "-,-,-,First name,Mobile")
    assert found.texts == ("First name", "Mobile", "Status", "First name", "Mobile")


def test_a_title_is_no_group() -> None:
    assert [found.texts for found in _found("예시 행사 명단,", "이름,휴대폰")][-1] == (
        "이름",
        "휴대폰",
    )


@pytest.mark.parametrize(
    "person", ["김하나,,", "이은성,,", "Student 1,,", "이은성,9123 4567,", "Will,9123 4567,office"]
)
def test_a_person_is_no_second_header_row(person: str) -> None:
    assert _found("이름,휴대폰,장소", person)[0].last_line == 1
