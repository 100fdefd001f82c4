"""Makes text that people typed safe to show next to other text."""

from __future__ import annotations

import unicodedata

# Control characters (Cc) and lone surrogates (Cs), which UTF-8 cannot encode. Of the format
# characters, only those that reorder text are removed, because some names need the others.
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cs"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Remove control characters, and turn each white-space character into a plain space."""
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace()
        or (unicodedata.category(character) not in _UNWANTED_CATEGORIES and character not in _BIDI)
    )
