"""Event codes, windows, and events that cannot be."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.attendance.event import Event, State, new_event_code, normalize_event_code

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0211ABC", "0211ABC"),
        (" 0211AbC\n", "0211ABC"),
        ("260211kxq", "260211KXQ"),
        ("2026", "2026"),
        ("pycon-kr-2026", "PYCON-KR-2026"),
        ("a" * 32, "A" * 32),
    ],
)
def test_a_code_is_letters_digits_and_hyphens_in_any_case(text: str, code: str) -> None:
    assert normalize_event_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ABC",
        "A" * 33,
        "-0211ABC",
        "0211ABC-",
        "----",
        "02 11ABC",
        "0211_ABC",
        "0211ß",
        "0211가나다",
        "０２１１ABC",
        "0211ABC\x00",
        "\ud800",
        "../../x",
    ],
)
def test_anything_else_is_not_a_code(text: str) -> None:
    assert normalize_event_code(text) is None


def test_a_made_code_has_the_day_and_letters_that_spell_nothing() -> None:
    codes = {new_event_code(datetime(2026, 2, 11, tzinfo=UTC)) for _ in range(200)}
    assert len(codes) > 150
    for code in codes:
        assert re.fullmatch("260211[B-DF-HJKM-NP-TV-Z]{3}", code)
        assert normalize_event_code(code) == code


@pytest.mark.parametrize(
    ("edge", "offset", "state"),
    [
        ("check_in_opens_at", -INSTANT, "not_open"),
        ("check_in_opens_at", timedelta(0), "open"),
        ("check_in_closes_at", -INSTANT, "open"),
        ("check_in_closes_at", timedelta(0), "closed"),
    ],
)
def test_the_window_includes_its_opening_and_excludes_its_closing(
    event: Event, edge: str, offset: timedelta, state: State
) -> None:
    moment: datetime = getattr(event, edge)
    assert event.state(moment + offset) == state


def test_the_zone_is_created_from_its_name(event: Event) -> None:
    assert event.zone.key == "Asia/Seoul"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"event_code": "0211abc"}, "event code"),
        ({"event_code": "밋업"}, "event code"),
        ({"locale": "fr"}, "locales ko, en"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"timezone": ""}, "time zone"),
        ({"timezone": "../etc/passwd"}, "time zone"),
        ({"timezone": "Asia"}, "time zone"),
    ],
)
def test_an_impossible_event_is_refused(
    event: Event, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(event, **fields)


def test_a_window_opens_before_it_closes(event: Event) -> None:
    with pytest.raises(ValueError, match="open before it closes"):
        replace(event, check_in_opens_at=event.check_in_closes_at)


def test_an_event_lasts_at_least_as_long_as_its_window(event: Event) -> None:
    with pytest.raises(ValueError, match="expire"):
        replace(event, expires_at=event.check_in_closes_at)
