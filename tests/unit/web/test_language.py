"""Accept-Language, as browsers send it and as nobody should."""

from __future__ import annotations

import pytest

from chalicelib.web.language import asked_language


@pytest.mark.parametrize("header", ["ko", "KO", "ko-KR", "ko-Kore-KR", "ko-KR,ko;q=0.9,en;q=0.8"])
def test_korean_readers_get_korean(header: str) -> None:
    assert asked_language(header) == "ko"


@pytest.mark.parametrize("header", ["en", "en-GB", "en-US,en;q=0.9,ko;q=0.8", "fr, en;q=0.2"])
def test_english_readers_get_english(header: str) -> None:
    assert asked_language(header, default="ko") == "en"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en;q=0.1, ko;q=0.2", "ko"),
        ("ko;q=0.1, en;q=0.2", "en"),
        ("ko;q=0.5, en;q=0.5", "ko"),
        ("en ; q = 0.5 , ko ; Q = 0.7", "ko"),
        ("ko;q=0, en;q=0.001", "en"),
    ],
)
def test_the_weights_decide_and_among_equals_the_first(header: str, language: str) -> None:
    assert asked_language(header) == language


@pytest.mark.parametrize(
    "header",
    [None, "", "fr", "*", "korean", "-", ",,;;==", "ko;q=", "ko;q=a", "ko;q=nan", "ko;q=-1", "코"],
)
def test_the_default_is_used_if_none_of_our_languages_is_asked_for(header: str | None) -> None:
    assert asked_language(header) == "en"
    assert asked_language(header, default="ko") == "ko"


def test_a_header_without_end_is_read() -> None:
    assert asked_language("fr," * 10_000 + "ko") == "ko"
