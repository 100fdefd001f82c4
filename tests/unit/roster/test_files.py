"""What a file is, whatever its name says."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from chalicelib.roster.files import tables
from chalicelib.roster.table import UnreadableFileError


def _zip(**parts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return content.getvalue()


def _ole(part: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + part.encode("utf-16-le")


STRICT = '<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>'
XML_2003 = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (_ole("Workbook"), r"old Excel file \(\.xls\).*\.xlsx"),
        (_ole("EncryptedPackage"), "password"),
        (_ole("WordDocument"), "another Office file"),
        (b"\xef\xbb\xbf\n<HTML><table>", r"web page \(HTML\)"),
        (b"<style>td{}</style><table>", "web page"),
        ("\ufeff<table>".encode("utf-16-le"), "web page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "web page"),
        (XML_2003.encode(), "XML spreadsheet"),
        (_zip(mimetype="application/vnd.oasis.opendocument.spreadsheet"), r"OpenDocument.*\.ods"),
        (_zip(Index__Document="x"), "Numbers document.*Export To"),
        (_zip(**{"xl/workbook.bin": "x"}), r"\.xlsb"),
        (_zip(xl__workbook_xml=STRICT), "Strict Open XML.*Excel Workbook"),
        (_zip(word__document_xml="x"), "Word"),
        (_zip(**{"roster.csv": "이름,휴대폰"}), "zip file: unpack"),
        (b"PK\x03\x04 and then nothing", "not an Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x89PNG\r\n", "picture"),
    ],
)
def test_a_file_that_is_no_roster_is_named_for_what_it_is(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        tables(path)


def test_a_file_beyond_all_rosters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    with path.open("wb") as file:
        file.truncate(40_000_000)
    with pytest.raises(UnreadableFileError, match="larger than 30 MB"):
        tables(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        tables(tmp_path / "absent.csv")


def test_a_text_file_has_no_sheets(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("이름,휴대폰\n")
    with pytest.raises(UnreadableFileError, match="no sheets"):
        tables(path, sheet="명단")


def test_text_under_a_workbooks_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.xls"
    path.write_text("이름\t휴대폰\n")
    assert {table.format for table in tables(path)} == {"CSV"}
