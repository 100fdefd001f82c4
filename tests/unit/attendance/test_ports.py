"""What `ports` asks for, over the fakes of these tests and over the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from reception_fakes import NOW, FakeCheckIns, FakeRegistrations

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.ports import CheckIns, Registrations
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

EXPIRES_AT = datetime.fromisoformat("2100-01-01T00:00:00+00:00")

REGISTRATION = Registration(
    event_code="0211ABC",
    attendee_id="0a" * 32,
    name="김하나",
    email="hana@example.com",
    phone_last4="0001",
    source="roster",
    expires_at=EXPIRES_AT,
)
CHECK_IN = CheckIn(
    check_in_id="7F3K-9QRT-2MXA-HB4D",
    event_code="0211ABC",
    attendee_id="0a" * 32,
    name="김하나",
    email=None,
    checked_at=NOW,
    changed_at=NOW,
    source="roster",
    nonce="n1",
    delivery="no_address",
    expires_at=EXPIRES_AT,
)


@pytest.fixture(params=["fake", "table"])
def registrations(request: pytest.FixtureRequest, wiring: Wiring) -> Registrations:
    return FakeRegistrations() if request.param == "fake" else wiring.registration_table


@pytest.fixture(params=["fake", "table"])
def check_ins(request: pytest.FixtureRequest, wiring: Wiring) -> CheckIns:
    return FakeCheckIns() if request.param == "fake" else wiring.check_in_table


def assert_first_one_stands(store: Any, first: Any) -> None:
    """`add` stores what is not there yet, by event and attendee; else it gives what is."""
    assert store.get("0211ABC", first.attendee_id) is None
    assert store.add(first) is None
    assert store.add(replace(first, name="이두리")) == first
    assert store.get("0211ABC", first.attendee_id) == first
    assert store.add(replace(first, event_code="0212ABC")) is None
    assert store.add(replace(first, attendee_id="1b" * 32)) is None


def test_the_first_registration_is_kept(registrations: Registrations) -> None:
    assert_first_one_stands(registrations, REGISTRATION)


def test_the_first_check_in_is_kept(check_ins: CheckIns) -> None:
    assert_first_one_stands(check_ins, CHECK_IN)
