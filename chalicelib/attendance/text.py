"""Text that people typed, made fit to be shown beside other text."""

from __future__ import annotations

import unicodedata

# Cc are control characters, Cs lone surrogates, which no UTF-8 can carry. Of the format
# characters only those go that turn the text around them: names are written with the others.
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cs"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """The text without what nobody sees, each white space as a plain space."""
    if text.isprintable():  # as nearly all of it is; and looking at each character takes its time
        return text
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace()
        or (unicodedata.category(character) not in _UNWANTED_CATEGORIES and character not in _BIDI)
    )
