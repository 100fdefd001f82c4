"""Batches and sweeps through the postroom, with storage and mail server as fakes."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from delivery_fakes import LEASE, NOW, Desk, FakeConnection, FakeDeliveries, address, keys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.attendance.event import Event
from chalicelib.confirmation.connections import Connections
from chalicelib.confirmation.delivery import Courier, Policy
from chalicelib.confirmation.letter import Writer
from chalicelib.confirmation.message import Sender, compose
from chalicelib.confirmation.postroom import Postroom, Round
from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Throttled, Unclear
from chalicelib.telemetry.metrics import Metrics

POSTPONED = Postponed("recipient refused for now: 450 4.2.1")
REJECTED = Rejected("recipient refused: 550 5.1.1")
UNCLEAR = Unclear("no reply to the data: TimeoutError")
HALTED = Halted("login or quota refused: 535 5.7.8")
THROTTLED = Throttled("the server asks for a pause: 421 4.3.2")

NO_METRICS = Metrics("Rollcall", lambda: NOW)
LONGEST = 42.0  # seconds, of one attempt with its record


class Countdown:
    """The seconds that are left of an invocation."""

    def __init__(self, left: float) -> None:
        self.left = left

    def __call__(self) -> float:
        return self.left

    def spend(self, seconds: float) -> None:
        self.left -= seconds


class Bench(Desk):
    """A postroom among fakes. `connections[-1]` is the one that is lent first."""

    def __init__(self, connections: int = 1, most_copies: int = 2) -> None:
        super().__init__(most_copies=most_copies)
        self.connections = [FakeConnection(self.server) for _ in range(connections)]
        self.time_left = Countdown(60)
        self.lines: list[str] = []
        self.postroom = Postroom(
            self.courier,
            Connections(self.connections, pause=self.pauses.append, clock=self._seconds),
            self.deliveries,
            metrics=Metrics("Rollcall", lambda: self.now, self.lines.append),
            now=lambda: self.now,
            longest=LONGEST,
        )

    def _seconds(self) -> float:
        return self.now.timestamp()

    def record(self, number: int, **attributes: str | None) -> dict[str, Any]:
        """Check in, and give the record of it."""
        return _record(number, NewImage=self.check_in(number, **attributes).image)

    def records(self, count: int) -> list[dict[str, Any]]:
        return [self.record(number) for number in range(1, count + 1)]

    def deliver(self, *records: object) -> list[str]:
        """The sequence numbers that have to come again."""
        failures = self.postroom.deliver({"Records": list(records)}, self.time_left)
        assert list(failures) == ["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures["batchItemFailures"]]

    def sweep(self) -> dict[str, int]:
        return self.postroom.sweep(self.time_left)

    def answer(self, number: int, *errors: Exception) -> None:
        """What the server says to the next mails to that person."""
        self.server.errors[address(number)] = list(errors)

    def measured(self) -> dict[str, Any]:
        """The metrics of the last call; none where it wrote no line."""
        lines, self.lines[:] = [json.loads(line) for line in self.lines], []
        assert len(lines) <= 1
        return {name: value for line in lines for name, value in line.items() if name != "_aws"}

    def standing(self, count: int) -> list[str | None]:
        return [self.delivery(number) for number in range(1, count + 1)]


def _record(number: int, **change: Any) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": keys(number), "SequenceNumber": f"{number}00", **change},
    }


def refuse(error: Exception) -> Callable[[], None]:
    def refused() -> None:
        raise error

    return refused


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=[1, 4])
def any_bench(request: pytest.FixtureRequest) -> Bench:
    """With one connection, and with several."""
    return Bench(request.param)


# A batch


def test_each_new_check_in_is_mailed_in_order_and_recorded(bench: Bench) -> None:
    assert bench.deliver(*(bench.record(number) for number in (2, 1, 3))) == []
    assert bench.server.mailed == [address(2), address(1), address(3)]
    assert bench.standing(3) == ["sent"] * 3


def test_a_record_without_its_image_is_mailed_from_the_table(bench: Bench) -> None:
    bench.check_in(1)
    assert bench.deliver(_record(1, StreamViewType="KEYS_ONLY")) == []
    assert bench.delivery(1) == "sent"


def test_a_record_without_its_image_whose_item_is_gone_mails_nothing(bench: Bench) -> None:
    assert bench.deliver(_record(1), bench.record(2)) == []
    assert bench.server.mailed == [address(2)]


def test_a_record_with_an_address_alone_is_mailed(bench: Bench) -> None:
    image = {"phone": {"S": "010-0000-0001"}, "email": {"S": "hana@example.com"}}
    assert bench.deliver(_record(1, Keys={"phone": image["phone"]}, NewImage=image)) == []
    assert bench.server.mailed == ["hana@example.com"]


@pytest.mark.parametrize("email", [None, "", "  "])
def test_without_an_address_nothing_is_mailed_and_nothing_comes_again(
    bench: Bench, email: str | None
) -> None:
    assert bench.deliver(bench.record(1, email=email, delivery="no_address")) == []
    bench.check_in(2, email=email)
    assert bench.deliver(_record(2, StreamViewType="KEYS_ONLY")) == []
    assert bench.server.tried == []
    assert bench.standing(2) == ["no_address", "no_address"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"delivery": "sent"},
        {"delivery": "failed"},
        {"delivery": "no_address", "email": None},
        {"delivery": None, "email": None},
    ],
)
def test_what_its_own_image_says_is_not_owed_is_not_even_asked_for(
    bench: Bench, attributes: dict[str, str | None]
) -> None:
    bench.deliveries.failing["claim"] = 1
    assert bench.deliver(bench.record(1, **attributes)) == []
    assert bench.connections[0].asked == []


def test_an_owed_delivery_whose_record_has_no_keys_is_the_sweeps(bench: Bench) -> None:
    record = bench.record(1)
    record["dynamodb"]["Keys"] = None
    assert bench.deliver(record) == []
    assert bench.server.tried == []
    assert bench.sweep() == {"sent": 1}


def test_one_odd_record_never_costs_the_others(any_bench: Bench) -> None:
    odd: list[object] = [None, "INSERT", {"eventName": "INSERT", "dynamodb": []}]
    odd += [_record(8, Keys=None, NewImage={"email": "p8@example.com"})]
    odd += [_record(9, NewImage={"email": {"S": ["p9@example.com"]}, "name": {"NULL": True}})]
    batch = [*odd, any_bench.record(1), *odd, any_bench.record(2), *odd]
    assert any_bench.deliver(*batch) == []
    assert sorted(any_bench.server.mailed) == [address(1), address(2)]


def test_a_batch_without_work_makes_no_connection(bench: Bench) -> None:
    modified = bench.record(1) | {"eventName": "MODIFY"}
    assert bench.deliver(modified) == []
    assert bench.deliver() == []
    assert bench.connections[0].asked == []


# What comes again


def test_only_what_may_still_get_through_comes_again(any_bench: Bench) -> None:
    batch = any_bench.records(5)
    any_bench.answer(3, POSTPONED)
    assert any_bench.deliver(*batch) == ["300"]
    assert any_bench.standing(5) == ["sent", "sent", "due", "sent", "sent"]


def test_what_comes_again_is_named_in_the_records_order(any_bench: Bench) -> None:
    numbers = [5, 2, 4, 1, 3]
    batch = [any_bench.record(number) for number in numbers]
    for number in (1, 2, 4):
        any_bench.answer(number, POSTPONED)
    assert any_bench.deliver(*batch) == ["200", "400", "100"]


def test_a_mail_whose_reply_was_lost_does_not_come_again_by_the_stream(bench: Bench) -> None:
    batch = bench.records(3)
    bench.answer(2, UNCLEAR)
    assert bench.deliver(*batch) == []
    assert bench.standing(3) == ["sent", "unclear", "sent"]
    assert bench.due_in(2) == LEASE.total_seconds()


def test_what_another_is_at_work_on_does_not_come_again(bench: Bench) -> None:
    records = bench.records(2)
    inner: list[list[str]] = []

    def overtake(_: str) -> None:
        bench.server.on_send = lambda _: None
        other = Connections([FakeConnection(bench.server)], pause=bench.pauses.append)
        postroom = Postroom(
            bench.courier,
            other,
            bench.deliveries,
            metrics=NO_METRICS,
            now=lambda: NOW,
            longest=LONGEST,
        )
        answer = postroom.deliver({"Records": records}, bench.time_left)
        inner.append([each["itemIdentifier"] for each in answer["batchItemFailures"]])

    bench.server.on_send = overtake
    assert bench.deliver(*records) == []
    assert inner == [[]]
    assert sorted(bench.server.mailed) == [address(1), address(2)]


def test_in_a_batch_that_comes_again_nobody_is_mailed_twice(any_bench: Bench) -> None:
    batch = any_bench.records(5)
    any_bench.answer(3, POSTPONED, POSTPONED)
    assert any_bench.deliver(*batch) == ["300"]
    assert any_bench.deliver(*batch) == ["300"]
    assert any_bench.deliver(*batch) == []
    assert any_bench.deliver(*batch) == []
    assert sorted(any_bench.server.mailed) == [address(number) for number in range(1, 6)]


def test_an_address_that_is_refused_again_and_again_does_not_hold_up_those_behind_it(
    bench: Bench,
) -> None:
    batch = bench.records(2)
    bench.answer(1, *[POSTPONED] * 5)
    assert [bench.deliver(*batch) for _ in range(5)] == [["100"]] * 4 + [[]]
    assert bench.standing(2) == ["due", "sent"]


def test_a_check_in_that_is_twice_in_a_batch_is_mailed_once(any_bench: Bench) -> None:
    record = any_bench.record(1)
    assert any_bench.deliver(record, record) == []
    assert any_bench.server.mailed == [address(1)]


def test_a_refused_recipient_is_recorded_and_left_behind(bench: Bench) -> None:
    batch = bench.records(3)
    bench.answer(2, REJECTED)
    assert bench.deliver(*batch) == []
    assert bench.standing(3) == ["sent", "failed", "sent"]
    assert bench.deliver(*batch) == []
    assert bench.server.tried == [address(number) for number in (1, 2, 3)]


def test_an_address_that_is_none_is_recorded_and_left_behind(bench: Bench) -> None:
    assert bench.deliver(bench.record(1, email="hana at example"), bench.record(2)) == []
    assert bench.standing(2) == ["failed", "sent"]


def test_a_check_in_that_cannot_be_claimed_comes_again_alone(any_bench: Bench) -> None:
    batch = any_bench.records(3)
    any_bench.deliveries.unclaimable = [keys(2)]
    assert any_bench.deliver(*batch) == ["200"]
    assert any_bench.standing(3) == ["sent", "due", "sent"]


def test_where_the_event_cannot_be_read_its_check_ins_come_again(bench: Bench) -> None:
    batch = bench.records(3)
    bench.events_away = 2
    assert bench.deliver(*batch) == ["100", "200"]
    assert bench.standing(3) == ["due", "due", "sent"]


@pytest.mark.parametrize("error", [None, REJECTED, UNCLEAR])
def test_what_may_be_out_is_not_handed_back_where_it_cannot_be_recorded(
    bench: Bench, error: Exception | None
) -> None:
    batch = bench.records(2)
    bench.answer(1, *[error] if error else [])
    bench.deliveries.failing["settle"] = 1 if error else 6
    assert bench.deliver(*batch) == []
    assert bench.server.tried == [address(1), address(2)]
    assert bench.standing(2) == ["sending", "sent"]


def test_an_item_without_a_sequence_number_hands_back_its_whole_batch(bench: Bench) -> None:
    record = bench.record(1)
    del record["dynamodb"]["SequenceNumber"]
    bench.answer(1, POSTPONED)
    assert bench.deliver(record) == [""]


def test_of_a_record_without_an_item_two_copies_go_out_while_its_batch_comes_again(
    bench: Bench,
) -> None:
    lone = _record(7, NewImage={"email": {"S": address(7)}})
    batch = [bench.record(1), lone]
    bench.answer(1, *[POSTPONED] * 3)
    bench.answer(7, UNCLEAR)
    assert [bench.deliver(*batch) for _ in range(4)] == [
        ["100", "700"],
        ["100"],
        ["100"],
        [],
    ]
    assert bench.server.tried.count(address(7)) == 2


def test_when_a_batch_is_through_its_records_are_forgotten(bench: Bench) -> None:
    lone = _record(7, NewImage={"email": {"S": address(7)}})
    assert bench.deliver(lone) == []
    assert bench.deliver(lone) == []
    assert bench.server.mailed == [address(7)] * 2


# Faults of our own


@pytest.mark.parametrize("error", [HALTED, THROTTLED])
def test_a_fault_of_our_own_stops_the_batch_and_marks_nobody(
    bench: Bench, error: Exception
) -> None:
    batch = bench.records(5)
    bench.answer(3, error)
    assert bench.deliver(*batch) == ["300", "400", "500"]
    assert bench.server.tried == [address(number) for number in (1, 2, 3)]
    assert bench.standing(5) == ["sent", "sent", "due", "due", "due"]
    assert [bench.copies(number) for number in (3, 4, 5)] == [0, 0, 0]
    assert bench.deliver(*batch) == []
    assert sorted(bench.server.mailed) == [address(number) for number in range(1, 6)]


def test_a_fault_of_our_own_stops_all_workers(any_bench: Bench) -> None:
    batch = any_bench.records(12)
    for number in range(1, 13):
        any_bench.answer(number, HALTED)
    again = any_bench.deliver(*batch)
    assert again == [f"{number}00" for number in range(1, 13)]
    assert len(any_bench.server.tried) <= len(any_bench.connections)
    assert any_bench.standing(12) == ["due"] * 12


def test_after_a_stop_only_new_items_are_handed_back(bench: Bench) -> None:
    bench.answer(1, HALTED)
    modified = bench.record(2) | {"eventName": "MODIFY"}
    assert bench.deliver(bench.record(1), modified, None, bench.record(3)) == ["100", "300"]


def test_without_a_connection_nothing_is_claimed(any_bench: Bench) -> None:
    batch = any_bench.records(5)
    any_bench.connections[-1].on_ready = refuse(HALTED)
    assert any_bench.deliver(*batch) == ["100", "200", "300", "400", "500"]
    assert any_bench.standing(5) == ["due"] * 5
    assert [any_bench.said(number, "attempts") for number in range(1, 6)] == [None] * 5


def test_after_a_wish_for_a_pause_the_next_batch_waits_longer_each_time(bench: Bench) -> None:
    record = bench.record(1)
    bench.answer(1, *[THROTTLED] * 3)
    for _ in range(3):
        assert bench.deliver(record) == ["100"]
    assert bench.pauses == [0.5, 1.0]
    assert bench.deliver(record) == []
    assert bench.pauses == [0.5, 1.0, 2.0]


def test_a_mail_that_went_out_makes_the_next_pause_short_again(bench: Bench) -> None:
    record = bench.record(1)
    bench.answer(1, THROTTLED, THROTTLED)
    bench.deliver(record)
    bench.deliver(record)
    bench.deliver(record)
    bench.pass_time(minutes=1)
    record = bench.record(2)
    bench.answer(2, THROTTLED)
    bench.deliver(record)
    bench.deliver(record)
    assert bench.pauses == [0.5, 1.0, 0.5]


def test_a_connection_that_is_refused_for_now_asks_for_a_pause_too(bench: Bench) -> None:
    record = bench.record(1)
    bench.connections[0].on_ready = refuse(Throttled("no connection: 421"))
    assert bench.deliver(record) == ["100"]
    bench.connections[0].on_ready = lambda: None
    assert bench.deliver(record) == []
    assert bench.pauses == [0.5]


def test_no_other_fault_makes_the_next_batch_wait(bench: Bench) -> None:
    record = bench.record(1)
    bench.answer(1, HALTED)
    bench.deliver(record)
    assert bench.deliver(record) == []
    assert bench.pauses == []


def test_a_pause_that_leaves_no_time_hands_everything_back(bench: Bench) -> None:
    record = bench.record(1)
    bench.time_left = Countdown(10)
    bench.answer(1, *[THROTTLED] * 5)
    for _ in range(5):
        bench.deliver(record)
    assert bench.pauses == [0.5, 1, 2, 4]
    assert bench.deliver(record) == ["100"]
    assert len(bench.server.tried) == 5
    assert bench.pauses == [0.5, 1, 2, 4]


# Several workers


class Crowd:
    """Counts how many mails are on their way at once. With a `size`, each waits for so many."""

    def __init__(self, server_size: int | None = None) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(server_size, timeout=10) if server_size else None

    def join(self, _: str) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self._together:
            self._together.wait()
        with self._lock:
            self._now -= 1


@pytest.mark.parametrize("connections", [1, 2, 4])
def test_as_many_mails_as_there_are_connections_go_out_at_once_and_never_more(
    connections: int,
) -> None:
    bench = Bench(connections)
    crowd = Crowd(connections)
    bench.server.on_send = crowd.join
    assert bench.deliver(*bench.records(3 * connections)) == []
    assert crowd.most == connections
    assert len(bench.server.mailed) == 3 * connections


def test_a_sweep_has_as_many_workers(bench: Bench) -> None:
    bench = Bench(4)
    crowd = Crowd(4)
    bench.server.on_send = crowd.join
    bench.records(8)
    assert bench.sweep() == {"sent": 8}
    assert crowd.most == 4


def test_a_small_batch_takes_no_more_connections_than_it_has_records() -> None:
    bench = Bench(4)
    crowd = Crowd(2)
    bench.server.on_send = crowd.join
    assert bench.deliver(*bench.records(2)) == []
    assert [bool(connection.asked) for connection in bench.connections].count(True) == 2


def test_a_single_record_keeps_to_the_connection_that_is_there() -> None:
    bench = Bench(4)
    for number in (1, 2, 3):
        assert bench.deliver(bench.record(number)) == []
    assert [len(connection.allowed) for connection in bench.connections] == [0, 0, 0, 3]


def test_the_first_connects_alone_so_that_a_wrong_password_is_tried_once() -> None:
    bench = Bench(4)
    asked: list[int] = []
    for place, connection in enumerate(bench.connections):
        connection.on_ready = partial(_note_and_refuse, asked, place)
    assert len(bench.deliver(*bench.records(8))) == 8
    assert asked == [3]


def _note_and_refuse(asked: list[int], place: int) -> None:
    asked.append(place)
    raise HALTED


def test_while_the_first_connects_no_other_does_and_nothing_is_claimed() -> None:
    bench = Bench(4)
    seen: list[tuple[int, list[str | None]]] = []
    batch = bench.records(8)

    def look() -> None:
        if not seen:
            seen.append((threading.active_count(), bench.standing(8)))

    bench.connections[-1].on_ready = look
    before = threading.active_count()
    assert bench.deliver(*batch) == []
    assert seen == [(before, ["due"] * 8)]


def test_where_the_server_takes_no_further_connection_the_first_does_all_the_work() -> None:
    bench = Bench(4)
    nearly_done = threading.Event()

    def refuse_slowly() -> None:
        assert nearly_done.wait(10)
        raise Throttled("no connection: 421")

    for connection in bench.connections[:-1]:
        connection.on_ready = refuse_slowly
    batch = bench.records(8)
    bench.server.on_send = lambda _: nearly_done.set() if len(bench.server.tried) >= 5 else None
    assert bench.deliver(*batch) == []
    assert len(bench.connections[-1].allowed) == 8
    assert bench.deliver(bench.record(9)) == []
    assert bench.pauses == []


def test_where_the_server_takes_no_further_connection_no_more_is_claimed_than_it_can_send() -> None:
    bench = Bench(4)
    all_refused = threading.Barrier(4, timeout=10)
    under_way: list[int] = []

    def refuse_one() -> None:
        all_refused.wait()
        raise Halted("no connection: 421")

    def send(recipient: str) -> None:
        if recipient == address(1):
            all_refused.wait()
        under_way.append(bench.standing(12).count("sending"))

    for connection in bench.connections[:-1]:
        connection.on_ready = refuse_one
    bench.server.on_send = send
    assert bench.deliver(*bench.records(12)) == []
    assert under_way == [1] * 12


def test_for_each_further_connection_two_more_mails_are_begun() -> None:
    bench = Bench(3)
    together = threading.Barrier(5, timeout=10)
    bench.on_write = lambda: together.wait() if len(bench.written) <= 5 else None
    assert bench.deliver(*bench.records(8)) == []


def test_the_fault_that_came_first_is_told_but_for_a_pause_that_the_server_asks_for() -> None:
    work = Round([], Countdown(60), LONGEST)
    for error, told in [
        (HALTED, HALTED),
        (Halted("no connection is free"), HALTED),
        (THROTTLED, THROTTLED),
        (HALTED, THROTTLED),
    ]:
        work.stop(error)
        assert repr(work.stopped) == repr(told)


def test_what_stops_a_round_is_kept_without_its_traceback() -> None:
    work = Round([], Countdown(60), LONGEST)
    with pytest.raises(Halted) as raised:
        refuse(Halted("login or quota refused: 535"))()
    assert raised.value.__traceback__ is not None
    work.stop(raised.value)
    assert work.stopped is not None
    assert work.stopped.__traceback__ is None


def test_no_thread_outlives_its_batch() -> None:
    bench = Bench(4)
    before = threading.active_count()
    bench.deliver(*bench.records(8))
    assert threading.active_count() == before


def test_what_is_on_its_way_when_the_batch_stops_is_recorded() -> None:
    bench = Bench(2)
    both = threading.Barrier(2, timeout=10)

    def send(recipient: str) -> None:
        if recipient in (address(1), address(2)):
            both.wait()

    bench.server.on_send = send
    batch = bench.records(4)
    bench.answer(1, HALTED)
    again = bench.deliver(*batch)
    assert "100" in again
    assert "200" not in again
    assert bench.delivery(2) == "sent"


# The time that is left


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(900, 40), (84, 40), (60, 28), (8, 3), (4, 1.5), (2, 0.75), (1, 0.75)],
)
def test_an_attempt_may_take_half_of_the_time_at_most_and_leaves_some_for_its_record(
    bench: Bench, left: float, seconds: float
) -> None:
    bench.time_left = Countdown(left)
    assert bench.deliver(bench.record(1)) == []
    assert bench.connections[0].allowed == [seconds]


def test_a_connection_may_take_half_of_what_is_left(bench: Bench) -> None:
    bench.deliver(bench.record(1))
    assert bench.connections[0].asked[0] == 30


def test_nothing_is_begun_for_which_there_is_no_time(any_bench: Bench) -> None:
    any_bench.time_left = Countdown(0.9)
    assert any_bench.deliver(*any_bench.records(2)) == ["100", "200"]
    assert [each for connection in any_bench.connections for each in connection.asked] == []
    assert any_bench.standing(2) == ["due", "due"]


def test_what_there_was_no_time_for_comes_again(bench: Bench) -> None:
    batch = bench.records(5)
    bench.server.on_send = lambda _: bench.time_left.spend(20)
    assert bench.deliver(*batch) == ["300", "400", "500"]
    assert bench.standing(5) == ["sent", "sent", "due", "due", "due"]
    assert [bench.said(number, "attempts") for number in (3, 4, 5)] == [None] * 3


def test_after_a_slow_connect_nothing_is_claimed_without_the_time_for_it(bench: Bench) -> None:
    bench.connections[0].on_ready = lambda: bench.time_left.spend(40)
    assert bench.deliver(bench.record(1)) == ["100"]
    assert bench.server.tried == []
    assert bench.said(1, "attempts") is None


# The sweep


def test_a_sweep_mails_what_is_owed_the_longest_due_first(bench: Bench) -> None:
    for number in (3, 1, 2):
        bench.check_in(number)
        bench.pass_time(seconds=1)
    assert bench.sweep() == {"sent": 3}
    assert bench.server.mailed == [address(3), address(1), address(2)]
    assert bench.sweep() == {}


def test_a_sweep_counts_how_many_came_to_which_end(any_bench: Bench) -> None:
    any_bench.records(5)
    any_bench.answer(2, REJECTED)
    any_bench.answer(3, UNCLEAR)
    any_bench.answer(4, POSTPONED)
    any_bench.check_in(6, email=None)
    any_bench.check_in(7, delivery="sent")
    assert any_bench.sweep() == {"sent": 2, "failed": 1, "unclear": 1, "again": 1, "no_address": 1}


def test_a_sweep_leaves_what_is_not_due_yet(bench: Bench) -> None:
    bench.records(2)
    bench.answer(1, UNCLEAR)
    assert bench.sweep() == {"unclear": 1, "sent": 1}
    assert bench.sweep() == {}
    bench.pass_time(seconds=LEASE.total_seconds())
    assert bench.sweep() == {"sent": 1}
    assert bench.copies(1) == 2


def test_a_sweep_passes_over_what_another_has_taken_meanwhile(bench: Bench) -> None:
    bench.records(2)
    bench.server.on_send = lambda _: bench.change(2, delivery="sent")
    assert bench.sweep() == {"sent": 1, "passed over": 1}


def test_a_sweep_leaves_to_a_person_what_has_no_copies_left() -> None:
    bench = Bench(most_copies=1)
    bench.check_in(1)
    bench.deliveries.failing["settle"] = 6
    assert bench.sweep() == {"sent": 1}
    bench.pass_time(seconds=LEASE.total_seconds())
    assert bench.sweep() == {"unclear": 1}
    bench.pass_time(days=1)
    assert bench.sweep() == {}
    assert bench.server.mailed == [address(1)]


def test_for_one_mail_one_connection_is_made() -> None:
    bench = Bench(connections=4)
    bench.check_in(1)
    assert bench.sweep() == {"sent": 1}
    assert [connection.asked == [] for connection in bench.connections].count(False) == 1


def test_a_sweep_goes_on_after_the_pause_that_the_server_asks_for(bench: Bench) -> None:
    for number in range(1, 6):
        bench.check_in(number)
        bench.pass_time(seconds=1)
    bench.answer(2, THROTTLED)
    bench.answer(4, THROTTLED)
    assert bench.sweep() == {"sent": 3, "again": 2}
    assert bench.standing(5) == ["sent", "due", "sent", "due", "sent"]
    assert bench.pauses == [0.5, 0.5]


def test_a_batch_without_work_waits_for_nobody(bench: Bench) -> None:
    bench.answer(1, THROTTLED)
    bench.deliver(bench.record(1))
    modified = bench.record(2) | {"eventName": "MODIFY"}
    assert bench.deliver(modified) == []
    assert bench.pauses == []


def test_a_sweep_without_work_makes_no_connection_and_no_noise(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "rollcall")
    assert bench.sweep() == {}
    assert bench.connections[0].asked == []
    assert caplog.text == ""


def test_where_storage_goes_away_a_sweep_has_mailed_what_it_found(
    any_bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    any_bench.records(4)
    any_bench.deliveries.failing["owed"] = 3  # the third key is not found any more
    assert any_bench.sweep() == {"sent": 2}
    assert "stopped: " in caplog.text
    any_bench.deliveries.failing["owed"] = 0
    assert any_bench.sweep() == {"sent": 2}


def test_one_that_cannot_be_claimed_does_not_stop_a_sweep(bench: Bench) -> None:
    bench.records(3)
    bench.deliveries.unclaimable = [keys(1)]
    assert bench.sweep() == {"again": 1, "sent": 2}


def test_a_sweep_ends_when_its_time_is_over(bench: Bench) -> None:
    bench.records(5)
    bench.server.on_send = lambda _: bench.time_left.spend(20)
    assert bench.sweep() == {"sent": 2}
    assert bench.standing(5) == ["sent", "sent", "due", "due", "due"]


def test_a_fault_of_our_own_stops_a_sweep_and_marks_nobody(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.records(4)
    bench.answer(2, HALTED)
    assert bench.sweep() == {"sent": 1, "again": 1}
    assert bench.standing(4) == ["sent", "due", "due", "due"]
    assert f"stopped: {HALTED}" in caplog.text


def test_a_sweep_waits_for_the_pause_that_a_batch_was_asked_for(bench: Bench) -> None:
    bench.answer(1, THROTTLED)
    bench.deliver(bench.record(1))
    assert bench.sweep() == {"sent": 1}
    assert bench.pauses == [0.5]


# The metrics


def test_a_batch_is_measured_by_what_became_of_its_mails(bench: Bench) -> None:
    batch = bench.records(6)
    bench.check_in(7, email=None)
    bench.answer(2, REJECTED)
    bench.answer(3, UNCLEAR)
    bench.answer(4, POSTPONED)
    bench.pass_time(seconds=3)
    bench.deliver(*batch, _record(7), batch[0])
    assert bench.measured() == {
        "MailsSent": 3,
        "MailsFailed": 1,
        "MailsUnclear": 1,
        "MailsHandedBack": 1,
        "SecondsToMail": [3.0] * 3,
    }


def test_what_only_the_sweep_tries_again_is_put_off(bench: Bench) -> None:
    bench.answer(1, *[POSTPONED] * 5)
    record = bench.record(1)
    for _ in range(4):
        assert bench.deliver(record) == ["100"]
    bench.lines.clear()
    assert bench.deliver(record) == []
    assert bench.measured() == {"MailsPutOff": 1}


def test_a_batch_without_work_is_not_measured(bench: Bench) -> None:
    bench.deliver()
    bench.deliver(bench.record(1) | {"eventName": "MODIFY"})
    assert bench.lines == []


def test_a_sweep_puts_off_what_has_to_come_again(bench: Bench) -> None:
    bench.records(2)
    bench.answer(1, POSTPONED)
    bench.sweep()
    measured = bench.measured()
    assert (measured["MailsSent"], measured["MailsPutOff"]) == (1, 1)
    assert "MailsHandedBack" not in measured


def test_the_time_to_the_mail_is_from_the_check_in_to_the_servers_word(bench: Bench) -> None:
    bench.check_in(1)
    bench.pass_time(seconds=40)
    bench.server.on_send = lambda _: bench.pass_time(seconds=2.5)
    bench.sweep()
    assert bench.measured()["SecondsToMail"] == 42.5


def test_a_check_in_of_the_future_is_mailed_in_no_time(bench: Bench) -> None:
    record = bench.record(1)
    bench.pass_time(hours=-1)
    bench.deliver(record)
    assert bench.measured()["SecondsToMail"] == 0


@pytest.mark.parametrize("checked_at", [None, {"S": "2026-02-11T19:00:00"}, {"S": "today"}])
def test_where_nobody_knows_when_the_check_in_was_no_time_is_measured(
    bench: Bench, checked_at: dict[str, str] | None
) -> None:
    image = {"email": {"S": address(1)}} | ({"checked_at": checked_at} if checked_at else {})
    bench.deliver(_record(1, NewImage=image))
    assert bench.measured() == {"MailsSent": 1}


def test_where_nothing_is_owed_a_sweep_says_so(bench: Bench) -> None:
    bench.sweep()
    assert bench.measured() == {"Owed": 0, "OldestOwedSeconds": 0}


def test_a_sweep_measures_what_is_owed_as_it_began(any_bench: Bench) -> None:
    for number in range(1, 6):
        any_bench.check_in(number)
        any_bench.pass_time(minutes=1)
    assert any_bench.sweep() == {"sent": 5}
    measured = any_bench.measured()
    assert (measured["Owed"], measured["OldestOwedSeconds"]) == (5, 300)
    any_bench.sweep()
    assert any_bench.measured() == {"Owed": 0, "OldestOwedSeconds": 0}


def test_what_is_put_off_or_under_way_is_owed_too(bench: Bench) -> None:
    bench.check_in(1)
    bench.answer(1, UNCLEAR)
    bench.sweep()
    bench.measured()
    bench.pass_time(seconds=30)
    bench.check_in(2)
    bench.answer(2, HALTED)
    bench.sweep()
    measured = bench.measured()
    assert (measured["Owed"], measured["OldestOwedSeconds"]) == (2, 30)


@pytest.mark.parametrize("left", [20, 900])
def test_a_sweep_that_stops_early_counts_those_it_did_not_try(bench: Bench, left: float) -> None:
    bench.time_left = Countdown(left)
    bench.records(5)
    bench.pass_time(minutes=20)
    bench.answer(1, HALTED)
    assert bench.sweep() == {"again": 1}
    assert bench.measured() == {"MailsPutOff": 1, "Owed": 5, "OldestOwedSeconds": 1200}


def test_without_a_connection_a_sweep_counts_all_that_is_owed(any_bench: Bench) -> None:
    any_bench.records(5)
    any_bench.connections[-1].on_ready = refuse(HALTED)
    any_bench.pass_time(minutes=16)
    assert any_bench.sweep() == {}
    assert any_bench.measured() == {"Owed": 5, "OldestOwedSeconds": 960}


def test_a_sweep_whose_time_is_over_counts_no_further(bench: Bench) -> None:
    bench.records(5)
    bench.server.on_send = lambda _: bench.time_left.spend(53)
    assert bench.sweep() == {"sent": 1}
    assert bench.measured() == {
        "MailsSent": 1,
        "SecondsToMail": 0,
        "Owed": 1,
        "OldestOwedSeconds": 0,
    }


def test_where_storage_goes_away_a_sweep_counts_what_it_found(
    any_bench: Bench,
) -> None:
    any_bench.records(4)
    any_bench.pass_time(seconds=5)
    any_bench.deliveries.failing["owed"] = 3
    assert any_bench.sweep() == {"sent": 2}
    measured = any_bench.measured()
    assert (measured["Owed"], measured["OldestOwedSeconds"]) == (2, 5)


def test_where_storage_goes_away_while_the_rest_is_counted_a_sweep_says_so(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.records(4)
    bench.deliveries.failing["owed"] = 3
    bench.connections[0].on_ready = refuse(HALTED)
    bench.sweep()
    assert bench.measured()["Owed"] == 2
    assert "not all that is owed was counted: ReadTimeoutError" in caplog.text


def test_where_storage_is_away_a_sweep_does_not_say_that_nothing_is_owed(bench: Bench) -> None:
    bench.records(2)
    bench.deliveries.failing["owed"] = 1
    assert bench.sweep() == {}
    assert bench.measured() == {}


def test_of_a_large_sweep_every_time_is_measured(bench: Bench) -> None:
    bench.time_left = Countdown(900)
    for number in range(250):
        bench.check_in(number)
    assert bench.sweep() == {"sent": 250}
    lines = [json.loads(line) for line in bench.lines]
    assert [len(line["SecondsToMail"]) for line in lines] == [100, 100, 50]
    assert [line.get("Owed") for line in lines] == [250, None, None]
    assert [line.get("MailsSent") for line in lines] == [250, None, None]


# Nothing personal in the log


@pytest.mark.parametrize(
    "error",
    [None, HALTED, THROTTLED, REJECTED, POSTPONED, UNCLEAR],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("storage", ["well", "claim", "settle", "no event", "no item"])
@pytest.mark.parametrize("swept", [False, True])
def test_the_log_names_records_and_codes_and_nobody(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
    storage: str,
    swept: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    record = bench.record(1, name="김하나", phone="010-0000-0001")
    bench.answer(1, *[error] if error else [])
    if storage in ("claim", "settle"):
        bench.deliveries.failing[storage] = 6
    elif storage == "no event":
        bench.events_away = 1
    elif storage == "no item":
        bench.deliveries.delete(keys(1))
    if swept:
        bench.sweep()
    else:
        assert bench.deliver(record) in ([], ["100"])
    for personal in ("@", "김하나", "0000", "attendee-1"):
        assert personal not in caplog.text
    if swept:
        assert "record 100" not in caplog.text
    elif storage != "no item":
        went_well = error is None and storage == "well"
        named = "record 100" in caplog.text or "stopped: " in caplog.text
        assert named == (not went_well)


def test_an_address_that_is_none_is_not_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.deliver(bench.record(1, email="hana at example"))
    assert "record 100: failed, not an address" in caplog.text
    assert "hana" not in caplog.text


def test_each_batch_and_each_sweep_leaves_a_line_of_counts(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    batch = bench.records(3)
    bench.answer(1, POSTPONED)
    bench.answer(2, REJECTED)
    bench.deliver(*batch)
    assert "batch: 1 failed, 1 sent, 1 handed back" in caplog.text
    bench.sweep()
    assert "sweep: 1 sent" in caplog.text
    assert "check-in check-in-1" not in caplog.text
    caplog.clear()
    bench.deliver()
    assert caplog.text == ""


def test_a_sweep_names_a_check_in_by_its_number(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.check_in(1)
    bench.answer(1, REJECTED)
    bench.sweep()
    assert f"check-in check-in-1: failed, {REJECTED}" in caplog.text


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


class FakeEvents:
    def __init__(self, event: Event) -> None:
        self._event = event

    def get(self, event_code: str) -> Event | None:
        return self._event if event_code == self._event.event_code else None


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
    stored=st.booleans(),
    refused=st.booleans(),
)
def test_no_image_stops_the_batch(
    event: Event, image: dict[str, Any], mailable: bool, stored: bool, refused: bool
) -> None:
    if mailable:
        image = image | {"email": {"S": "hana@example.com"}}
    bench = Bench()
    write = partial(
        compose, sender=Sender("Meetup", "hello@example.com", reply_to=None), default_locale="ko"
    )
    bench.postroom = Postroom(
        Courier(
            Writer(FakeEvents(event), write, lambda: NOW).write,
            bench.deliveries if stored else FakeDeliveries(),
            Policy(lease=LEASE, most_copies=2),
            now=lambda: NOW,
            pause=bench.pauses.append,
        ),
        Connections(bench.connections, pause=bench.pauses.append),
        bench.deliveries,
        metrics=NO_METRICS,
        now=lambda: NOW,
        longest=LONGEST,
    )
    if stored:
        bench.deliveries.put(keys(1), keys(1) | image)
    if refused and mailable:
        bench.server.errors["hana@example.com"] = [POSTPONED]
    batch = [_record(1, NewImage=image), _record(2, NewImage=LAST)]
    again = bench.deliver(*batch)
    assert bench.server.tried[-1] == "last@example.com"
    if mailable:
        assert again == [] or refused
        assert len(bench.server.sent) == (1 if refused else 2)
