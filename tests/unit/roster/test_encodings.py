"""In which encoding a file is: right, or refused, but never wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.roster.encodings import find_encoding, named_encoding
from chalicelib.roster.table import UnreadableFileError

KOREAN = "김하나 이두리 박서진 최민아 정다온"
JAPANESE = "山田はなこ 佐藤いちろう 鈴木サブロー 高橋美咲 田中健一"
SIMPLIFIED = "王小明 李娜 张伟 刘洋 陈静 杨勇"
TRADITIONAL = "陳志明 林淑芬 黃家豪 張雅婷 李俊傑"
WESTERN = "José Díaz|Åsa Lund|François Müller|Zoë Brontë|Søren Kjær|Renée Lévêque"
CENTRAL = "Łukasz Żak|Małgorzata Wójcik|Jiří Dvořák|Šárka Nováková"
RUSSIAN = "Иван Петров|Мария Иванова|Алексей Смирнов"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def _roster(names: str, headers: str = "Name,Phone") -> str:
    people = names.split("|") if "|" in names else names.split()
    rows = [f"{name},010-0000-{number:04}" for number, name in enumerate(people)]
    return "\n".join([headers, *rows, ""])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("names", [KOREAN, WESTERN])
def test_unicode_proves_itself(file: Path, names: str, encoding: str) -> None:
    file.write_text(_roster(names), encoding=encoding)
    found = find_encoding(file)
    assert file.read_text(encoding=found.codec) == _roster(names)
    assert found.shown.startswith("UTF-")


@pytest.mark.parametrize(
    ("names", "encoding", "shown"),
    [
        (KOREAN, "cp949", "CP949"),
        (JAPANESE, "shift_jis", "Shift_JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (SIMPLIFIED, "gbk", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (WESTERN, "cp1252", "Windows-1252"),
        (CENTRAL, "cp1250", "Windows-1250"),
        (RUSSIAN, "cp1251", "Windows-1251"),
    ],
)
def test_an_older_encoding_is_told_by_what_comes_out(
    file: Path, names: str, encoding: str, shown: str
) -> None:
    file.write_text(_roster(names), encoding=encoding)
    found = find_encoding(file)
    assert found.shown == shown
    assert file.read_text(encoding=found.codec) == _roster(names)


@pytest.mark.parametrize(
    ("headers", "encoding"),
    [("이름,휴대폰", "cp949"), ("氏名,電話番号", "shift_jis"), ("姓名,手机号", "gbk")],
)
def test_a_known_header_is_evidence_enough(file: Path, headers: str, encoding: str) -> None:
    name = {"cp949": "김하나", "shift_jis": "山田", "gbk": "王伟"}[encoding]
    file.write_text(_roster(name, headers), encoding=encoding)
    assert file.read_text(encoding=find_encoding(file).codec) == _roster(name, headers)


@pytest.mark.parametrize(
    ("names", "encoding"), [("田中", "shift_jis"), ("李明", "gbk"), ("Åsa", "cp1252")]
)
def test_too_thin_evidence_is_refused_with_what_it_could_be(
    file: Path, names: str, encoding: str
) -> None:
    file.write_text(_roster(names), encoding=encoding)
    with pytest.raises(
        UnreadableFileError, match=rf"{names.split(maxsplit=1)[0]} \(.*--encoding"
    ) as refusal:
        find_encoding(file)
    assert "0000" not in str(refusal.value)


def test_utf_8_with_a_few_damaged_bytes_is_still_utf_8(file: Path) -> None:
    file.write_bytes(_roster(KOREAN).encode().replace("두".encode(), b"\xeb\x91"))
    assert find_encoding(file) == ("utf-8", "UTF-8, damaged in places", "replace")


def test_the_whole_file_counts_not_its_beginning(file: Path) -> None:
    file.write_bytes(b"name\n" * 50_000 + _roster(KOREAN).encode("cp949"))
    assert find_encoding(file).codec == "cp949"


def test_an_encoding_can_be_named(file: Path) -> None:
    file.write_text(_roster("田中"), encoding="shift_jis")
    assert named_encoding(file, "Shift_JIS").codec == "shift_jis"


@pytest.mark.parametrize(
    ("name", "message"),
    [("utf-8", "not written in utf-8"), ("klingon", "no encoding"), ("base64", "no encoding")],
)
def test_a_named_one_that_it_cannot_be_is_refused(file: Path, name: str, message: str) -> None:
    file.write_text(_roster("田中"), encoding="shift_jis")
    with pytest.raises(UnreadableFileError, match=message):
        named_encoding(file, name)
