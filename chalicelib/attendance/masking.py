"""Shows a person's details so that they recognise them and a stranger learns little."""

from __future__ import annotations

_SHORT = 3  # letters: of a word with fewer, only the first is shown


def mask_name(name: str) -> str:
    """Return `김*나` for 김하나, and `H**a K*m` for Hana Kim."""
    return " ".join(map(_mask_word, name.split()))


def _mask_word(word: str) -> str:
    if len(word) < _SHORT:
        return word[:1] + "*" * (len(word) - 1)
    return word[0] + "*" * (len(word) - 2) + word[-1]
