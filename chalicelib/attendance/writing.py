"""Reads the digits of a phone number from the many ways in which people write one.

Whatever else is in the text, such as a second number, an extension or a letter, refuses it.
"""

from __future__ import annotations

import re
import unicodedata

from chalicelib.attendance.errors import InvalidPhone
from chalicelib.attendance.text import plain

_LONGEST = 40  # characters; E.164 allows 15 digits; the rest are spaces, hyphens, brackets
_MOST_DIGITS = 17  # 15, and 00 before them

# Keyboards produce ー (Japanese) and ㅡ (Korean) for a hyphen. 〜 is none: 4567〜8 are two numbers.
_SIGNS = str.maketrans(
    dict.fromkeys("\u2212\uff70ーㅡ⁃", "-") | dict.fromkeys("·・\uff65•‧∙ㆍ", ".")
)
_NO_HYPHENS = "\u301c\u3030"

_URI = re.compile(r"tel:", re.IGNORECASE)  # RFC 3966
_LETTER = re.compile(r"[^\W\d_]")
_WRITTEN = re.compile(r"[(\[ ]*(\+?)([-\d \t.()\[\]_/]*)", re.ASCII)
_COMPUTED = re.compile(r"-\d+(\.\d*)?", re.ASCII)
_FRACTION = re.compile(r"(?<=\d)\.0+$")


def read_digits(text: str) -> str:
    """Return the digits in ASCII, after a `+` if there is one. Raises InvalidPhone."""
    if len(text) > _LONGEST:
        raise InvalidPhone("too long for a phone number")
    written = _URI.sub("", _ascii(text).strip(), count=1)
    if _LETTER.search(written):
        raise InvalidPhone("letters in a phone number")
    # Phone numbers in a spreadsheet that computes: 82-10-0000-0001 becomes its difference.
    if _COMPUTED.fullmatch(written):
        raise InvalidPhone("not a phone number, but one that a spreadsheet computed")
    if written.replace(".", "", 1).isdigit():
        written = _FRACTION.sub("", written)
    digits = _digits(written)
    if len(digits) > _MOST_DIGITS:
        raise InvalidPhone("too many digits for one number")
    parts = _WRITTEN.fullmatch(written)
    if not digits or not parts or not _is_one_number(parts[2]):
        raise InvalidPhone("not a phone number")
    return parts[1] + digits


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    return "".join(map(_ascii_character, plain(text).translate(_SIGNS)))


def _ascii_character(character: str) -> str:
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Pd" if character not in _NO_HYPHENS:
            return "-"
        case "Zs":
            return " "
    return character


def _digits(written: str) -> str:
    return re.sub(r"[^0-9]", "", written)


def _is_one_number(written: str) -> bool:
    """A slash can follow the area code (0171/3920001). In 02-123-4567/8 it means another number."""
    before, _, after = written.partition("/")
    if not after:
        return "/" not in written
    return "/" not in after and len(_digits(before)) < len(_digits(after))
