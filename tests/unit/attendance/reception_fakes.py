"""A reception over tables in memory, with a clock that is set by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.reception import Answer, Arrival, Reception
from chalicelib.attendance.registration import Registration, Status

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)  # as in the fixture `event`
SECRET_KEY = "a key for tests"
PHONE = "010-0000-0001"

Key = tuple[str, str]


class FakeEvents:
    def __init__(self) -> None:
        self.rows: dict[str, Event] = {}

    def get(self, event_code: str) -> Event | None:
        return self.rows.get(event_code)


class FakeRegistrations:
    def __init__(self) -> None:
        self.rows: dict[Key, Registration] = {}

    def get(self, event_code: str, attendee_id: str) -> Registration | None:
        return self.rows.get((event_code, attendee_id))

    def add(self, registration: Registration) -> Registration | None:
        key = registration.event_code, registration.attendee_id
        earlier = self.rows.get(key)
        if earlier and earlier.counts:
            return earlier
        self.rows[key] = registration
        return None


class FakeCheckIns:
    """`breaks` fails the next write before it is made; `loses_reply` repeats it, as the SDK does
    when the reply to a write is lost."""

    def __init__(self) -> None:
        self.rows: dict[Key, CheckIn] = {}
        self.breaks = False
        self.loses_reply = False

    def get(self, event_code: str, attendee_id: str) -> CheckIn | None:
        return self.rows.get((event_code, attendee_id))

    def add(self, check_in: CheckIn) -> CheckIn | None:
        if self.breaks:
            self.breaks = False
            raise StorageUnavailable("broken")
        earlier = self.rows.setdefault((check_in.event_code, check_in.attendee_id), check_in)
        return earlier if earlier is not check_in or self.loses_reply else None


class Door:
    """One event's reception; `arrive` is a person at it."""

    def __init__(self, event: Event) -> None:
        self.events = FakeEvents()
        self.registrations = FakeRegistrations()
        self.check_ins = FakeCheckIns()
        self.now = NOW
        self.event = event
        self.events.rows[event.event_code] = event
        self.reception = Reception(
            self.events,
            self.registrations,
            self.check_ins,
            secret_key=SECRET_KEY,
            region_code="KR",
            now=lambda: self.now,
        )

    def change_event(self, **fields: Any) -> None:
        self.event = replace(self.event, **fields)
        self.events.rows[self.event.event_code] = self.event

    def register(
        self,
        phone: str = PHONE,
        email: str | None = "hana@example.com",
        status: Status = "registered",
    ) -> Registration:
        number = parse_phone(phone, "KR")
        registration = Registration(
            event_code=self.event.event_code,
            attendee_id=attendee_id(number, SECRET_KEY),
            name="김하나",
            email=email,
            phone_last4=number[-4:],
            source="roster",
            expires_at=self.event.expires_at,
            status=status,
        )
        self.registrations.add(registration)
        return registration

    def arrive(self, phone: str = PHONE, **fields: Any) -> Answer:
        return self.reception.check_in(self.event.event_code, Arrival(phone=phone, **fields))

    def settle(self, delivery: Any) -> None:
        """The confirmations of all check-ins are out, or are not."""
        self.check_ins.rows = {
            key: replace(row, delivery=delivery) for key, row in self.check_ins.rows.items()
        }
