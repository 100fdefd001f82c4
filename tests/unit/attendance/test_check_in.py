"""Where a confirmation stands when its attendee has just been checked in."""

from __future__ import annotations

from chalicelib.attendance.check_in import initial_delivery


def test_with_an_address_a_confirmation_is_due() -> None:
    assert initial_delivery("hana@example.com") == "due"


def test_without_one_none_is() -> None:
    assert initial_delivery(None) == "no_address"
