"""Batches and sweeps: what comes again, what stops them, their workers, time, metrics and log."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable

import pytest
from mailing import LEASE, Mailing, address, foreign, keys, record

from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Throttled, Unclear

POSTPONED = Postponed("recipient refused for now: 450 4.2.1")
REJECTED = Rejected("recipient refused: 550 5.1.1")
UNCLEAR = Unclear("no reply to the data: TimeoutError")
HALTED = Halted("login or quota refused: 535 5.7.8")
THROTTLED = Throttled("the server asks for a pause: 421 4.3.2")
PATIENCE = 120  # seconds, for threads to meet on a busy machine

Make = Callable[..., Mailing]


def refuse(error: Exception) -> Callable[[], None]:
    def refused() -> None:
        raise error

    return refused


# A batch


def test_each_new_check_in_is_mailed_in_order(mailing: Mailing) -> None:
    assert mailing.deliver(*(mailing.check_in(number) for number in (2, 1, 3))) == []
    assert mailing.server.mailed == [address(2), address(1), address(3)]
    assert mailing.states(3) == ["sent"] * 3


def test_a_record_without_its_image_is_mailed_from_the_table(mailing: Mailing) -> None:
    mailing.check_in(1)
    assert mailing.deliver(record(1, StreamViewType="KEYS_ONLY"), record(2)) == []
    assert mailing.server.mailed == [address(1)]


@pytest.mark.parametrize("settled", ["sent", "failed", "no_address"])
def test_a_check_in_whose_image_is_settled_is_not_even_read(mailing: Mailing, settled: str) -> None:
    mailing.deliveries.failing["claim"] = 1
    assert mailing.deliver(mailing.check_in(1, delivery=settled)) == []
    assert mailing.connections[0].asked == []


def test_a_batch_without_work_makes_no_connection_and_no_noise(
    mailing: Mailing, app_log: pytest.LogCaptureFixture
) -> None:
    assert mailing.deliver(mailing.check_in(1) | {"eventName": "MODIFY"}) == []
    assert mailing.deliver() == []
    assert mailing.connections[0].asked == []
    assert mailing.metrics == []
    assert app_log.text == ""


def test_a_malformed_record_affects_only_itself(any_mailing: Mailing) -> None:
    odd: list[object] = [None, "INSERT", {"eventName": "INSERT", "dynamodb": []}]
    odd += [record(8, Keys=None, NewImage={"email": "p8@example.com"})]
    odd += [record(9, NewImage={"email": {"S": ["p9@example.com"]}, "delivery": {"S": "due"}})]
    odd += [record(9, NewImage={"email": {"NULL": True}, "checked_at": {"N": "nan"}})]
    batch = [*odd, any_mailing.check_in(1), *odd, any_mailing.check_in(2), *odd]
    assert any_mailing.deliver(*batch) == []
    assert sorted(any_mailing.server.mailed) == [address(1), address(2)]


def test_a_check_in_whose_record_has_no_keys_is_left_to_the_sweep(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    del arrival["dynamodb"]["Keys"]
    assert mailing.deliver(arrival) == []
    assert mailing.sweep() == {"sent": 1}


# What comes again


def test_only_records_that_may_still_succeed_are_handed_back(any_mailing: Mailing) -> None:
    batch = any_mailing.check_ins(6)
    any_mailing.answer(2, UNCLEAR)
    any_mailing.answer(3, POSTPONED)
    any_mailing.answer(4, REJECTED)
    any_mailing.answer(5, POSTPONED)
    assert any_mailing.deliver(*batch) == ["300", "500"]
    assert any_mailing.states(6) == ["sent", "unclear", "due", "failed", "due", "sent"]


def test_nobody_is_mailed_twice_when_a_batch_is_repeated(any_mailing: Mailing) -> None:
    batch = any_mailing.check_ins(5)
    any_mailing.answer(3, POSTPONED)
    assert any_mailing.deliver(*batch, batch[0]) == ["300"]
    assert any_mailing.deliver(*batch) == []
    assert sorted(any_mailing.server.mailed) == [address(number) for number in range(1, 6)]


def test_a_record_without_a_sequence_number_hands_back_its_whole_batch(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    del arrival["dynamodb"]["SequenceNumber"]
    mailing.answer(1, POSTPONED)
    assert mailing.deliver(arrival) == [""]


# Faults of our own


@pytest.mark.parametrize("error", [HALTED, THROTTLED])
def test_a_fault_of_our_own_stops_the_batch_and_fails_no_mail(
    mailing: Mailing, error: Exception
) -> None:
    batch = mailing.check_ins(5)
    mailing.answer(3, error)
    assert mailing.deliver(*batch) == ["300", "400", "500"]
    assert mailing.server.tried == [address(number) for number in (1, 2, 3)]
    assert mailing.states(5) == ["sent", "sent", "due", "due", "due"]
    assert mailing.deliver(*batch) == []
    assert sorted(mailing.server.mailed) == [address(number) for number in range(1, 6)]


def test_a_fault_of_our_own_stops_all_workers(make_mailing: Make) -> None:
    mailing = make_mailing(connections=4)
    batch = mailing.check_ins(12)
    for number in range(1, 13):
        mailing.answer(number, HALTED)
    assert mailing.deliver(*batch) == [f"{number}00" for number in range(1, 13)]
    assert len(mailing.server.tried) <= 4
    assert mailing.states(12) == ["due"] * 12


def test_mails_in_progress_when_the_batch_stops_are_recorded(make_mailing: Make) -> None:
    mailing = make_mailing(connections=2)
    both = threading.Barrier(2, timeout=PATIENCE)
    mailing.server.on_send = lambda _: both.wait()
    batch = mailing.check_ins(2)
    mailing.answer(1, HALTED)
    assert mailing.deliver(*batch) == ["100"]
    assert mailing.states(2) == ["due", "sent"]


def test_without_a_connection_nothing_is_claimed_and_one_login_is_tried(
    any_mailing: Mailing,
) -> None:
    batch = any_mailing.check_ins(5)
    for connection in any_mailing.connections:
        connection.on_ready = refuse(HALTED)
    assert any_mailing.deliver(*batch) == ["100", "200", "300", "400", "500"]
    assert [any_mailing.said(number, "attempts") for number in range(1, 6)] == [None] * 5
    assert sum(len(connection.asked) for connection in any_mailing.connections) == 1


def test_a_pause_that_the_server_asks_for_doubles_until_a_mail_goes_out(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, *[THROTTLED] * 3)
    assert [mailing.deliver(arrival) for _ in range(4)] == [["100"]] * 3 + [[]]
    assert mailing.pauses == [0.5, 1.0, 2.0]
    mailing.pass_time(minutes=1)
    arrival = mailing.check_in(2)
    mailing.answer(2, THROTTLED)
    assert [mailing.deliver(arrival) for _ in range(2)] == [["200"], []]
    assert mailing.pauses[3:] == [0.5]


def test_a_pause_that_leaves_no_time_hands_everything_back(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.left = 10
    mailing.connections[0].on_ready = refuse(Throttled("no connection: 421"))
    for _ in range(6):
        assert mailing.deliver(arrival) == ["100"]
    assert mailing.pauses == [0.5, 1, 2, 4]
    assert len(mailing.connections[0].asked) == 5


def test_no_other_fault_makes_the_next_batch_wait(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, HALTED)
    mailing.deliver(arrival)
    assert mailing.deliver(arrival) == []
    assert mailing.pauses == []


# Several workers


@pytest.mark.parametrize("connections", [1, 2, 4])
def test_each_connection_sends_mails_at_the_same_time(make_mailing: Make, connections: int) -> None:
    mailing = make_mailing(connections=connections)
    together = threading.Barrier(connections, timeout=PATIENCE)
    mailing.server.on_send = lambda _: together.wait()
    assert mailing.deliver(*mailing.check_ins(connections)) == []
    for number in range(10, 10 + connections):
        mailing.check_in(number)
    assert mailing.sweep() == {"sent": connections}


def test_single_records_reuse_the_open_connection(make_mailing: Make) -> None:
    mailing = make_mailing(connections=4)
    for number in (1, 2, 3):
        assert mailing.deliver(mailing.check_in(number)) == []
    assert [len(connection.allowed) for connection in mailing.connections] == [0, 0, 0, 3]


def test_if_the_server_accepts_only_one_connection_it_does_all_the_work(
    make_mailing: Make,
) -> None:
    mailing = make_mailing(connections=4)
    for connection in mailing.connections[:-1]:
        connection.on_ready = refuse(Throttled("no connection: 421"))
    before = threading.active_count()
    assert mailing.deliver(*mailing.check_ins(8)) == []
    assert len(mailing.connections[-1].allowed) == 8
    assert mailing.pauses == []
    assert threading.active_count() == before


# The time that is left


def test_nothing_is_begun_without_time_for_it(any_mailing: Mailing) -> None:
    any_mailing.left = 0.9
    assert any_mailing.deliver(*any_mailing.check_ins(2)) == ["100", "200"]
    assert [each for connection in any_mailing.connections for each in connection.asked] == []


def test_records_without_time_for_an_attempt_are_handed_back(mailing: Mailing) -> None:
    batch = mailing.check_ins(5)
    mailing.server.on_send = lambda _: mailing.spend(20)
    assert mailing.deliver(*batch) == ["300", "400", "500"]
    assert [mailing.said(number, "attempts") for number in (3, 4, 5)] == [None] * 3


def test_a_connection_may_take_half_of_what_is_left(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.connections[0].on_ready = lambda: mailing.spend(40)
    assert mailing.deliver(arrival) == ["100"]
    assert mailing.connections[0].asked == [30]
    assert mailing.said(1, "attempts") is None


# The sweep


def test_a_sweep_mails_what_is_owed_the_longest_due_first(mailing: Mailing) -> None:
    for number in (3, 1, 2):
        mailing.check_in(number)
        mailing.pass_time(seconds=1)
    assert mailing.sweep() == {"sent": 3}
    assert mailing.server.mailed == [address(3), address(1), address(2)]


def test_a_sweep_counts_its_outcomes(any_mailing: Mailing) -> None:
    any_mailing.check_ins(5)
    any_mailing.answer(2, REJECTED)
    any_mailing.answer(3, UNCLEAR)
    any_mailing.answer(4, POSTPONED)
    any_mailing.check_in(6, None)
    any_mailing.deliveries.unclaimable = [keys(5)]
    assert any_mailing.sweep() == {
        "sent": 1,
        "failed": 1,
        "unclear": 1,
        "again": 2,
        "no_address": 1,
    }


def test_a_sweep_leaves_mails_that_are_not_due_yet(mailing: Mailing) -> None:
    mailing.check_ins(2)
    mailing.answer(1, UNCLEAR)
    assert mailing.sweep() == {"unclear": 1, "sent": 1}
    assert mailing.sweep() == {}
    mailing.pass_time(seconds=LEASE.total_seconds())
    assert mailing.sweep() == {"sent": 1}


def test_a_sweep_passes_over_mails_that_another_has_settled(mailing: Mailing) -> None:
    mailing.check_ins(2)
    mailing.server.on_send = lambda _: mailing.change(2, delivery="sent")
    assert mailing.sweep() == {"sent": 1, "passed over": 1}


def test_a_sweep_goes_on_after_the_pause_that_the_server_asks_for(mailing: Mailing) -> None:
    for number in range(1, 6):
        mailing.check_in(number)
        mailing.pass_time(seconds=1)
    mailing.answer(2, THROTTLED)
    mailing.answer(4, THROTTLED)
    assert mailing.sweep() == {"sent": 3, "again": 2}
    assert mailing.states(5) == ["sent", "due", "sent", "due", "sent"]
    assert mailing.pauses == [0.5, 0.5]


def test_any_other_fault_of_our_own_ends_a_sweep(
    mailing: Mailing, app_log: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 5):
        mailing.check_in(number)
        mailing.pass_time(seconds=1)
    mailing.answer(2, HALTED)
    assert mailing.sweep() == {"sent": 1, "again": 1}
    assert mailing.states(4) == ["sent", "due", "due", "due"]
    assert f"stopped: {HALTED}" in app_log.text


def test_a_sweep_ends_when_its_time_is_over(mailing: Mailing) -> None:
    mailing.check_ins(5)
    mailing.server.on_send = lambda _: mailing.spend(20)
    assert mailing.sweep() == {"sent": 2}


@pytest.mark.parametrize("found", [0, 2])
def test_if_storage_fails_a_sweep_mails_and_counts_what_it_found(
    any_mailing: Mailing, app_log: pytest.LogCaptureFixture, found: int
) -> None:
    any_mailing.check_ins(4)
    any_mailing.deliveries.failing["owed"] = found + 1
    assert any_mailing.sweep() == ({"sent": found} if found else {})
    assert "could not read all owed mails: ReadTimeoutError" in app_log.text
    assert any_mailing.measured().get("Owed") == (found or None)
    any_mailing.deliveries.failing.clear()
    assert any_mailing.sweep() == {"sent": 4 - found}


# The metrics


def test_a_batch_reports_metrics_by_outcome(mailing: Mailing) -> None:
    batch = mailing.check_ins(7)
    for _ in range(4):
        mailing.answer(7, POSTPONED)
        mailing.deliver(batch[6])
    mailing.metrics.clear()
    mailing.answer(2, REJECTED)
    mailing.answer(3, UNCLEAR)
    mailing.answer(4, POSTPONED)
    mailing.answer(7, POSTPONED)
    mailing.pass_time(seconds=3)
    mailing.deliver(*batch, batch[0])
    assert mailing.measured() == {
        "MailsSent": 3,
        "MailsFailed": 1,
        "MailsUnclear": 1,
        "MailsHandedBack": 1,
        "MailsPutOff": 1,
        "SecondsToMail": [3.0] * 3,
    }


def test_the_time_to_the_mail_is_from_check_in_to_acceptance(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.pass_time(seconds=40)
    mailing.server.on_send = lambda _: mailing.pass_time(seconds=2.5)
    mailing.deliver(arrival)
    assert mailing.measured()["SecondsToMail"] == 42.5
    arrival = mailing.check_in(2)
    mailing.pass_time(hours=-1)
    mailing.deliver(arrival)
    assert mailing.measured()["SecondsToMail"] == 0
    mailing.deliver(foreign(checked_at="2026-02-11T19:00:00"))  # nobody knows in which zone
    assert mailing.measured() == {"MailsSent": 1}


def test_a_sweep_measures_what_was_owed_as_it_began(any_mailing: Mailing) -> None:
    any_mailing.sweep()
    assert any_mailing.measured() == {"Owed": 0, "OldestOwedSeconds": 0}
    any_mailing.check_in(1)
    any_mailing.answer(1, UNCLEAR)
    any_mailing.sweep()
    any_mailing.measured()
    any_mailing.pass_time(seconds=30)
    any_mailing.check_in(2)
    any_mailing.answer(2, POSTPONED)
    any_mailing.sweep()
    assert any_mailing.measured() == {"MailsPutOff": 1, "Owed": 2, "OldestOwedSeconds": 30}


@pytest.mark.parametrize(("seconds", "counted"), [(30, 5), (53, 1)])
def test_a_sweep_that_stops_early_counts_the_rest_while_there_is_time(
    mailing: Mailing, seconds: float, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.confirmation.confirmations._AT_A_TIME", 1)
    mailing.check_ins(5)
    mailing.pass_time(minutes=20)
    mailing.answer(1, HALTED)
    mailing.server.on_send = lambda _: mailing.spend(seconds)
    assert mailing.sweep() == {"again": 1}
    assert mailing.measured() == {"MailsPutOff": 1, "Owed": counted, "OldestOwedSeconds": 1200}


def test_every_time_of_a_large_sweep_is_measured(
    mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.confirmation.confirmations._AT_A_TIME", 50)
    mailing.check_ins(120)
    mailing.left = 900
    assert mailing.sweep() == {"sent": 120}
    lines = [json.loads(line) for line in mailing.metrics]
    assert [len(line["SecondsToMail"]) for line in lines] == [100, 20]
    assert [line.get("Owed") for line in lines] == [120, None]


# The log


@pytest.mark.parametrize("error", [None, HALTED, REJECTED, POSTPONED, UNCLEAR], ids=repr)
@pytest.mark.parametrize("storage", ["well", "claim", "settle", "no event"])
@pytest.mark.parametrize("swept", [False, True])
def test_the_log_names_records_and_codes_but_no_person(
    mailing: Mailing,
    app_log: pytest.LogCaptureFixture,
    error: Exception | None,
    storage: str,
    swept: bool,
) -> None:
    app_log.set_level(logging.DEBUG, "rollcall")
    arrival = mailing.check_in(1, name="김하나")
    mailing.answer(1, *[error] if error else [])
    mailing.events_away = 1 if storage == "no event" else 0
    mailing.deliveries.failing[storage] = 6
    if swept:
        mailing.sweep()
    else:
        mailing.deliver(arrival)
    for personal in ("@", "김하나", keys(1)["attendee_id"]["S"]):
        assert personal not in app_log.text
    if error or storage != "well":
        name = "check-in " if swept else "record 100"
        assert name in app_log.text


def test_each_batch_and_each_sweep_leaves_a_line_of_counts(
    mailing: Mailing, app_log: pytest.LogCaptureFixture
) -> None:
    app_log.set_level(logging.INFO, "rollcall")
    batch = mailing.check_ins(3)
    mailing.answer(1, POSTPONED, REJECTED)
    mailing.answer(2, REJECTED)
    mailing.deliver(*batch)
    assert "batch: 1 failed, 1 sent, 1 handed back" in app_log.text
    mailing.sweep()
    assert f"check-in check-in-1: failed, {REJECTED}" in app_log.text
    assert "sweep: 1 failed" in app_log.text
