"""What the cells of a roster say, and what they look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from chalicelib.roster.table import OddCell
from chalicelib.roster.words import WORDS

_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,2}(?!\d)|\d:\d")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_DIGITS = range(6, 31)  # of what is meant to be a phone number
_COUNTRY_CODE = re.compile(
    r"(?:phone|mobile)?(?:country|dial|calling|dialing)code|국가번호|국가코드|国番号|国家代码"
)
_FEWEST_DIGITS = 9  # of what is surely a phone number
_APOSTROPHE = re.compile(r"'(?![ts]\b)(.*?)'?", re.DOTALL)  # but Gerard 't Hooft keeps his
_NOTHING = frozenset(WORDS["nothing"]["words"])


def cell(cells: Sequence[str], column: int | None) -> str:
    """The text of a cell as a person meant it: "" for `-` and `없음`, no apostrophe before it."""
    if column is None or column >= len(cells):
        return ""
    text = cells[column]
    if isinstance(text, OddCell):
        return text
    text = visible(text)
    if unwrapped := _APOSTROPHE.fullmatch(text):
        text = unwrapped[1].strip()
    return "" if is_nothing(text) else text


def is_filled(text: str) -> bool:
    return bool(text) or isinstance(text, OddCell)


def visible(text: str) -> str:
    """The text without white space around it, nor zero-width characters."""
    return text.strip(" \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad")


def is_nothing(text: str) -> bool:
    """Whether the text says that there is nothing to say: a dash, `없음`, `N/A`."""
    plain = _plain(text)
    return plain in _NOTHING or not any(
        char.isalnum() or unicodedata.category(char)[0] in "LMS" for char in plain
    )


def looks_like_phone(text: str) -> bool:
    """Whether it is meant to be a phone number, though it may be wrong."""
    if isinstance(text, OddCell) or _DATE.search(text):
        return False
    if is_rounded(text):
        return True
    digits = sum(map(str.isdigit, text))
    return digits in _DIGITS and not any(char.isalpha() or char == "@" for char in text)


def is_rounded(text: str) -> bool:
    """Whether it is a number as a spreadsheet rounds it: `1.01E+10`."""
    return bool(_SCIENTIFIC.fullmatch(text.strip()))


def looks_like_email(text: str) -> bool:
    return bool(re.search(r"\S\s?[@＠]\s?\S", text))


def is_somebodys(text: str) -> bool:
    """Whether it is a person's number or address, so that its row cannot be headers."""
    if looks_like_email(text):
        return True
    return looks_like_phone(text) and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS


def is_country_code(header: str) -> bool:
    return bool(_COUNTRY_CODE.fullmatch(letters(header)))


def letters(text: str) -> str:
    """Its letters alone, whatever their case and width: the words of a header or a status."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text).casefold()))


def reads_as_korean(text: str) -> bool:
    """Whether it is Korean in CP949 that was read as Latin-1: `ÃÖÁö¿ì`."""
    try:
        korean = text.encode("latin-1").decode("cp949")
    except UnicodeError:
        return False
    signs = [char for char in korean if char.isalpha()]
    return len(signs) > 1 and all("가" <= char <= "힣" for char in signs)


def same_text(one: str, other: str) -> bool:
    """Whether they are the same header, but for case, width and spaces."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", visible(text)).casefold().split())
