"""What can be seen in a text, and what was read in a wrong encoding."""

from __future__ import annotations

import pytest

from chalicelib.attendance.text import garbled, plain

NAMES = [
    *("김하나", "José", "Åsa", "Zoë", "Müller", "naïve", "“HYVÄ”", "TOMÍŠEK", "RENÉ’S", "ÉTÉ»"),
    *(
        "JOSÉ\u00a0GARCÍA",
        "Weiß…",
        "L’Étoile",
        "Ærø",
        "Þór",
        "JOÃO",
        "São",
        "Đặng",
        "ÅÄÖ",
        "Mª José",
    ),
    *("François–Noël", "Łukasz", "İbrahim", "Óscar", "Иван", "山田太郎", "สมชาย", "👩‍💻"),
]


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_names_are_not_garbled(name: str) -> None:
    assert not garbled(name)


@pytest.mark.parametrize(
    "name", ["김하나", "José", "Müller", "Óscar", "Иван", "Γιώργος", "山田太郎", "สมชาย", "👩‍💻"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("errors", ["ignore", "replace"])
def test_utf_8_that_was_read_as_something_else_is(name: str, encoding: str, errors: str) -> None:
    assert garbled(name.encode().decode(encoding, errors))


def test_plain_text_has_nothing_that_nobody_sees() -> None:
    assert plain("\ufeffh\u200ba\u00adna\u2800\ufe0f＠ｅ．com\u3000") == "hana@e.com "
