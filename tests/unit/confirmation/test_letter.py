"""From an item to the finished mail: what goes into it, and which event it is worded after."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from delivery_fakes import NOW

from chalicelib.attendance.errors import MalformedItem, StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.confirmation.letter import Writer
from chalicelib.confirmation.message import Confirmation, Letter, UnusableAddress
from chalicelib.confirmation.records import NewItem

KEYS = {"attendee_id": {"S": "attendee-1"}, "event_code": {"S": "0211ABC"}}
IMAGE = {
    **KEYS,
    "check_in_id": {"S": "check-in-1"},
    "name": {"S": "Person 1"},
    "email": {"S": "p1@example.com"},
    "checked_at": {"S": "2026-02-11T19:00:00"},
}


class FakeEvents:
    """`error` is what a look-up meets."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self.asked: list[str] = []
        self.error: StorageUnavailable | None = None

    def get(self, event_code: str) -> Event | None:
        self.asked.append(event_code)
        if self.error:
            raise self.error
        return self._event if event_code == self._event.event_code else None


class Desk:
    def __init__(self, event: Event) -> None:
        self.events = FakeEvents(event)
        self.confirmations: list[Confirmation] = []
        self._writer = Writer(self.events, self._compose, lambda: NOW)

    def write(
        self, image: dict[str, Any] | None, recipient: str = "p1@example.com", record: str = "100"
    ) -> Letter:
        return self._writer.write(NewItem(record, KEYS, image), recipient)

    def _compose(self, confirmation: Confirmation, now: datetime) -> Letter:
        assert now == NOW
        self.confirmations.append(confirmation)
        if "@" not in confirmation.to:
            raise UnusableAddress("not an address")
        return Letter(confirmation.to, b"hello\r\n")


@pytest.fixture
def desk(event: Event) -> Desk:
    return Desk(event)


def test_all_that_the_image_says_goes_into_the_confirmation(desk: Desk, event: Event) -> None:
    desk.write(IMAGE)
    assert desk.confirmations == [
        Confirmation(
            to="p1@example.com",
            name="Person 1",
            checked_at=datetime(2026, 2, 11, 19),  # noqa: DTZ001  -- the record gives no zone
            event_code="0211ABC",
            check_in_id="check-in-1",
            event=event,
            record="100",
        )
    ]


def test_a_number_is_a_time_in_utc(desk: Desk) -> None:
    desk.write(IMAGE | {"checked_at": {"N": "1770804000"}})
    assert desk.confirmations[0].checked_at == datetime(2026, 2, 11, 10, tzinfo=UTC)


def test_an_address_alone_is_enough(desk: Desk) -> None:
    desk.write({"email": {"S": "p1@example.com"}, "phone": {"S": "010-0000-0001"}})
    assert desk.confirmations == [Confirmation(to="p1@example.com", record="100")]
    assert desk.events.asked == []


@pytest.mark.parametrize("image", [None, {}, {"name": {"NULL": True}, "event_code": {"N": "1"}}])
def test_what_the_image_does_not_say_is_left_out(desk: Desk, image: dict[str, Any] | None) -> None:
    desk.write(image, record="")
    assert desk.confirmations == [Confirmation(to="p1@example.com")]


@pytest.mark.parametrize(
    ("written", "found"), [("0211abc", True), (" 0211ABC ", True), ("0212ABC", False), ("?", False)]
)
def test_the_event_is_found_however_its_code_is_written(
    desk: Desk, event: Event, written: str, found: bool
) -> None:
    desk.write(IMAGE | {"event_code": {"S": written}})
    assert [each.event for each in desk.confirmations] == [event if found else None]


def test_an_event_whose_item_cannot_be_read_gives_general_wording(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.events.error = MalformedItem("malformed event item")
    with caplog.at_level(logging.ERROR):
        desk.write(IMAGE)
    assert desk.confirmations[0].event is None
    assert desk.confirmations[0].event_code == "0211ABC"
    assert "event 0211ABC: malformed event item" in caplog.text


def test_an_event_that_cannot_be_asked_for_keeps_the_letter_back(desk: Desk) -> None:
    desk.events.error = StorageUnavailable("ThrottlingException")
    with pytest.raises(StorageUnavailable):
        desk.write(IMAGE)
    assert desk.confirmations == []


def test_the_letter_goes_to_the_address_of_the_mail(desk: Desk) -> None:
    assert desk.write(IMAGE, "P1@example.com").address == "P1@example.com"


def test_an_address_that_is_none_makes_no_letter(desk: Desk) -> None:
    with pytest.raises(UnusableAddress):
        desk.write(IMAGE, "hana at example")
