"""Names as people type them, and as they can be stored, mailed and printed."""

from __future__ import annotations

import pytest

from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.registration import clean_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("김하나", "김하나"),
        ("  김  하나\t", "김 하나"),
        ("김\r\n하나", "김 하나"),
        ("김\u2028하나\u00a0님", "김 하나 님"),
        ("김\x00하\x1b나\x7f", "김하나"),
        ("\u202e김하나\u202c", "김하나"),
        ("\u2066김\u2067하\u2068나\u2069", "김하나"),
        ("김\ud800하나\udfff", "김하나"),
        ("\u1100\u1175\u11b7", "김"),
        ("\u1112\u1161\u1102\u1161", "하나"),
        ("Rene\u0301", "René"),
        ("\u200b박서진\u200b", "박서진"),
        ("\ufeff박\u00ad서\u200b진\u200e", "박서진"),
        ("\u3164박\u3164서진\u2800", "박 서진"),
        ("Ó Dálaigh-Müller, Jr.", "Ó Dálaigh-Müller, Jr."),
        ("<b>김하나</b>", "<b>김하나</b>"),
    ],
)
def test_a_name_is_normalized_to_one_clean_line(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize("name", ["👩‍💻 하나", "नर्मदा क्‍ष", "می‌خواهم", "🏳️‍🌈"])
def test_joiners_of_scripts_and_emoji_are_kept(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\r\n", "\x00", "\u202e", "\ud800", "\u200b", "\u200d \ufeff"),
        *("\u3164", "\u115f\u1160", "\uffa0", "\u2800\u2800", "\u00ad", "\ufffc"),
        *("\u0301", " \u0301\u0308", "\u20dd", "\ufe0f", "\U000e0041\U000e007f", "\ue000"),
        *("\u3000\u2003", "\u2060\ufe00", "\u0903", "\u034f"),
    ],
)
def test_a_name_without_visible_characters_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        clean_name(text)
    assert (refusal.value.field, refusal.value.problem) == ("name", "empty")


def test_a_name_that_lost_characters_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="damaged"):
        clean_name("김\ufffd\ufffd")


def test_a_name_has_100_characters_at_most() -> None:
    assert clean_name("하" * 100) == "하" * 100
    with pytest.raises(InvalidRequest, match="longer than 100"):
        clean_name("하" * 101)


def test_removed_characters_do_not_count() -> None:
    assert clean_name("\x00" * 1000 + "하 " * 50) == ("하 " * 50).strip()
