"""What kind of file a roster is, by its content and not by its name, and the tables in it."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from pathlib import Path

from chalicelib.roster.table import Table, UnreadableFileError
from chalicelib.roster.text_file import text_tables
from chalicelib.roster.workbook import workbook_tables

MOST_BYTES = 30_000_000
_HEAD = 1 << 16
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # Excel before 2007, and any encrypted Office file
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml"

_AS_XLSX = "open it and save it as an Excel workbook (.xlsx)"
_BY_START = {
    b"%PDF": "a PDF: ask for the list as a spreadsheet or CSV",
    b"{\\rtf": f"a text document (RTF): {_AS_XLSX}",
    b"\x1f\x8b": "a compressed file (gzip): unpack it first",
    b"7z\xbc\xaf": "a compressed file (7z): unpack it first",
    b"Rar!": "a compressed file (RAR): unpack it first",
    b"\x89PNG": "a picture: ask for the list as a spreadsheet or CSV",
    b"\xff\xd8\xff": "a picture: ask for the list as a spreadsheet or CSV",
    b"SQLite format 3": "a database: export the list as CSV",
}
# Of the parts in a zip, by a pattern for their names; the first one that matches.
_BY_PART = {
    r"(Index|Metadata)/|.*\.iwa$|Index\.zip$": (
        "a Numbers document: in Numbers choose File > Export To > Excel or CSV"
    ),
    r"xl/workbook\.bin$": f"a binary Excel workbook (.xlsb): {_AS_XLSX}",
    r"word/": "a Word document: copy its table into a spreadsheet",
    r"ppt/": "a PowerPoint document: copy its table into a spreadsheet",
}
_XML_SPREADSHEET = f"an XML spreadsheet of Excel 2003: {_AS_XLSX}"
_WEB_PAGE = f"a web page (HTML) named like a spreadsheet: {_AS_XLSX}"


def tables(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> list[Table]:
    """The tables in which people may stand. Raises UnreadableFileError.

    `sheet`, `encoding` and `delimiter` are what somebody decided by hand.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFileError(
                f"the file is larger than {MOST_BYTES // 1_000_000} MB: split it"
            )
        with path.open("rb") as file:
            head = file.read(_HEAD)
        content = path.read_bytes() if head.startswith((_ZIP, _OLE)) else b""
    except OSError as error:
        raise UnreadableFileError(f"cannot open it: {error.strerror}") from error
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise UnreadableFileError("the file is empty")
    if head.startswith(_OLE):
        raise UnreadableFileError(_kind_of_ole(content))
    if head.startswith(_ZIP):
        if kind := _kind_of_zip(content):
            raise UnreadableFileError(kind)
        return workbook_tables(content, sheet)
    if kind := _kind_of_text(head):
        raise UnreadableFileError(kind)
    if sheet is not None:
        raise UnreadableFileError("a CSV file has no sheets")
    return text_tables(path, encoding, delimiter)


def _kind_of_ole(content: bytes) -> str:
    """The parts of such a file are named in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "a workbook with a password: save it without one, as .xlsx"
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return f"an old Excel file (.xls): {_AS_XLSX}"
    return "an old Excel file (.xls) or another Office file: open it and save it as .xlsx"


def _kind_of_zip(content: bytes) -> str | None:
    """What it is instead of an Excel workbook; None for a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "mimetype" in names and b"opendocument" in _start(archive, "mimetype"):
                return f"an OpenDocument file (.ods): {_AS_XLSX}"
            for pattern, kind in _BY_PART.items():
                if any(re.match(pattern, name) for name in names):
                    return kind
            if "xl/workbook.xml" not in names:
                return None if "[Content_Types].xml" in names else "a zip file: unpack it first"
            if _STRICT in _start(archive, "xl/workbook.xml"):
                return (
                    "a Strict Open XML workbook: in Excel save it as Excel Workbook (.xlsx), which "
                    "is another entry of the list of file formats"
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        pass  # a damaged one: the workbook's reader says so
    return None


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_HEAD)


def _kind_of_text(head: bytes) -> str | None:
    """What it is instead of a text with rows; None if it is one."""
    for start, kind in _BY_START.items():
        if head.startswith(start):
            return kind
    encoding = "utf-16" if head.startswith(_UTF_16) else "latin-1"
    text = head.decode(encoding, errors="replace").removeprefix("ï»¿").lstrip().lower()
    if text.startswith("<?xml") and "urn:schemas-microsoft-com:office:spreadsheet" in text:
        return _XML_SPREADSHEET
    if re.match(r"<(!doctype|!--|html|head|meta|style|table|body|div|script|link|\?xml)", text):
        return _WEB_PAGE
    if text.startswith("mime-version:"):
        return _WEB_PAGE
    return None
