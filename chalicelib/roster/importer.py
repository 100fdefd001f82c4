"""Imports the people in a roster file as registrations, and reports on it.

An import can safely be repeated: the same file produces the same rows. The file overrides what is
stored, with one exception: if it has no address for somebody, the stored address is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id
from chalicelib.attendance.registration import Registration
from chalicelib.roster.reader import Person, Rejected

_CHUNK = 100  # people: as many as one BatchGetItem returns


class Registrations(Protocol):
    def emails(self, event_code: str, attendee_ids: Sequence[str]) -> dict[str, str]: ...

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]: ...


@dataclass(slots=True)
class Outcome:
    """The result of an import, updated as it runs.

    `accepted` counts the rows that could be imported, `imported` those that storage confirmed.
    """

    accepted: int = 0
    imported: int = 0
    without_email: int = 0
    warnings: list[tuple[int, str]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class RosterImport:
    """Imports people into one event; `outcome` shows how far it got, even after an error."""

    def __init__(self, event: Event, registrations: Registrations, secret_key: str) -> None:
        self.outcome = Outcome()
        self._event = event
        self._registrations = registrations
        self._secret_key = secret_key

    def check(self, entries: Iterable[Person | Rejected]) -> None:
        """Do everything except writing. Raises StorageUnavailable."""
        for _ in self._accept(entries):
            pass

    def run(self, entries: Iterable[Person | Rejected]) -> None:
        """Import them. Raises StorageUnavailable."""
        for stored in self._registrations.put_many(self._accept(entries)):
            self.outcome.imported += stored

    def _accept(self, entries: Iterable[Person | Rejected]) -> Iterator[Registration]:
        people = self._people(entries)
        while chunk := [self._registration(person) for person in islice(people, _CHUNK)]:
            missing = [row.attendee_id for row in chunk if row.email is None]
            stored = self._registrations.emails(self._event.event_code, missing) if missing else {}
            for row in chunk:
                email = row.email or stored.get(row.attendee_id)
                self.outcome.accepted += 1
                self.outcome.without_email += email is None
                yield replace(row, email=email)

    def _people(self, entries: Iterable[Person | Rejected]) -> Iterator[Person]:
        for entry in entries:
            if isinstance(entry, Rejected):
                self.outcome.rejected.append(entry)
                continue
            if entry.warning:
                self.outcome.warnings.append((entry.line, entry.warning))
            yield entry

    def _registration(self, person: Person) -> Registration:
        return Registration(
            event_code=self._event.event_code,
            attendee_id=attendee_id(person.phone, self._secret_key),
            name=person.name,
            email=person.email,
            phone_last4=person.phone[-4:],
            source="roster",
            expires_at=self._event.expires_at,
        )
