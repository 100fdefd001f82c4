"""From people on a roster to registrations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id
from chalicelib.attendance.registration import Registration
from chalicelib.roster.importer import RosterImport
from chalicelib.roster.reader import Person, Rejected

KEY = "a key for tests"


class Registrations:
    """In memory; takes `patience` rows, then does not answer."""

    def __init__(self, patience: int = 1_000_000) -> None:
        self.rows: dict[str, Registration] = {}
        self.asked: list[str] = []
        self._patience = patience

    def emails(self, event_code: str, attendee_ids: Sequence[str]) -> dict[str, str]:
        assert len(attendee_ids) <= 100
        self.asked += attendee_ids
        rows = (self.rows[id_] for id_ in attendee_ids if id_ in self.rows)
        return {r.attendee_id: r.email for r in rows if r.email and r.event_code == event_code}

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]:
        for row in registrations:
            if len(self.rows) >= self._patience:
                raise StorageUnavailable("no answer")
            self.rows[row.attendee_id] = row
            yield 1


def _person(number: int, email: str | None = None, warning: str | None = None) -> Person:
    return Person(number + 1, f"사람{number}", f"+82100000{number:04}", email, warning)


def _import(
    event: Event, registrations: Registrations, *entries: Person | Rejected
) -> RosterImport:
    work = RosterImport(event, registrations, KEY)
    work.run(entries)
    return work


def test_a_person_becomes_a_registration_without_their_number(event: Event) -> None:
    registrations = Registrations()
    _import(event, registrations, _person(1, "one@example.com"))
    (row,) = registrations.rows.values()
    assert row == Registration(
        event_code="0211ABC",
        attendee_id=attendee_id("+821000000001", KEY),
        name="사람1",
        email="one@example.com",
        phone_last4="0001",
        source="roster",
        expires_at=event.expires_at,
    )


def test_the_same_roster_again_gives_the_same_rows(event: Event) -> None:
    registrations = Registrations()
    roster = [_person(number, f"{number}@example.com") for number in range(250)]
    _import(event, registrations, *roster)
    before = dict(registrations.rows)
    _import(event, registrations, *roster)
    assert registrations.rows == before


def test_an_address_that_the_file_lacks_stays_as_it_is_stored(event: Event) -> None:
    registrations = Registrations()
    _import(event, registrations, _person(1, "one@example.com"), _person(2))
    work = _import(event, registrations, _person(1), _person(2))
    assert [row.email for row in registrations.rows.values()] == ["one@example.com", None]
    assert work.outcome.without_email == 1


def test_a_new_address_in_the_file_replaces_the_stored_one(event: Event) -> None:
    registrations = Registrations()
    _import(event, registrations, _person(1, "old@example.com"))
    _import(event, registrations, _person(1, "new@example.com"))
    assert [row.email for row in registrations.rows.values()] == ["new@example.com"]


def test_only_people_without_an_address_are_looked_up(event: Event) -> None:
    registrations = Registrations()
    _import(event, registrations, *(_person(n, f"{n}@example.com") for n in range(200)))
    assert registrations.asked == []
    _import(event, registrations, *(_person(n) for n in range(150)))
    assert len(registrations.asked) == 150


def test_rejected_rows_and_warnings_are_kept_for_the_report(event: Event) -> None:
    entries = (Rejected(2, "no name"), _person(2, warning="imported without e-mail"), _person(3))
    outcome = _import(event, Registrations(), *entries).outcome
    assert outcome.rejected == [Rejected(2, "no name")]
    assert outcome.warnings == [(3, "imported without e-mail")]
    assert (outcome.accepted, outcome.imported, outcome.without_email) == (2, 2, 2)


def test_a_check_writes_nothing(event: Event) -> None:
    registrations = Registrations()
    work = RosterImport(event, registrations, KEY)
    work.check([_person(1), Rejected(3, "no name")])
    assert registrations.rows == {}
    assert (work.outcome.accepted, work.outcome.imported) == (1, 0)


def test_an_import_that_breaks_off_knows_how_far_it_came(event: Event) -> None:
    work = RosterImport(event, Registrations(patience=120), KEY)
    with pytest.raises(StorageUnavailable):
        work.run(_person(number) for number in range(300))
    assert work.outcome.imported == 120
