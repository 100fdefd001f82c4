"""In which encoding a text file was written, decided by evidence.

UTF-8 and UTF-16 prove themselves. Older encodings do not: what Excel wrote in Tokyo can be read as
Korean syllables that nobody uses. So either a header must come out as a known word, or the detector
and a check of what comes out must agree. Otherwise the file is refused, and somebody names the
encoding.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from chalicelib.roster.headers import is_known_header
from chalicelib.roster.table import UnreadableFileError

_BLOCK = 1 << 16
_EVIDENCE = 1 << 16  # bytes of lines that are not plain ASCII
_HEADER_LINES = 40
_FEWEST_SIGNS = {True: 6, False: 4}  # of a script of thousands of signs; of an alphabet
_MOSTLY = 0.9
_DAMAGE = 0.1  # of the signs beyond ASCII; a file in another encoding is not UTF-8 at all
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_KOREAN = "cp949"
_EAST_ASIAN = {
    _KOREAN: "CP949",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "euc_jp": "EUC-JP",
}
_JAPANESE = ("cp932", "euc_jp")
# The standard that has the usual signs, and their first and last lead byte in it.
_USUAL = {
    _KOREAN: ("euc_kr", 0xB0, 0xC8),  # syllables, not Chinese characters
    "cp932": ("euc_jp", 0xB0, 0xCF),
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5hkscs": ("big5", 0xA4, 0xC6),
    "euc_jp": ("euc_jp", 0xB0, 0xCF),
}
_WESTERN = "cp1252"
_ALPHABETS = {
    _WESTERN: "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1257": "Windows-1257",
    "cp1258": "Windows-1258",
    "mac_roman": "Mac Roman",
    "koi8_r": "KOI8-R",
}
_LATIN = (_WESTERN, "cp1250", "cp1254", "cp1257", "cp1258", "mac_roman")
# What the detector may say instead: parts of the encodings above.
_SAME = {
    "euc_kr": _KOREAN,
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso8859-1": _WESTERN,
    "iso8859-15": _WESTERN,
    "iso8859-2": "cp1250",
}


class Encoding(NamedTuple):
    """Python's codec and how to treat errors, and the name that people know."""

    codec: str
    shown: str
    errors: str = "strict"


def find_encoding(path: Path) -> Encoding:
    """Raises UnreadableFileError if the evidence is too thin."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    for bom, codec, shown in _BOMS:
        if head.startswith(bom):
            return Encoding(codec, shown, "replace")
    if utf_16 := _utf_16_without_bom(head):
        return Encoding(utf_16, "UTF-16", "replace")
    if _decodes(path, "utf-8"):
        return Encoding("utf-8", "UTF-8")
    evidence = b"\n".join(_lines_beyond_ascii(path))
    if _is_damaged_utf_8(evidence):
        return Encoding("utf-8", "UTF-8, damaged in places", "replace")
    return _older(path, head, evidence)


def named_encoding(path: Path, name: str) -> Encoding:
    """The encoding that somebody named. Raises UnreadableFileError if it cannot be."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)  # some codecs are not encodings of text
    except (LookupError, TypeError) as error:
        raise UnreadableFileError(f"there is no encoding {name!r}") from error
    if codec == "utf-8":
        codec = "utf-8-sig"
    if not _decodes(path, codec):
        raise UnreadableFileError(f"it is not written in {name}")
    return Encoding(codec, name)


def _older(path: Path, head: bytes, evidence: bytes) -> Encoding:
    possible = [
        Encoding(codec, shown)
        for codec, shown in (_EAST_ASIAN | _ALPHABETS).items()
        if _decodes(path, codec)
    ]
    confirmed = [each for each in possible if _has_known_header(head, each.codec)]
    if len(confirmed) == 1:
        return confirmed[0]
    plausible = [each for each in possible if _is_plausible(evidence, each.codec)]
    detected = _detected(evidence)
    for each in plausible:
        # Korean text can always be read as Chinese, too. What can be read as Korean, in several
        # other ways, or as Western Europe's is left to a person.
        rivals = {_WESTERN} if each.codec in _ALPHABETS else set(_EAST_ASIAN)
        if each.codec == _KOREAN:
            rivals = set()
        if each.codec == detected and not any(
            other.codec in rivals - {each.codec} for other in plausible
        ):
            return each
    raise UnreadableFileError(_unclear(possible, evidence))


def _detected(evidence: bytes) -> str:
    import chardet

    found = chardet.detect(evidence)["encoding"]
    try:
        codec = codecs.lookup(found or "ascii").name
    except LookupError:
        return ""
    return _SAME.get(codec, codec)


def _is_plausible(evidence: bytes, codec: str) -> bool:
    """Whether what comes out looks like writing, and whether there is enough of it to say so."""
    text = evidence.decode(codec)
    signs = [char for char in text if not char.isascii()]
    letters = sum(char.isalpha() for char in signs)
    is_east_asian = codec in _EAST_ASIAN
    if letters < _FEWEST_SIGNS[is_east_asian] or letters < _MOSTLY * len(signs):
        return False
    if is_east_asian:
        usual = sum(_is_usual(char, codec) for char in signs)
        # In other alphabets a letter beyond ASCII stands beside others: `흒a` is an Åsa.
        return usual >= _MOSTLY * letters and not re.search(
            r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]", text
        )
    if codec in _LATIN and 2 * letters > sum(map(len, re.findall(r"\w*[^\W\x00-\x7f]\w*", text))):
        return False  # most letters of a Latin word are plain ones
    if re.search(r"[a-z][\u0370-\u04ff]|[\u0370-\u04ff][a-z]", text, re.IGNORECASE):
        return False  # Latin and Greek or Cyrillic letters in one word
    # A capital after a small letter of the same word: `JosÈ` is a José in another encoding.
    return not any(_misplaced_capitals(text))


def _is_usual(char: str, codec: str) -> bool:
    """Whether a sign is among the usual ones, with which each standard begins.

    CP949 and GB18030 have tens of thousands more. Kana are usual, half-width ones are not.
    """
    standard, first, last = _USUAL[codec]
    try:
        lead = char.encode(standard)[0]
    except UnicodeEncodeError:
        return False
    return first <= lead <= last or (codec in _JAPANESE and "ぁ" <= char <= "ー")


def _misplaced_capitals(text: str) -> Iterator[str]:
    for before, char in pairwise(text):
        if before.islower() and char.isupper() and not (before.isascii() and char.isascii()):
            yield char


def _has_known_header(head: bytes, codec: str) -> bool:
    text = head.decode(codec, errors="ignore")
    cells = (
        cell
        for line in text.splitlines()[:_HEADER_LINES]
        for cell in re.split(r"[,;\t|]", line)
        if not cell.isascii()
    )
    return any(is_known_header(cell.strip('" ')) for cell in cells)


def _decodes(path: Path, codec: str) -> bool:
    try:
        with path.open(encoding=codec, newline="") as text:
            while text.read(_BLOCK):
                pass
    except UnicodeError:
        return False
    return True


def _utf_16_without_bom(head: bytes) -> str | None:
    """Of the ASCII characters in such a file, every second byte is zero."""
    low, high = head[::2].count(0), head[1::2].count(0)
    for codec, zeros, others in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        if zeros > len(head) / 16 and others * 10 < zeros:
            return codec
    return None


def _lines_beyond_ascii(path: Path) -> Iterator[bytes]:
    size = 0
    with path.open("rb") as file:
        while size < _EVIDENCE and (line := file.readline(_EVIDENCE)):
            if not line.isascii():
                size += len(line)
                yield line.strip()


def _is_damaged_utf_8(evidence: bytes) -> bool:
    signs = [char for char in evidence.decode("utf-8", errors="replace") if not char.isascii()]
    return signs.count("\ufffd") <= _DAMAGE * len(signs)


def _unclear(possible: list[Encoding], evidence: bytes) -> str:
    """The message shows one word in each encoding, since people know what it should say."""
    shown: dict[str, str] = {}
    for each in possible:
        words = re.findall(r"[^\W\d_]+", evidence.decode(each.codec))
        word = next((word for word in words if not word.isascii()), None)
        if word and all(unicodedata.category(char) != "Co" for char in word):
            shown.setdefault(word[:20], f"{word[:20]} ({each.shown})")
    examples = f": {', '.join(shown.values())}" if shown else ""
    return (
        f"its encoding is unclear{examples}; save it as CSV UTF-8, or name its encoding with "
        "--encoding"
    )
