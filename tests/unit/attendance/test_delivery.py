"""When an attempt is made again, how long it may take, and which ends take a copy back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.attendance.delivery import Attempt, DeliveryStatus, End, next_attempt

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("age", [timedelta(), HOUR / 2, HOUR - MOMENT, -HOUR])
def test_in_the_first_hour_it_is_tried_again_at_once(age: timedelta) -> None:
    assert next_attempt(NOW - age, NOW) == NOW


@pytest.mark.parametrize("age", [HOUR, 2 * HOUR, timedelta(days=4) - MOMENT])
def test_after_the_first_hour_it_is_tried_again_hourly(age: timedelta) -> None:
    assert next_attempt(NOW - age, NOW) == NOW + HOUR


@pytest.mark.parametrize("age", [timedelta(days=4), timedelta(days=400)])
def test_after_four_days_it_is_given_up(age: timedelta) -> None:
    assert next_attempt(NOW - age, NOW) is None


@pytest.mark.parametrize(
    ("status", "not_taken"),
    [
        ("due", True),
        ("failed", True),
        ("no_address", True),
        ("sent", False),
        ("unclear", False),
        ("sending", False),
    ],
)
def test_a_copy_is_taken_back_only_where_the_server_has_certainly_not_taken_it(
    status: DeliveryStatus, not_taken: bool
) -> None:
    assert End(status=status, now=NOW).not_taken is not_taken


@pytest.mark.parametrize(("lease", "left"), [(60, 58), (8, 6), (4, 3), (1, 0.75)])
def test_the_last_of_the_lease_is_for_the_record(lease: int, left: float) -> None:
    attempt = Attempt(token="t", now=NOW, until=NOW + timedelta(seconds=lease), most_copies=2)
    assert attempt.seconds_left(NOW) == left
    assert attempt.seconds_left(NOW + timedelta(seconds=lease)) == left - lease
