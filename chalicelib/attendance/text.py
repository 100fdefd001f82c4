"""Makes text that people typed safe to show, and finds what cannot be seen in it."""

from __future__ import annotations

import re
import unicodedata

# Control characters (Cc) and lone surrogates (Cs), which UTF-8 cannot encode. Of the format
# characters, only those that reorder text or do nothing are removed: some names need the others.
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cs"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Soft hyphen, zero-width space, word joiner, byte order mark, and what is left of a picture.
_USELESS = frozenset("\u00ad\u200b\u2060\ufeff\ufffc")
# They take up room and show nothing: the Hangul fillers, and the Braille cell without dots.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")

# Formats, spaces, marks that have no letter to stand on, and what no font but one shows.
_UNSEEN_CATEGORIES = frozenset({"Cf", "Zs", "Mn", "Mc", "Me", "Co"})
_SELECTORS = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# The last two are the full stop of Chinese and Japanese (as in UTS 46, for domains).
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0x3002: 0x2E,
    0xFF61: 0x2E,
}

# What the bytes 80 to BF of UTF-8 look like where the text was read as Windows-1252 or Latin-1.
_TAILS = re.escape(
    bytes(range(0x80, 0xC0)).decode("cp1252", "ignore") + "".join(map(chr, range(0x80, 0xC0)))
)
# In names these can follow a capital letter: “HYVÄ”, TOMÍŠEK, RENÉ’S.
_PLAUSIBLE = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00a0\u00b4\u00bbŠŽŒšžœ"
_GARBLED = re.compile(
    f"[ÂÃ][{_TAILS}]|[Ä-ß](?![{_PLAUSIBLE}])[{_TAILS}]|[à-ï][{_TAILS}]{{2}}|[ð-ô][{_TAILS}]{{3}}"
)


def printable(text: str) -> str:
    """Remove what does nothing or harm, and turn each blank character into a plain space."""
    return "".join(
        " " if _is_blank(character) else character
        for character in text
        if _is_blank(character) or not _is_unwanted(character)
    )


def one_line(text: str) -> str:
    """The printable text with single spaces."""
    return " ".join(printable(text).split())


def shows(text: str) -> bool:
    """Whether anything in the text can be seen."""
    return any(
        unicodedata.category(character) not in _UNSEEN_CATEGORIES and not _is_blank(character)
        for character in text
    )


def plain(text: str) -> str:
    """Return the text without what nobody sees, and with ASCII for full-width characters.

    It is for numbers and addresses, in which an invisible character is never meant. Names need
    some of them.
    """
    if text.isascii():
        return text
    seen = (
        character
        for character in _SELECTORS.sub("", text)
        if unicodedata.category(character) != "Cf" and character not in _BLANK
    )
    return "".join(seen).translate(_FULL_WIDTH)


def garbled(text: str) -> bool:
    """Whether the text was UTF-8, was read as Windows-1252 and saved again: `ê¹€í•˜ë‚˜`."""
    return bool(_GARBLED.search(text))


def _is_blank(character: str) -> bool:
    return character.isspace() or character in _BLANK


def _is_unwanted(character: str) -> bool:
    return (
        character in _BIDI
        or character in _USELESS
        or unicodedata.category(character) in _UNWANTED_CATEGORIES
    )
