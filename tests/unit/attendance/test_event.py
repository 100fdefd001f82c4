"""Event codes, windows, and events that cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.attendance.event import Event, State, normalize_event_code

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize("text", ["0211ABC", "0211abc", " 0211AbC\n"])
def test_a_code_is_month_day_and_three_letters(text: str) -> None:
    assert normalize_event_code(text) == "0211ABC"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0211AB",
        "0211ABCD",
        "0011ABC",
        "1311ABC",
        "0200ABC",
        "0232ABC",
        "02 11ABC",
        "0211A1C",
        "0211가나다",
        "０２１１ABC",
        "0211ABC\x00",
        "\ud800",
        "../../x",
    ],
)
def test_anything_else_is_not_a_code(text: str) -> None:
    assert normalize_event_code(text) is None


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
        ({"event_code": "meetup"}, "event code"),
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
