"""The sheets and cells of Excel workbooks, and workbooks that are larger than they look."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

import openpyxl
import pytest

from chalicelib.roster.table import OddCell, Row, UnreadableFileError
from chalicelib.roster.workbook import workbook_tables

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def _workbook(*rows: tuple[Any, ...]) -> openpyxl.Workbook:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "명단"
    for row in rows:
        sheet.append(row)
    return workbook


def _saved(workbook: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _with_part(part: str, chunks: Iterable[bytes]) -> bytes:
    """A workbook whose part is made of these chunks instead."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_saved(_workbook(("이름",))))) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            text = source.read(name)
            if name == "[Content_Types].xml":
                strings = f'<Override PartName="/{STRINGS}" ContentType="{STRINGS_TYPE}"/></Types>'
                text = text.replace(b"</Types>", strings.encode())
            if name == SHEET:
                text = re.sub(rb't="inlineStr".*?</c>', b't="s"><v>0</v></c>', text)
            if name != part:
                archive.writestr(name, text)
        with archive.open(part, "w") as written:
            for chunk in chunks:
                written.write(chunk)
    return content.getvalue()


def _rows(content: bytes, sheet: str | None = None) -> list[Row]:
    (table,) = workbook_tables(content, sheet)
    return list(table.rows())


def test_cells_are_what_they_would_be_in_a_csv_file() -> None:
    workbook = _workbook(("이름", None, 1012345678), (1012345678.0, "O'Neil"))
    first, second = _rows(_saved(workbook))
    assert first == Row(1, ["이름", "", "1012345678"])
    assert second == Row(2, ["1012345678", "O'Neil"])


def test_what_nobody_wrote_there_is_odd() -> None:
    workbook = _workbook((True, datetime.date(2026, 2, 11), 0.5, "#N/A", "=A1"))
    (row,) = _rows(_saved(workbook))
    kinds = [cell.kind for cell in row.cells if isinstance(cell, OddCell)]
    assert kinds == [
        "a truth value",
        "a date",
        "a number with decimals",
        "an error value",
        "a formula without a stored value",
    ]
    assert list(row.cells) == ["TRUE", "2026-02-11 00:00:00", "0.5", "#N/A", ""]


def test_readings_above_characters_are_no_part_of_a_name() -> None:
    text = "<si><t>山田</t><rPh sb='0' eb='2'><t>ヤマダ</t></rPh></si><si><t>a_x000D_b</t></si>"
    strings = f"<sst {NAMESPACE}>{text}</sst>"
    (row, *_) = _rows(_with_part(STRINGS, [strings.encode()]))
    assert row.cells == ["山田"]


def test_blank_rows_count_as_lines_and_cost_nothing() -> None:
    workbook = _workbook(("first",))
    workbook.worksheets[0]["B1048576"] = " "
    assert [(row.line, row.cells) for row in _rows(_saved(workbook))] == [
        (1, ["first"]),
        (1048576, ["", " "]),
    ]


def test_hidden_rows_say_so() -> None:
    workbook = _workbook(("이름",), ("김하나",))
    workbook.worksheets[0].row_dimensions[2].hidden = True
    assert [row.hidden for row in _rows(_saved(workbook))] == [False, True]


def test_a_sheet_is_read_whole_though_its_size_is_written_wrongly() -> None:
    content = io.BytesIO()
    right = _saved(_workbook(("a", "b"), ("c", "d")))
    with zipfile.ZipFile(io.BytesIO(right)) as source, zipfile.ZipFile(content, "w") as wrong:
        for name in source.namelist():
            wrong.writestr(name, re.sub(rb'ref="A1:B2"', b'ref="A1"', source.read(name)))
    assert [row.cells for row in _rows(content.getvalue())] == [["a", "b"], ["c", "d"]]


class TestSheets:
    @pytest.fixture
    def content(self) -> bytes:
        workbook = _workbook(("here",))
        workbook.create_sheet("작년").sheet_state = "hidden"
        workbook.create_sheet("비밀").sheet_state = "veryHidden"
        workbook.create_sheet("2일차").append(("there",))
        return _saved(workbook)

    def test_visible_ones_are_tables(self, content: bytes) -> None:
        assert [table.sheet for table in workbook_tables(content, None)] == ["명단", "2일차"]

    def test_one_can_be_named(self, content: bytes) -> None:
        assert _rows(content, " 2일차") == [Row(1, ["there"])]

    @pytest.mark.parametrize("name", ["3일차", "작년", "비밀"])
    def test_an_unknown_or_hidden_one_is_refused(self, content: bytes, name: str) -> None:
        with pytest.raises(UnreadableFileError, match=f"no visible sheet '{name}'.*명단, 2일차"):
            workbook_tables(content, name)


@pytest.mark.parametrize(
    ("part", "chunks", "message"),
    [
        # 0.6 MB: one text of 600 MB
        (STRINGS, [b"<sst><si><t>", *[b"a" * 1_000_000] * 600], "unpacks to more than 120 MB"),
        # 0.3 MB: ten million texts
        (STRINGS, [b"<sst>", *[b"<si><t/></si>" * 100_000] * 12], "more than 1,000,000 texts"),
        (SHEET, [b'<row><c s="1"/></row>' * 100_000] * 4, "more than 250,000 rows"),
        (SHEET, [b"<row>", *[b'<c s="1"/>' * 100_000] * 30], "more than 2,000,000 cells"),
        # 0.1 MB: millions of marks that are neither
        (SHEET, [b"<row>", *[b"<x/>" * 1_000_000] * 12], "more in it than any roster"),
        ("xl/styles.xml", [b"<styleSheet>", *[b"<xf/>" * 100_000] * 50], "styles.xml.*larger"),
    ],
)
def test_a_workbook_beyond_all_rosters_is_refused_before_it_is_read(
    part: str, chunks: list[bytes], message: str
) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        workbook_tables(_with_part(part, chunks), None)


def test_nested_entities_are_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = (
        f'<!DOCTYPE sst [<!ENTITY e0 "ha">{entities}]><sst {NAMESPACE}><si><t>&e11;</t></si></sst>'
    )
    with pytest.raises(UnreadableFileError, match="damaged"):
        workbook_tables(_with_part(STRINGS, [bomb.encode()]), None)


def test_a_sheet_that_breaks_off_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="damaged"):
        _rows(_with_part(SHEET, [f"<worksheet {NAMESPACE}><sheetData><row r='1'>".encode()]))
