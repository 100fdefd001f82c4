"""One batch after the other through the postroom, with storage and mail server as fakes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.attendance.check_in import DeliveryStatus
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.confirmation.delivery import Postroom
from chalicelib.confirmation.message import Confirmation, Sender, UnusableAddress, compose
from chalicelib.confirmation.transport import (
    DeliveryError,
    Halted,
    Postponed,
    Rejected,
    Unclear,
)

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
TO_COME_AGAIN: list[Exception] = [
    Postponed("server replied 450"),
    Unclear("no reply to the data"),
]
Image = Mapping[str, Any]


class FakeEvents:
    def __init__(self, *events: Event) -> None:
        self._events = {event.event_code: event for event in events}
        self.error: StorageUnavailable | None = None

    def get(self, event_code: str) -> Event | None:
        if self.error:
            raise self.error
        return self._events.get(event_code)


class FakeItems:
    """A table of items, by whatever keys they have."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}
        self.unreadable: list[Image] = []
        self.unwritable: list[Image] = []

    def put(self, keys: Image, image: Image) -> None:
        self._items[json.dumps(keys)] = dict(image)

    def image(self, keys: Image) -> Image | None:
        if keys in self.unreadable:
            raise StorageUnavailable("ReadTimeoutError")
        return self._items.get(json.dumps(keys))

    def settle(self, keys: Image, delivery: DeliveryStatus, now: datetime) -> None:
        if keys in self.unwritable:
            raise StorageUnavailable("ReadTimeoutError")
        if item := self._items.get(json.dumps(keys)):
            item["delivery"] = {"S": delivery}
            item["settled_at"] = {"N": str(int(now.timestamp()))}


class FakeOutbox:
    """`errors`, one after the other, are for the recipients that they are listed under."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.tried: list[str] = []
        self.errors: dict[str, list[Exception]] = {}

    def send(self, recipient: str, content: bytes) -> None:
        self.tried.append(recipient)
        if errors := self.errors.get(recipient):
            raise errors.pop(0)
        self.sent.append((recipient, content))


class Bench:
    """A postroom among fakes. Check-ins are numbered; number 3 is p3@example.com's."""

    def __init__(self, *events: Event) -> None:
        self.events = FakeEvents(*events)
        self.items = FakeItems()
        self.outbox = FakeOutbox()
        self.confirmations: list[Confirmation] = []
        self.postroom = Postroom(self.events, self.items, self._compose, self.outbox, lambda: NOW)

    def check_in(self, number: int, **attributes: str | None) -> dict[str, Any]:
        """Put one in the table, and give its record."""
        return _record(number, NewImage=self._store(number, **attributes))

    def keys_only(self, number: int, **attributes: str | None) -> dict[str, Any]:
        self._store(number, **attributes)
        return _record(number, StreamViewType="KEYS_ONLY")

    def deliver(self, *records: object) -> list[str]:
        """The sequence numbers that have to come again."""
        failures = self.postroom.deliver({"Records": list(records)})
        assert list(failures) == ["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures["batchItemFailures"]]

    def delivery(self, number: int) -> str | None:
        item = self.items.image(_keys(number))
        return item["delivery"]["S"] if item else None

    @property
    def mailed(self) -> list[str]:
        return [recipient for recipient, _ in self.outbox.sent]

    def _store(self, number: int, **attributes: str | None) -> dict[str, Any]:
        known = {
            "check_in_id": f"check-in-{number}",
            "name": f"Person {number}",
            "email": _address(number),
            "event_code": "0211ABC",
            "checked_at": "2026-02-11T19:00:00",
            "delivery": "due",
        }
        image = _keys(number) | {
            name: {"S": value} for name, value in (known | attributes).items() if value is not None
        }
        self.items.put(_keys(number), image)
        return image

    def _compose(self, confirmation: Confirmation, now: datetime) -> EmailMessage:
        assert now == NOW
        self.confirmations.append(confirmation)
        if "@" not in confirmation.to:
            raise UnusableAddress("not an address")
        message = EmailMessage()
        message["To"] = confirmation.to
        message.set_content("hello")
        return message


def _address(number: int) -> str:
    return f"p{number}@example.com"


def _keys(number: int) -> dict[str, Any]:
    return {"attendee_id": {"S": f"attendee-{number}"}, "event_code": {"S": "0211ABC"}}


def _record(number: int, **change: Any) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": _keys(number), "SequenceNumber": f"{number}00", **change},
    }


@pytest.fixture
def bench(event: Event) -> Bench:
    return Bench(event)


def test_each_new_check_in_is_mailed_in_order_and_recorded(bench: Bench) -> None:
    assert bench.deliver(*(bench.check_in(number) for number in (2, 1, 3))) == []
    assert bench.mailed == [_address(2), _address(1), _address(3)]
    assert [bench.delivery(number) for number in (1, 2, 3)] == ["sent"] * 3
    settled = bench.items.image(_keys(1))
    assert settled
    assert settled["settled_at"] == {"N": str(int(NOW.timestamp()))}


def test_what_travels_is_the_message_with_crlf_line_ends(bench: Bench) -> None:
    bench.deliver(bench.check_in(1))
    content = bench.outbox.sent[0][1]
    assert content.startswith(b"To: p1@example.com\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_all_that_the_image_says_goes_into_the_confirmation(bench: Bench, event: Event) -> None:
    bench.deliver(bench.check_in(1))
    assert bench.confirmations == [
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


def test_a_record_with_an_address_alone_is_mailed(bench: Bench) -> None:
    image = {"phone": {"S": "010-0000-0001"}, "email": {"S": "hana@example.com"}}
    keys = {"phone": image["phone"]}
    assert bench.deliver(_record(1, Keys=keys, NewImage=image)) == []
    assert bench.confirmations == [Confirmation(to="hana@example.com", record="100")]


@pytest.mark.parametrize(
    ("written", "found"), [("0211abc", True), (" 0211ABC ", True), ("0212ABC", False), ("?", False)]
)
def test_the_event_is_found_however_its_code_is_written(
    bench: Bench, event: Event, written: str, found: bool
) -> None:
    assert bench.deliver(bench.check_in(1, event_code=written)) == []
    assert [each.event for each in bench.confirmations] == [event if found else None]


def test_a_record_without_its_image_is_mailed_from_the_table(bench: Bench) -> None:
    assert bench.deliver(bench.keys_only(1)) == []
    assert bench.confirmations[0].name == "Person 1"
    assert bench.delivery(1) == "sent"


def test_a_record_without_its_image_whose_item_is_gone_mails_nothing(bench: Bench) -> None:
    assert bench.deliver(_record(1), bench.check_in(2)) == []
    assert bench.mailed == [_address(2)]


def test_an_item_that_was_deleted_meanwhile_is_mailed_and_stays_away(bench: Bench) -> None:
    image = bench.check_in(1)["dynamodb"]["NewImage"]
    assert bench.deliver(_record(7, NewImage=image)) == []
    assert bench.mailed == [_address(1)]
    assert bench.delivery(7) is None


@pytest.mark.parametrize("email", [None, "", "  "])
def test_without_an_address_nothing_is_mailed_and_nothing_comes_again(
    bench: Bench, email: str | None
) -> None:
    assert bench.deliver(bench.check_in(1, email=email, delivery="no_address")) == []
    assert bench.deliver(bench.keys_only(2, email=email)) == []
    assert bench.outbox.tried == []
    assert bench.delivery(1) == "no_address"


def test_one_odd_record_never_costs_the_others(bench: Bench) -> None:
    odd: list[object] = [None, "INSERT", {"eventName": "INSERT", "dynamodb": []}]
    odd += [_record(8, Keys=None, NewImage={"email": "p8@example.com"})]
    odd += [_record(9, NewImage={"email": {"S": ["p9@example.com"]}, "name": {"NULL": True}})]
    assert bench.deliver(*odd, bench.check_in(1), *odd, bench.check_in(2), *odd) == []
    assert bench.mailed == [_address(1), _address(2)]


# What comes again


@pytest.mark.parametrize("error", TO_COME_AGAIN, ids=lambda error: type(error).__name__)
def test_only_what_may_still_get_through_comes_again(bench: Bench, error: Exception) -> None:
    batch = [bench.check_in(number) for number in range(1, 6)]
    bench.outbox.errors[_address(3)] = [error]
    assert bench.deliver(*batch) == ["300"]
    assert bench.mailed == [_address(number) for number in (1, 2, 4, 5)]
    assert [bench.delivery(number) for number in range(1, 6)] == [
        "sent",
        "sent",
        "due",
        "sent",
        "sent",
    ]


def test_in_a_batch_that_comes_again_nobody_is_mailed_twice(bench: Bench) -> None:
    batch = [bench.check_in(number) for number in range(1, 6)]
    bench.outbox.errors[_address(3)] = [Postponed("server replied 450")] * 2
    assert bench.deliver(*batch) == ["300"]
    assert bench.deliver(*batch) == ["300"]
    assert bench.deliver(*batch) == []
    assert bench.deliver(*batch) == []
    assert sorted(bench.mailed) == [_address(number) for number in range(1, 6)]
    assert bench.delivery(3) == "sent"


def test_a_check_in_that_is_twice_in_a_batch_is_mailed_once(bench: Bench) -> None:
    record = bench.check_in(1)
    assert bench.deliver(record, record) == []
    assert bench.mailed == [_address(1)]


@pytest.mark.parametrize("settled", ["sent", "failed", "no_address"])
def test_what_the_item_says_counts_and_not_the_image(bench: Bench, settled: str) -> None:
    record = bench.check_in(1)
    record["dynamodb"]["NewImage"] = dict(record["dynamodb"]["NewImage"])
    bench.items.put(_keys(1), record["dynamodb"]["NewImage"] | {"delivery": {"S": settled}})
    assert bench.deliver(record) == []
    assert bench.outbox.tried == []


def test_a_fault_of_our_own_stops_the_batch_and_marks_nobody(bench: Bench) -> None:
    batch = [bench.check_in(number) for number in range(1, 6)]
    bench.outbox.errors[_address(3)] = [Halted("server replied 535")]
    assert bench.deliver(*batch) == ["300", "400", "500"]
    assert bench.outbox.tried == [_address(number) for number in (1, 2, 3)]
    assert [bench.delivery(number) for number in (3, 4, 5)] == ["due"] * 3
    assert bench.deliver(*batch) == []
    assert bench.mailed == [_address(number) for number in range(1, 6)]


def test_after_a_stop_only_new_items_are_handed_back(bench: Bench) -> None:
    bench.outbox.errors[_address(1)] = [Halted("server replied 535")]
    modified = bench.check_in(2) | {"eventName": "MODIFY"}
    assert bench.deliver(bench.check_in(1), modified, None, bench.check_in(3)) == ["100", "300"]


def test_an_item_without_a_sequence_number_hands_back_its_whole_batch(bench: Bench) -> None:
    record = bench.check_in(1)
    del record["dynamodb"]["SequenceNumber"]
    bench.outbox.errors[_address(1)] = [Postponed("server replied 450")]
    assert bench.deliver(record) == [""]


def test_a_check_in_that_cannot_be_read_comes_again_alone(bench: Bench) -> None:
    batch = [bench.check_in(number) for number in (1, 2, 3)]
    bench.items.unreadable = [_keys(2)]
    assert bench.deliver(*batch) == ["200"]
    assert bench.mailed == [_address(1), _address(3)]


@pytest.mark.parametrize("problem", ["ThrottlingException", "ReadTimeoutError"])
def test_where_the_event_cannot_be_read_its_check_ins_come_again(
    bench: Bench, problem: str
) -> None:
    elsewhere = bench.check_in(2, event_code="elsewhere")
    bench.events.error = StorageUnavailable(problem)
    assert bench.deliver(bench.check_in(1), elsewhere, bench.check_in(3)) == ["100", "300"]
    assert bench.mailed == [_address(2)]
    assert bench.delivery(1) == "due"


# What never comes again


def test_a_refused_recipient_is_recorded_and_left_behind(bench: Bench) -> None:
    batch = [bench.check_in(number) for number in (1, 2, 3)]
    bench.outbox.errors[_address(2)] = [Rejected("server replied 550")]
    assert bench.deliver(*batch) == []
    assert [bench.delivery(number) for number in (1, 2, 3)] == ["sent", "failed", "sent"]
    assert bench.deliver(*batch) == []
    assert bench.outbox.tried == [_address(number) for number in (1, 2, 3)]


def test_an_address_that_is_none_is_recorded_and_left_behind(bench: Bench) -> None:
    assert bench.deliver(bench.check_in(1, email="hana at example"), bench.check_in(2)) == []
    assert [bench.delivery(number) for number in (1, 2)] == ["failed", "sent"]
    assert bench.mailed == [_address(2)]


@pytest.mark.parametrize("error", [None, Rejected("server replied 550")])
def test_what_is_out_is_not_handed_back_where_it_cannot_be_recorded(
    bench: Bench, error: Exception | None
) -> None:
    bench.items.unwritable = [_keys(1)]
    bench.outbox.errors[_address(1)] = [error] if error else []
    assert bench.deliver(bench.check_in(1), bench.check_in(2)) == []
    assert bench.outbox.tried == [_address(1), _address(2)]


# Nothing personal in the log


@pytest.mark.parametrize(
    "error",
    [
        None,
        UnusableAddress("not an address"),
        Halted("server replied 535"),
        Rejected("server replied 550"),
        *TO_COME_AGAIN,
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("storage", ["well", "unreadable", "unwritable", "no event"])
def test_the_log_names_records_and_codes_and_nobody(
    bench: Bench, caplog: pytest.LogCaptureFixture, error: DeliveryError | None, storage: str
) -> None:
    caplog.set_level(logging.DEBUG)
    record = bench.check_in(1, name="김하나", phone="010-0000-0001")
    bench.outbox.errors[_address(1)] = [error] if error else []
    if storage == "unreadable":
        bench.items.unreadable = [_keys(1)]
    elif storage == "unwritable":
        bench.items.unwritable = [_keys(1)]
    elif storage == "no event":
        bench.events.error = StorageUnavailable("ThrottlingException")
    again = bench.deliver(record)
    for personal in ("@", "김하나", "0000", "attendee-1"):
        assert personal not in caplog.text
    went_well = error is None and storage == "well"
    assert ("record 100" in caplog.text) == (not went_well)
    assert again in ([], ["100"])


# Whatever a table holds, with the mail as it is really written

WRITINGS = st.text() | st.sampled_from(
    ["hana@example.com", "0211ABC", "2026-02-11T19:00:00", "9999-12-31T23:59:59-12:00", "1e9"]
)
ATTRIBUTE = (
    st.dictionaries(st.sampled_from(["S", "N"]), WRITINGS, min_size=1, max_size=1)
    | st.just({"NULL": True})
    | WRITINGS
    | st.none()
)
NAMES = ("name", "checked_at", "event_code", "check_in_id")


LAST = {"email": {"S": "last@example.com"}}


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # an Event does not change
)
@given(
    image=st.fixed_dictionaries({}, optional=dict.fromkeys((*NAMES, "email"), ATTRIBUTE)),
    mailable=st.booleans(),
)
def test_no_image_stops_the_batch(event: Event, image: dict[str, Any], mailable: bool) -> None:
    if mailable:
        image = image | {"email": {"S": "hana@example.com"}}
    sender = Sender("Meetup", "hello@example.com", reply_to=None)
    write = partial(compose, sender=sender, default_locale="ko")
    outbox = FakeOutbox()
    postroom = Postroom(FakeEvents(event), FakeItems(), write, outbox, lambda: NOW)
    batch = [_record(1, NewImage=image), _record(2, NewImage=LAST)]
    assert postroom.deliver({"Records": batch}) == {"batchItemFailures": []}
    assert outbox.tried[-1] == "last@example.com"
    assert len(outbox.sent) == 2 or not mailable
