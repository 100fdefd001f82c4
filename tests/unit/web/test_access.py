"""The keys with which organizers open kiosks."""

from __future__ import annotations

import pytest

from chalicelib.attendance.errors import KioskKeyRejected
from chalicelib.web.access import is_staffed, kiosk_key

KEY = kiosk_key("a key for tests", "0211ABC")


def test_a_key_is_32_hex_digits_that_stay_the_same() -> None:
    assert kiosk_key("a key for tests", "0211ABC") == KEY
    assert len(KEY) == 32
    int(KEY, 16)


def test_each_event_has_its_own() -> None:
    assert kiosk_key("a key for tests", "0212ABC") != KEY


def test_each_secret_makes_its_own() -> None:
    assert kiosk_key("another key", "0211ABC") != KEY


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}", f"BEARER   {KEY} "])
def test_a_request_with_the_key_is_staffed(header: str) -> None:
    assert is_staffed(header, KEY)


@pytest.mark.parametrize("header", [None, ""])
def test_a_request_without_a_key_is_not_staffed(header: str | None) -> None:
    assert not is_staffed(header, KEY)


@pytest.mark.parametrize(
    "header",
    [
        KEY,
        "Bearer",
        "Bearer ",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}0",
        f"Bearer {KEY.upper()}",
        f"Basic {KEY}",
        "Bearer 키",
        "Bearer \ud800",
        "Bearer \x00",
        "Bearer \xff\xfe",
    ],
)
def test_a_request_with_another_key_is_refused(header: str) -> None:
    with pytest.raises(KioskKeyRejected):
        is_staffed(header, KEY)
