"""From the entries of a roster file to registrations, compared with those that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id
from chalicelib.attendance.registration import Registration
from chalicelib.roster.importer import Report, RosterImport
from chalicelib.roster.people import Entry, LeftOut, Person, Rejected

KEY = "a key for tests"


class Roster:
    """An event's registrations and check-ins in memory; after `patience` calls it fails."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.rows: dict[str, Registration] = {}
        self.attended: set[str] = set()
        self.patience = 1_000_000

    def of_event(self, event_code: str) -> Iterator[Registration]:
        assert event_code == self.event.event_code
        return iter(list(self.rows.values()))

    def put_many(self, registrations: Iterable[Registration]) -> Iterator[int]:
        for row in registrations:
            self._work()
            self.rows[row.attendee_id] = row
            yield 1

    def remove_many(self, event_code: str, attendee_ids: Iterable[str]) -> Iterator[int]:
        assert event_code == self.event.event_code
        for attendee in attendee_ids:
            self._work()
            del self.rows[attendee]
            yield 1

    def checked_in(self, event_code: str, attendee_ids: Sequence[str]) -> set[str]:
        assert event_code == self.event.event_code
        return self.attended & set(attendee_ids)

    def imports(self, *entries: Entry, replace: bool = False) -> Report:
        work = RosterImport(self.event, self, self, KEY)
        report = work.compare(entries)
        assert sum(work.write(entries)) == report.to_write
        if replace:
            sum(work.remove(report.to_remove))
        return report

    def names(self) -> set[str]:
        return {row.name for row in self.rows.values() if row.counts}

    def _work(self) -> None:
        if not self.patience:
            raise StorageUnavailable("no answer")
        self.patience -= 1


@pytest.fixture
def roster(event: Event) -> Roster:
    return Roster(event)


def _person(number: int, email: str | None = None, **more: str) -> Person:
    warning = more.pop("warning", None)
    return Person(number + 1, f"사람{number}", f"+82100000{number:04}", email, warning, more)


def _id(number: int) -> str:
    return attendee_id(f"+82100000{number:04}", KEY)


def _numbers(report: Report) -> tuple[int, int, int]:
    return report.new, report.changed, report.unchanged


def test_a_person_becomes_a_registration_without_their_number(roster: Roster) -> None:
    roster.imports(_person(1, "one@example.com", 사이즈="M"))
    assert list(roster.rows.values()) == [
        Registration(
            event_code="0211ABC",
            attendee_id=_id(1),
            name="사람1",
            email="one@example.com",
            phone_last4="0001",
            source="roster",
            expires_at=roster.event.expires_at,
            kept={"사이즈": "M"},
        )
    ]


def test_the_same_file_again_writes_nothing(roster: Roster) -> None:
    people = [_person(number, f"{number}@example.com") for number in range(50)]
    assert _numbers(roster.imports(*people)) == (50, 0, 0)
    roster.patience = 0
    assert _numbers(roster.imports(*people)) == (0, 0, 50)


def test_comparing_writes_nothing(roster: Roster) -> None:
    roster.patience = 0
    RosterImport(roster.event, roster, roster, KEY).compare([_person(1)])
    assert roster.rows == {}


class TestWhatTheFileDoesNotSay:
    def test_a_stored_address_stays(self, roster: Roster) -> None:
        roster.imports(_person(1, "one@example.com"), _person(2))
        report = roster.imports(_person(1), _person(2))
        assert roster.rows[_id(1)].email == "one@example.com"
        assert report.without_email == 1

    def test_the_warning_says_what_is_used_instead(self, roster: Roster) -> None:
        roster.imports(_person(1, "one@example.com"))
        report = roster.imports(
            _person(1, warning="no @ in it"),
            _person(2, warning="no @ in it"),
            _person(3, "three@example.com", warning="no @ in it"),
        )
        assert report.warnings == [
            (2, "no @ in it; the stored address stays"),
            (3, "no @ in it; imported without an address"),
            (4, "no @ in it; the next address is used"),
        ]

    def test_columns_that_were_kept_stay(self, roster: Roster) -> None:
        roster.imports(_person(1, 사이즈="M", 티켓="VIP"))
        assert _numbers(roster.imports(_person(1))) == (0, 0, 1)
        roster.imports(_person(1, 사이즈="L"))
        assert roster.rows[_id(1)].kept == {"사이즈": "L", "티켓": "VIP"}


def test_what_the_file_says_overrides_what_is_stored(roster: Roster) -> None:
    roster.imports(_person(1, "old@example.com"))
    report = roster.imports(replace(_person(1, "new@example.com"), name="김하나"))
    assert _numbers(report) == (0, 1, 0)
    assert (roster.rows[_id(1)].name, roster.rows[_id(1)].email) == ("김하나", "new@example.com")


def test_a_walk_in_who_is_on_the_file_stays_a_walk_in(roster: Roster) -> None:
    roster.imports(_person(1, "one@example.com"))
    roster.rows[_id(1)] = replace(roster.rows[_id(1)], source="walk_in")
    roster.imports(_person(1), _person(2))
    assert roster.rows[_id(1)].source == "walk_in"


class TestRowsThatDoNotCount:
    CANCELLED = LeftOut(9, "상태: 취소", "cancelled", "+821000000001")

    def test_they_register_nobody(self, roster: Roster) -> None:
        report = roster.imports(self.CANCELLED)
        assert roster.rows == {}
        assert report.left_out == [self.CANCELLED]

    def test_whoever_was_registered_counts_no_longer(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        report = roster.imports(self.CANCELLED, _person(2))
        assert roster.names() == {"사람2"}
        assert [row.attendee_id for row in report.withdrawn] == [_id(1)]
        assert report.missing == []
        assert roster.imports(self.CANCELLED, _person(2)).withdrawn == []

    def test_whoever_has_checked_in_or_walked_in_stays(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        roster.attended = {_id(1)}
        other = LeftOut(3, "상태: 대기", "waiting", "+821000000002")
        roster.rows[_id(2)] = replace(roster.rows[_id(2)], source="walk_in")
        assert roster.imports(self.CANCELLED, other).withdrawn == []
        assert roster.names() == {"사람1", "사람2"}

    def test_another_row_of_the_same_person_counts(self, roster: Roster) -> None:
        roster.imports(_person(1))
        roster.imports(self.CANCELLED, _person(1))
        assert roster.names() == {"사람1"}

    def test_they_count_again_once_they_register_again(self, roster: Roster) -> None:
        roster.imports(_person(1))
        roster.imports(self.CANCELLED)
        assert _numbers(roster.imports(_person(1))) == (0, 1, 0)
        assert roster.names() == {"사람1"}

    @pytest.mark.parametrize("status", [None, "waiting"])
    def test_a_hidden_row_or_one_without_a_number_changes_nobody(
        self, roster: Roster, status: None
    ) -> None:
        roster.imports(_person(1))
        phone = None if status else "+821000000001"
        roster.imports(LeftOut(2, "hidden in the sheet", status, phone))
        assert roster.names() == {"사람1"}


class TestThoseMissingFromTheFile:
    def test_they_are_told_and_stay(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        report = roster.imports(_person(2))
        assert [row.name for row in report.missing] == ["사람1"]
        assert roster.names() == {"사람1", "사람2"}

    def test_a_replacement_removes_them(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        roster.imports(_person(2), _person(3), replace=True)
        assert roster.names() == {"사람2", "사람3"}

    def test_those_who_have_checked_in_stay(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        roster.attended = {_id(1)}
        report = roster.imports(_person(3), replace=True)
        assert roster.names() == {"사람1", "사람3"}
        assert report.attended == {_id(1)}

    def test_somebody_who_checks_in_meanwhile_stays(self, roster: Roster) -> None:
        roster.imports(_person(1))
        work = RosterImport(roster.event, roster, roster, KEY)
        report = work.compare([_person(2)])
        roster.attended = {_id(1)}
        assert sum(work.remove(report.to_remove)) == 0
        assert roster.names() == {"사람1"}

    def test_whoever_is_in_a_row_that_cannot_come_in_is_not_missing(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        rows = (
            Rejected(2, "no name", phone="+821000000001"),
            LeftOut(3, "hidden in the sheet", None, "+821000000002"),
        )
        assert roster.imports(*rows, _person(3), replace=True).missing == []
        assert roster.names() == {"사람1", "사람2", "사람3"}

    def test_somebody_who_cancelled_goes_too_once_the_file_lacks_them(self, roster: Roster) -> None:
        roster.imports(_person(1), _person(2))
        roster.imports(TestRowsThatDoNotCount.CANCELLED, _person(2))
        roster.imports(_person(2), replace=True)
        assert set(roster.rows) == {_id(2)}

    def test_walk_ins_stay(self, roster: Roster) -> None:
        roster.imports(_person(1))
        roster.rows[_id(1)] = replace(roster.rows[_id(1)], source="walk_in")
        roster.imports(_person(2), replace=True)
        assert roster.names() == {"사람1", "사람2"}


def test_a_replacement_that_breaks_off_anywhere_is_completed_by_the_next(event: Event) -> None:
    for patience in range(4):
        roster = Roster(event)
        roster.imports(_person(1), _person(2))
        roster.patience = patience
        with pytest.raises(StorageUnavailable):
            roster.imports(_person(3), _person(4), replace=True)
        # Whenever it breaks off, those in the file are there before anybody is removed.
        assert len(roster.rows) >= 2
        roster.patience = 100
        roster.imports(_person(3), _person(4), replace=True)
        assert roster.names() == {"사람3", "사람4"}


def test_rejected_rows_and_samples_are_reported(roster: Roster) -> None:
    people = [_person(number) for number in range(1, 6)]
    report = roster.imports(Rejected(2, "no name"), *people)
    assert report.rejected == [Rejected(2, "no name")]
    assert report.samples == people[:3]
