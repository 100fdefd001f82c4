"""The rows of a CSV file; above all, that a stray quotation mark costs nobody their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.roster.table import OddCell, Row, UnreadableFileError
from chalicelib.roster.text_file import text_tables


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def _rows(file: Path, text: str = "", delimiter: str = ",") -> list[Row]:
    if text:
        file.write_bytes(text.encode())
    (table,) = text_tables(file, None, delimiter)
    return [row._replace(cells=list(row.cells)) for row in table.rows()]


def test_each_delimiter_is_one_table(file: Path) -> None:
    file.write_text("a;b")
    tables = text_tables(file, None, None)
    assert [table.delimiter for table in tables] == [",", ";", "\t", "|"]
    assert [len(next(table.rows()).cells) for table in tables] == [1, 2, 1, 1]


@pytest.mark.parametrize(("named", "delimiter"), [("\\t", "\t"), ("|", "|"), (":", ":")])
def test_a_delimiter_can_be_named(file: Path, named: str, delimiter: str) -> None:
    assert _rows(file, f"a{delimiter}b", named) == [Row(1, ["a", "b"])]


@pytest.mark.parametrize("named", ["", "ab", '"', "\n"])
def test_what_is_no_delimiter_is_refused(file: Path, named: str) -> None:
    file.write_text("a")
    with pytest.raises(UnreadableFileError, match="one character"):
        text_tables(file, None, named)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_is_numbered_by_the_line_where_it_starts(file: Path, end: str) -> None:
    rows = _rows(file, end.join(("a", '"two', 'lines"', "", "b\u2028c\x0bd")))
    assert rows == [
        Row(1, ["a"]),
        Row(2, [f"two{end}lines"], last_line=3),
        Row(4, []),
        Row(5, ["b\u2028c\x0bd"]),
    ]


class TestQuotationMarks:
    @pytest.mark.parametrize(
        "text",
        [
            'a,"비건\n글루텐 없음",1\n',
            'a,"서울시, 강남구\n3층, 왼쪽 문",1\n',
            'a,010-0000-1001,"네, 좋아요\n기대됩니다"\n',
            '"Hana\nKim",010-0000-1001,ok\n',
            'a,1,"연락처: 010-0000-1001\n이메일: a@example.com"\n',
        ],
    )
    def test_an_answer_over_several_lines_is_read(self, file: Path, text: str) -> None:
        (row,) = _rows(file, text)
        assert row.fault is None
        assert len(row.cells) == 3

    @pytest.mark.parametrize(
        "text",
        [
            # One mark opens in the first person's remark, another one closes in a later one.
            '김하나,"별명,010-0000-1001,h@x.com\n이두리,별명",010-0000-1002,d@x.com\n',
            '김하나,"별명\n사람,ok,010-0000-2001\n이두리,별명",010-0000-1002\n',
            '김하나,"별명,\n이두리,별명",010-0000-1002\n',
            # Well formed, but with two people in a remark.
            '김하나,010-0000-1001,"네\n이두리,010-0000-1002,네\n박서진,010-0000-1003,네"\n',
            '김하나,010-0000-1001,"네\n이두리,d@example.com,네"\n',
            'A Tan,9123 4567,"x\nB Lim,9123 4568,y\nC Ng,9123 4569,z"\n',
            'A,070-174 06 05,"x\nB,0701-74-06-06,y"\n',
            'A,010-0000-1001,"x\nB,none,y"\n',
        ],
    )
    def test_rows_between_two_of_them_are_told(self, file: Path, text: str) -> None:
        first, last = _rows(file, text + "최민아,010-0000-1004,네\n")
        assert first.cells == []
        assert first.fault
        assert (first.line, first.last_line) == (1, text.count("\n"))
        assert last.fault is None

    def test_two_people_in_one_record_are_told(self, file: Path) -> None:
        # One mark opens after the first person's details, the other closes before the second's.
        person = "010-0000-1001,h@x.com"
        _, first, last = _rows(file, f'n,p,e,x\nA,{person},"x\nB",{person},y\nC,{person},z\n')
        assert first.fault
        assert (first.line, first.last_line, last.line) == (2, 3, 4)

    def test_a_row_that_begins_in_a_broken_cell_is_told(self, file: Path) -> None:
        rows = _rows(file, 'n,p\n"Hana\nKim" x,010-0000-1001\nDuri,010-0000-1002\n')
        assert [bool(row.fault) for row in rows] == [False, True, True, False]

    def test_if_they_hardly_ever_match_the_work_ends(self, file: Path) -> None:
        # Outside of a cell each line opens one; inside, it closes one and opens the next.
        with pytest.raises(UnreadableFileError, match="many others"):
            _rows(file, '6", "x\n' * 3_000)

    def test_one_that_is_never_closed_costs_one_row(self, file: Path) -> None:
        people = [f"사람{number},010-0000-{number:04}" for number in range(3_000)]
        text = "\n".join(["이름,휴대폰", '김하나,"010-0000-9001', *people])
        rows = _rows(file, text)
        assert [row.line for row in rows if row.fault] == [2]
        assert [row.cells[0] for row in rows[2:]] == [f"사람{number}" for number in range(3_000)]

    def test_one_that_does_not_match_costs_one_row(self, file: Path) -> None:
        first, second = _rows(file, '"a"b,1\nc,2\n')
        assert first.fault
        assert second == Row(2, ["c", "2"])

    def test_within_a_cell_they_are_text(self, file: Path) -> None:
        assert _rows(file, 'a,6" of snow\nb,"say ""hi"""\n') == [
            Row(1, ["a", '6" of snow']),
            Row(2, ["b", 'say "hi"']),
        ]


def test_errors_and_truth_values_of_a_spreadsheet_are_odd(file: Path) -> None:
    ((_, cells, *_),) = _rows(file, "#N/A,TRUE,True,#1\n")
    assert [isinstance(cell, OddCell) for cell in cells] == [True, True, False, False]


def test_damaged_bytes_of_utf_8_are_shown_as_such(file: Path) -> None:
    text = "".join(f"사람{number},\n" for number in range(20)).encode()
    file.write_bytes(text + b"\xed\x95,\n")
    assert _rows(file)[-1].cells[0] == "\ufffd"
