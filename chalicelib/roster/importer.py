"""Compares a roster file with what is stored for an event, reports on it, and imports it.

An import can safely be repeated: the same file again changes nothing. The file overrides what is
stored, but what it does not say stays: an address, or a column that was kept before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id
from chalicelib.attendance.registration import Registration
from chalicelib.roster.people import Entry, LeftOut, Person, Rejected

_SAMPLES = 3


class Registrations(Protocol):
    def of_event(self, event_code: str) -> Iterator[Registration]: ...

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]: ...

    def remove_many(self, event_code: str, attendee_ids: Iterable[str]) -> Iterator[int]: ...


class CheckIns(Protocol):
    def checked_in(self, event_code: str, attendee_ids: Sequence[str]) -> set[str]:
        """Those of these attendees who have checked in."""


@dataclass(slots=True)
class Report:
    """What an import does to an event's roster.

    `withdrawn` are people who were registered, and whose row says now that they cancelled or wait.
    `missing` are those on the roster who are not in the file. `attended` has the ids of those in
    both who have checked in, and who therefore stay as they are.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    without_email: int = 0
    samples: list[Person] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    withdrawn: list[Registration] = field(default_factory=list)
    missing: list[Registration] = field(default_factory=list)
    attended: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> int:
        return self.new + self.changed + self.unchanged

    @property
    def to_write(self) -> int:
        return self.new + self.changed + len(self.withdrawn)

    @property
    def to_remove(self) -> list[str]:
        """The ids of those whom a replacement takes off the roster."""
        return [row.attendee_id for row in self.missing if row.attendee_id not in self.attended]


class RosterImport:
    """Imports a roster into one event: `compare` first, then `write` and, to replace, `remove`.

    Every method raises StorageUnavailable.
    """

    def __init__(
        self, event: Event, registrations: Registrations, check_ins: CheckIns, secret_key: str
    ) -> None:
        self._event = event
        self._registrations = registrations
        self._check_ins = check_ins
        self._secret_key = secret_key
        self._stored: dict[str, Registration] = {}
        self._attended: set[str] = set()

    def compare(self, entries: Iterable[Entry]) -> Report:
        """What the import would do; nothing is written."""
        rows = self._registrations.of_event(self._event.event_code)
        self._stored = {row.attendee_id: row for row in rows}
        report = Report()
        for _ in self._changes(entries, report):
            pass
        going = [row.attendee_id for row in (*report.missing, *report.withdrawn)]
        self._attended = self._check_ins.checked_in(self._event.event_code, going)
        report.attended = self._attended
        report.withdrawn = [
            row for row in report.withdrawn if row.attendee_id not in self._attended
        ]
        return report

    def write(self, entries: Iterable[Entry]) -> Iterator[int]:
        """Store what has changed, and yield the number of registrations in each stored batch."""
        return self._registrations.put_many(self._changes(entries, Report()))

    def remove(self, attendee_ids: Sequence[str]) -> Iterator[int]:
        """Take these off the roster, unless they have checked in meanwhile; yields as `write`."""
        code = self._event.event_code
        attended = self._check_ins.checked_in(code, attendee_ids)
        return self._registrations.remove_many(
            code, (each for each in attendee_ids if each not in attended)
        )

    def _changes(self, entries: Iterable[Entry], report: Report) -> Iterator[Registration]:
        """The registrations that differ from what is stored; fills the report on the way."""
        in_file = set()
        for entry in entries:
            if isinstance(entry, Rejected):
                report.rejected.append(entry)
            elif isinstance(entry, LeftOut):
                report.left_out.append(entry)
            else:
                row = self._registration(entry)
                in_file.add(row.attendee_id)
                if self._count(entry, row, report):
                    yield row
        for withdrawn in self._withdrawn(report.left_out, in_file):
            report.withdrawn.append(withdrawn)
            yield withdrawn
        # Whoever's row cannot come in is in the file all the same.
        others = [each.phone for each in report.rejected] + [each.phone for each in report.left_out]
        in_file |= {attendee_id(phone, self._secret_key) for phone in others if phone}
        report.missing = [
            row
            for row in self._stored.values()
            if row.attendee_id not in in_file and row.source == "roster"
        ]

    def _registration(self, person: Person) -> Registration:
        attendee = attendee_id(person.phone, self._secret_key)
        stored = self._stored.get(attendee)
        return Registration(
            event_code=self._event.event_code,
            attendee_id=attendee,
            name=person.name,
            email=person.email or (stored.email if stored else None),
            phone_last4=person.phone[-4:],
            source=stored.source if stored else "roster",
            expires_at=self._event.expires_at,
            kept={**stored.kept, **person.kept} if stored else person.kept,
        )

    def _count(self, person: Person, row: Registration, report: Report) -> bool:
        """Whether the row has to be written."""
        stored = self._stored.get(row.attendee_id)
        if report.accepted < _SAMPLES:
            report.samples.append(person)
        if person.warning:
            report.warnings.append((person.line, f"{person.warning}; {_instead(person, row)}"))
        report.without_email += row.email is None
        report.new += stored is None
        report.unchanged += row == stored
        report.changed += stored is not None and row != stored
        return row != stored

    def _withdrawn(self, left_out: Sequence[LeftOut], in_file: set[str]) -> Iterator[Registration]:
        """The stored registrations that a cancelled or waiting row is about, and no other row."""
        for entry in left_out:
            if entry.phone is None or entry.status is None:
                continue
            attendee = attendee_id(entry.phone, self._secret_key)
            stored = self._stored.get(attendee)
            if attendee in in_file or attendee in self._attended:
                continue
            if stored is None or stored.source != "roster":
                continue
            in_file.add(attendee)
            if stored.status != entry.status:
                yield replace(stored, status=entry.status)


def _instead(person: Person, row: Registration) -> str:
    if person.email:
        return "the next address is used"
    return "the stored address stays" if row.email else "imported without an address"
