"""The rule of checking in, answer by answer and reason by reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from reception_fakes import NOW, PHONE, Door

from chalicelib.attendance.errors import (
    Closed,
    DetailsRequired,
    EmailRequired,
    InvalidPhone,
    InvalidRequest,
    KioskKeyRequired,
    NotOpen,
    NotRegistered,
    StorageUnavailable,
    UnknownEvent,
)
from chalicelib.attendance.event import Event
from chalicelib.attendance.reception import Arrival
from chalicelib.attendance.registration import Status

SECOND = timedelta(seconds=1)


@pytest.fixture
def door(event: Event) -> Door:
    return Door(event)


@pytest.fixture
def open_door(door: Door) -> Door:
    """The event takes walk-ins."""
    door.change_event(walk_ins=True)
    return door


def test_someone_on_the_roster_is_checked_in(door: Door) -> None:
    registration = door.register()
    answer = door.arrive(nonce="n1")

    assert answer.first
    check_in = answer.check_in
    assert (check_in.event_code, check_in.attendee_id) == ("0211ABC", registration.attendee_id)
    assert (check_in.name, check_in.email) == ("김하나", "hana@example.com")
    assert (check_in.source, check_in.nonce, check_in.delivery) == ("roster", "n1", "due")
    assert (check_in.checked_at, check_in.expires_at) == (NOW, door.event.expires_at)
    assert list(door.check_ins.rows.values()) == [check_in]


@pytest.mark.parametrize("status", ["cancelled", "waiting"])
def test_someone_who_cancelled_or_waits_does_not_count_as_registered(
    door: Door, status: Status
) -> None:
    door.register(status=status)
    with pytest.raises(NotRegistered):
        door.arrive()
    door.change_event(walk_ins=True)
    assert door.arrive(name="이두리", email="duri@example.com").check_in.source == "walk_in"


def test_two_people_have_check_ins_of_their_own(door: Door) -> None:
    door.register(PHONE)
    door.register("010-0000-0002")
    first, second = door.arrive(PHONE), door.arrive("010-0000-0002")
    assert first.first
    assert second.first
    assert first.check_in.check_in_id != second.check_in.check_in_id
    assert first.check_in.attendee_id != second.check_in.attendee_id


def test_the_answer_has_the_time_that_is_stored_in_whole_seconds(door: Door) -> None:
    door.register()
    door.now = NOW + timedelta(microseconds=999_999)
    assert door.arrive().check_in.checked_at == NOW


def test_the_event_code_is_read_in_lower_case_and_with_white_space(door: Door) -> None:
    door.register()
    assert door.reception.check_in(" 0211abc ", Arrival(phone=PHONE)).first
    assert door.reception.event("0211abc") == door.event


@pytest.mark.parametrize("code", ["0211XYZ", "", "nonsense", "0211ABCD", "\ud800", "-"])
def test_an_unknown_code_is_refused(door: Door, code: str) -> None:
    with pytest.raises(UnknownEvent):
        door.reception.check_in(code, Arrival(phone=PHONE))


def test_an_invalid_phone_number_is_reported(door: Door) -> None:
    with pytest.raises(InvalidPhone):
        door.arrive("nonsense")


class TestTheWindow:
    def test_before_its_opening_nobody_is_checked_in(self, door: Door) -> None:
        door.register()
        door.now = door.event.check_in_opens_at - SECOND
        with pytest.raises(NotOpen) as refusal:
            door.arrive()
        assert refusal.value.event == door.event
        assert not door.check_ins.rows

    def test_its_opening_is_within(self, door: Door) -> None:
        door.register()
        door.now = door.event.check_in_opens_at
        assert door.arrive().first

    def test_its_last_moment_is_within(self, door: Door) -> None:
        door.register()
        door.now = door.event.check_in_closes_at - timedelta(microseconds=1)
        assert door.arrive().first

    def test_its_closing_is_outside(self, door: Door) -> None:
        door.register()
        door.now = door.event.check_in_closes_at
        with pytest.raises(Closed) as refusal:
            door.arrive()
        assert refusal.value.event == door.event
        assert not door.check_ins.rows

    def test_outside_nobody_learns_who_is_on_the_roster(self, door: Door) -> None:
        door.now = door.event.check_in_closes_at
        with pytest.raises(Closed):
            door.arrive()

    def test_outside_no_walk_in_is_registered(self, open_door: Door) -> None:
        open_door.now = open_door.event.check_in_opens_at - SECOND
        with pytest.raises(NotOpen):
            open_door.arrive(name="이두리", email="duri@example.com")
        assert not open_door.registrations.rows


class TestAgain:
    def test_a_second_arrival_gets_the_first_check_in(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.now = NOW + timedelta(minutes=5)
        again = door.arrive(nonce="n2")
        assert not again.first
        assert again.check_in == first.check_in

    def test_without_nonces_it_is_no_retry(self, door: Door) -> None:
        door.register()
        door.arrive()
        assert not door.arrive().first

    def test_a_retry_gets_the_answer_of_the_first_try(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.now = NOW + timedelta(seconds=3)
        assert door.arrive(nonce="n1") == first

    def test_a_retry_that_meets_a_sent_confirmation_is_still_the_first(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.settle("sent")
        retry = door.arrive(nonce="n1")
        assert retry.first
        assert retry.check_in.check_in_id == first.check_in.check_in_id

    def test_an_existing_check_in_is_confirmed_after_closing_time(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.now = door.event.check_in_closes_at
        assert door.arrive(nonce="n1") == first
        again = door.arrive(nonce="n2")
        assert not again.first
        assert again.check_in == first.check_in

    def test_an_existing_check_in_is_confirmed_after_the_window_moved(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.change_event(check_in_opens_at=NOW + timedelta(hours=1))
        assert door.arrive(nonce="n1") == first

    def test_an_existing_check_in_is_confirmed_without_the_address(self, door: Door) -> None:
        door.register(email=None)
        first = door.arrive(nonce="n1", email="hana@example.com")
        assert door.arrive(nonce="n1") == first

    def test_an_existing_check_in_is_confirmed_after_the_roster_row_is_gone(
        self, door: Door
    ) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.registrations.rows.clear()
        assert door.arrive(nonce="n1") == first

    def test_an_existing_check_in_is_confirmed_for_a_walk_in_without_details(
        self, open_door: Door
    ) -> None:
        first = open_door.arrive(nonce="n1", name="이두리", email="duri@example.com")
        open_door.registrations.rows.clear()
        assert open_door.arrive(nonce="n1") == first

    def test_an_item_that_the_sdk_wrote_twice_is_a_first_check_in(self, door: Door) -> None:
        door.register()
        door.check_ins.loses_reply = True
        answer = door.arrive()
        assert (answer.first, answer.made) == (True, True)

    def test_only_one_request_has_made_the_check_in(self, door: Door) -> None:
        door.register()
        nonces = ("n1", "n1", "n2")
        assert [door.arrive(nonce=nonce).made for nonce in nonces] == [True, False, False]
        door.now = door.event.check_in_closes_at
        assert not door.arrive(nonce="n1").made

    def test_another_address_changes_nothing_once_checked_in(self, door: Door) -> None:
        door.register(email=None)
        door.arrive(email="hana@example.com")
        assert door.arrive(email="other@example.com").check_in.email == "hana@example.com"

    def test_another_event_is_another_check_in(self, door: Door) -> None:
        door.register()
        first = door.arrive(nonce="n1")
        door.change_event(event_code="0311ABC")
        door.register()
        second = door.arrive(nonce="n1")
        assert second.first
        assert second.check_in.check_in_id != first.check_in.check_in_id
        assert second.check_in.attendee_id == first.check_in.attendee_id


class TestTheAddress:
    def test_it_is_asked_for_if_the_roster_has_none(self, door: Door) -> None:
        door.register(email=None)
        with pytest.raises(EmailRequired):
            door.arrive()
        assert not door.check_ins.rows

    def test_the_given_one_is_taken_in_its_normal_form(self, door: Door) -> None:
        door.register(email=None)
        check_in = door.arrive(email=" hana@EXAMPLE.com ").check_in
        assert (check_in.email, check_in.delivery) == ("hana@example.com", "due")

    def test_the_rosters_wins_over_the_given_one(self, door: Door) -> None:
        door.register(email="hana@example.com")
        assert door.arrive(email="thief@example.com").check_in.email == "hana@example.com"

    def test_the_rosters_wins_over_having_none(self, door: Door) -> None:
        door.register(email="hana@example.com")
        assert door.arrive(no_email=True).check_in.delivery == "due"

    def test_an_attendee_without_one_is_checked_in_without_a_confirmation(self, door: Door) -> None:
        door.register(email=None)
        check_in = door.arrive(no_email=True).check_in
        assert (check_in.email, check_in.delivery) == (None, "no_address")

    def test_a_given_one_is_used_even_together_with_no_email(self, door: Door) -> None:
        door.register(email=None)
        check_in = door.arrive(no_email=True, email="hana@example.com").check_in
        assert (check_in.email, check_in.delivery) == ("hana@example.com", "due")

    def test_an_invalid_address_is_reported(self, door: Door) -> None:
        door.register(email=None)
        with pytest.raises(InvalidRequest) as refusal:
            door.arrive(email="nonsense")
        assert refusal.value.field == "email"
        assert not door.check_ins.rows


class TestWalkIns:
    def test_are_refused_if_the_event_takes_none(self, door: Door) -> None:
        with pytest.raises(NotRegistered):
            door.arrive(name="이두리", email="duri@example.com")
        assert not door.registrations.rows
        assert not door.check_ins.rows

    def test_are_registered_and_checked_in(self, open_door: Door) -> None:
        answer = open_door.arrive(name=" 이  두리 ", email="duri@example.com")

        [registration] = open_door.registrations.rows.values()
        assert (registration.name, registration.email) == ("이 두리", "duri@example.com")
        assert (registration.source, registration.phone_last4) == ("walk_in", "0001")
        assert registration.expires_at == open_door.event.expires_at
        assert answer.first
        assert (answer.check_in.name, answer.check_in.source) == ("이 두리", "walk_in")

    @pytest.mark.parametrize("name", [None, "", "  \t"])
    def test_have_to_give_a_name(self, open_door: Door, name: str | None) -> None:
        with pytest.raises(DetailsRequired):
            open_door.arrive(name=name, email="duri@example.com")
        assert not open_door.registrations.rows

    def test_have_to_give_a_visible_name(self, open_door: Door) -> None:
        with pytest.raises(InvalidRequest) as refusal:
            open_door.arrive(name="\x00\u200b", email="duri@example.com")
        assert refusal.value.field == "name"
        assert not open_door.registrations.rows

    def test_are_asked_for_an_address_before_anything_is_stored(self, open_door: Door) -> None:
        with pytest.raises(EmailRequired):
            open_door.arrive(name="이두리")
        assert not open_door.registrations.rows
        assert not open_door.check_ins.rows

    def test_may_have_no_address(self, open_door: Door) -> None:
        answer = open_door.arrive(name="이두리", no_email=True)
        assert answer.check_in.delivery == "no_address"
        [registration] = open_door.registrations.rows.values()
        assert registration.email is None

    def test_without_an_address_are_recognised_when_they_come_again(self, open_door: Door) -> None:
        first = open_door.arrive(name="이두리", no_email=True)
        again = open_door.arrive()
        assert not again.first
        assert again.check_in == first.check_in

    def test_are_registered_before_they_are_checked_in(self, open_door: Door) -> None:
        open_door.check_ins.breaks = True
        with pytest.raises(StorageUnavailable):
            open_door.arrive(name="이두리", email="duri@example.com", nonce="n1")
        assert len(open_door.registrations.rows) == 1
        assert not open_door.check_ins.rows

    def test_complete_a_try_that_failed_between_the_two(self, open_door: Door) -> None:
        open_door.check_ins.breaks = True
        with pytest.raises(StorageUnavailable):
            open_door.arrive(name="이두리", email="duri@example.com", nonce="n1")
        answer = open_door.arrive(name="이두리", email="duri@example.com", nonce="n1")
        assert answer.first
        assert (answer.check_in.name, answer.check_in.source) == ("이두리", "walk_in")
        assert len(open_door.registrations.rows) == len(open_door.check_ins.rows) == 1

    def test_do_not_replace_the_name_on_the_roster(self, open_door: Door) -> None:
        open_door.register()
        answer = open_door.arrive(name="이두리", email="duri@example.com")
        assert (answer.check_in.name, answer.check_in.email) == ("김하나", "hana@example.com")
        assert answer.check_in.source == "roster"


class TestTheKiosk:
    def test_without_self_check_in_a_staffed_one_is_needed(self, door: Door) -> None:
        door.register()
        door.change_event(self_check_in=False)
        with pytest.raises(KioskKeyRequired):
            door.arrive()
        assert not door.check_ins.rows

    def test_a_staffed_one_checks_in(self, door: Door) -> None:
        door.register()
        door.change_event(self_check_in=False)
        assert door.arrive(staffed=True).first

    def test_check_ins_are_disclosed_to_staffed_ones_only(self, door: Door) -> None:
        door.register()
        door.arrive(nonce="n1")
        door.change_event(self_check_in=False)
        with pytest.raises(KioskKeyRequired):
            door.arrive(nonce="n1")
