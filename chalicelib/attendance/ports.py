"""What attendance needs from storage.

Each method raises StorageUnavailable if the tables do not answer or refuse the call.
"""

from __future__ import annotations

from typing import Protocol

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration


class Events(Protocol):
    def get(self, event_code: str) -> Event | None: ...


class Registrations(Protocol):
    def get(self, event_code: str, attendee_id: str) -> Registration | None: ...

    def add(self, registration: Registration) -> Registration | None:
        """Store it, or return the one that counts and that this attendee already has."""


class CheckIns(Protocol):
    def get(self, event_code: str, attendee_id: str) -> CheckIn | None: ...

    def add(self, check_in: CheckIn) -> CheckIn | None:
        """Store it, or return the one that this attendee already has for this event."""
