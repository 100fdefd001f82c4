"""What a file is, and which rows it has on which lines."""

from __future__ import annotations

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from chalicelib.roster.spreadsheet import Row, UnreadableFileError, readings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster"  # without an extension: the content alone decides


def _rows(file: Path, reading: int = 0) -> list[Row]:
    return [Row(row.line, list(row.cells), row.fault) for row in readings(file)[reading]()]


def _save(file: Path, *rows: tuple[Any, ...]) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    workbook.save(file)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_text_is_read_in_every_encoding_that_excel_writes(file: Path, encoding: str) -> None:
    file.write_text("이름,휴대폰\n똠방각하,1\n", encoding=encoding)
    assert _rows(file) == [Row(1, ["이름", "휴대폰"]), Row(2, ["똠방각하", "1"])]


def test_text_is_told_from_cp949_by_the_whole_file_not_by_its_beginning(file: Path) -> None:
    file.write_bytes(b"name\n" * 50_000 + "김하나".encode("cp949"))
    assert _rows(file)[-1] == Row(50_001, ["김하나"])


@pytest.mark.parametrize(("delimiter", "reading"), [(",", 0), (";", 1), ("\t", 2)])
def test_each_delimiter_is_one_reading(file: Path, delimiter: str, reading: int) -> None:
    file.write_text(delimiter.join("abc"))
    assert _rows(file, reading) == [Row(1, ["a", "b", "c"])]


def test_a_row_is_numbered_by_the_line_on_which_it_starts(file: Path) -> None:
    file.write_bytes(b'a\r\n"two\r\nlines"\r\n\r\nb\r\n')
    assert _rows(file) == [Row(1, ["a"]), Row(2, ["two\r\nlines"]), Row(4, []), Row(5, ["b"])]


def test_an_unclosed_quotation_mark_drops_nobody_silently(file: Path) -> None:
    file.write_text('a,1\n"b,2\nc,3\n')
    first, fault = _rows(file)
    assert first == Row(1, ["a", "1"])
    assert fault == Row(2, [], "its quotation marks do not match (lines 2 to 3 are affected)")


def test_the_rows_after_a_faulty_one_are_read(file: Path) -> None:
    file.write_text('"a"b,1\nc,2\n')
    assert _rows(file) == [Row(1, [], "its quotation marks do not match"), Row(2, ["c", "2"])]


def test_a_workbook_gives_its_cells_as_a_csv_file_would(file: Path) -> None:
    _save(file, ("이름", None, 1012345678), (1012345678.0, 0.5, datetime.date(2026, 2, 11)))
    rows = _rows(file)
    assert rows[0] == Row(1, ["이름", "", "1012345678"])
    assert rows[1] == Row(2, ["1012345678", "0.5", "2026-02-11T00:00:00"])


def test_blank_rows_of_a_sheet_count_as_lines(file: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"], sheet["A4"] = "first", "fourth"
    workbook.save(file)
    assert [row.line for row in _rows(file) if any(row.cells)] == [1, 4]


def test_a_sheet_is_read_whole_though_its_size_is_written_wrongly(
    file: Path, tmp_path: Path
) -> None:
    right = _save(tmp_path / "right.xlsx", ("a", "b"), ("c", "d"))
    with zipfile.ZipFile(right) as source, zipfile.ZipFile(file, "w") as wrong:
        for name in source.namelist():
            text = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert b'<dimension ref="A1:B2"' in text
                text = re.sub(rb'<dimension ref="A1:B2"', b'<dimension ref="A1"', text)
            wrong.writestr(name, text)
    assert _rows(file) == [Row(1, ["a", "b"]), Row(2, ["c", "d"])]


def test_each_sheet_is_one_reading(file: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("second").append(("here",))
    workbook.save(file)
    assert _rows(file, 1) == [Row(1, ["here"])]


def test_a_reading_can_be_run_again(file: Path) -> None:
    file.write_text("a\n")
    (comma, _, _) = readings(file)
    assert list(comma()) == list(comma())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"\.xls.*password.*\.xlsx"),
        (b"\xef\xbb\xbf\n<HTML><table>", "web page"),
        (b"PK\x03\x04 and then nothing", "not an Excel workbook"),
        (b"\xff\xff\x00\x81 \xfe", "neither"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_advice(
    file: Path, content: bytes, message: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        readings(file)


def test_a_sheet_that_breaks_off_is_refused(file: Path, tmp_path: Path) -> None:
    whole = _save(tmp_path / "whole.xlsx", ("이름",), ("김하나",))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(file, "w") as broken:
        for name in source.namelist():
            text = source.read(name)
            broken.writestr(name, text[:-40] if name.endswith("sheet1.xml") else text)
    with pytest.raises(UnreadableFileError, match="damaged"):
        _rows(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        readings(tmp_path / "absent.csv")
