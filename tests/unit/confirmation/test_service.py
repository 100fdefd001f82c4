"""One confirmation: claimed, sent in one attempt, its end recorded; and who may try again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from mailing import LEASE, NOW, Mailing, address, foreign, keys, record

from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Throttled, Unclear

POSTPONED = Postponed("recipient refused for now: 450 4.2.1")
REJECTED = Rejected("recipient refused: 550 5.1.1")
UNCLEAR = Unclear("no reply to the data: TimeoutError")
HALTED = Halted("login or quota refused: 535 5.7.8")
LEASE_SECONDS = LEASE.total_seconds()

Make = Callable[..., Mailing]


def test_a_delivery_is_claimed_before_its_mail_and_recorded_after_it(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.pass_time(seconds=0.9)
    seen: list[Any] = []
    mailing.server.on_send = lambda _: seen.append(mailing.item(1))
    assert mailing.deliver(arrival) == []
    [claimed] = seen
    assert claimed["delivery"] == {"S": "sending"}
    assert claimed["copies"] == {"N": "1"}
    assert claimed["claim"]
    # Rounded up: a lease must not end before its attempt.
    assert claimed["due_at"] == {"N": str(int((NOW + LEASE).timestamp()) + 1)}
    item = mailing.item(1)
    assert item["delivery"] == {"S": "sent"}
    assert item["settled_at"] == {"N": str(int(NOW.timestamp()))}
    assert item["copies"] == {"N": "1"}
    assert not {"claim", "due_shard", "due_at", "delivery_reason"} & set(item)
    assert mailing.server.mailed == [address(1)]


@pytest.mark.parametrize(
    ("error", "status", "due_in", "copies"),
    [
        (POSTPONED, "due", 0, "0"),
        (REJECTED, "failed", None, "0"),
        (UNCLEAR, "unclear", LEASE_SECONDS, "1"),
        (HALTED, "due", 0, "0"),
        (Throttled("the server asks for a pause: 421"), "due", 0, "0"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_determines_the_state_of_the_delivery(
    mailing: Mailing, error: Exception, status: str, due_in: float | None, copies: str
) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, error)
    assert mailing.deliver(arrival) == (["100"] if status == "due" else [])
    assert mailing.said(1, "delivery") == status
    assert mailing.said(1, "delivery_reason") == str(error)
    assert mailing.due_in(1) == due_in
    assert mailing.said(1, "copies") == copies
    assert mailing.said(1, "claim") is None
    assert (mailing.said(1, "settled_at") is None) == (status != "failed")


def test_a_mail_that_is_sent_at_last_has_no_reason(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, POSTPONED)
    assert [mailing.deliver(arrival) for _ in range(2)] == [["100"], []]
    assert mailing.said(1, "delivery_reason") is None


def test_an_unusable_address_fails(mailing: Mailing) -> None:
    assert mailing.deliver(mailing.check_in(1, "hana at example")) == []
    assert mailing.said(1, "delivery") == "failed"
    assert mailing.said(1, "delivery_reason") == "not an address"
    assert mailing.due_in(1) is None
    assert mailing.server.tried == []


def test_a_check_in_whose_address_was_removed_is_no_longer_owed(mailing: Mailing) -> None:
    assert mailing.deliver(mailing.check_in(1, None)) == []
    assert mailing.said(1, "delivery") == "no_address"
    assert mailing.due_in(1) is None


def test_a_corrected_address_is_used(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.change(1, email="corrected@example.com", name="Hana")
    assert mailing.deliver(arrival) == []
    assert mailing.server.mailed == ["corrected@example.com"]
    assert mailing.names == ["Hana"]


def test_a_check_in_that_was_deleted_since_is_not_mailed(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.database.delete_item(TableName="check-ins", Key=keys(1))
    assert mailing.deliver(arrival) == []
    assert mailing.server.tried == []
    assert mailing.item(1) == {}


# Copies


def test_a_lost_reply_causes_one_more_copy_after_the_lease_and_never_a_third(
    mailing: Mailing,
) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, *[UNCLEAR] * 3)
    assert mailing.deliver(arrival) == []
    mailing.pass_time(seconds=LEASE_SECONDS - 1)
    mailing.deliver(arrival)
    assert len(mailing.server.tried) == 1
    mailing.pass_time(seconds=1)
    mailing.deliver(arrival)
    assert len(mailing.server.tried) == 2
    assert (mailing.said(1, "delivery"), mailing.due_in(1)) == ("unclear", None)
    mailing.pass_time(days=1)
    assert mailing.deliver(arrival) == []
    assert mailing.sweep() == {}
    assert len(mailing.server.tried) == 2


def test_where_unclear_mails_are_held_one_copy_goes_out(holding: Mailing) -> None:
    arrival = holding.check_in(1)
    holding.answer(1, UNCLEAR)
    holding.deliver(arrival)
    assert holding.due_in(1) is None
    holding.pass_time(days=1)
    holding.deliver(arrival)
    assert holding.server.tried == [address(1)]


def test_a_refusal_takes_its_own_copy_back_and_no_other(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, POSTPONED, POSTPONED, UNCLEAR, POSTPONED, UNCLEAR)
    copies = []
    for _ in range(5):
        mailing.deliver(arrival)
        mailing.pass_time(minutes=2)
        copies.append(mailing.said(1, "copies"))
    assert copies == ["0", "0", "1", "1", "2"]
    assert mailing.due_in(1) is None


def test_a_dead_workers_mail_is_sent_after_its_lease(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.die_with(1)
    mailing.pass_time(seconds=LEASE_SECONDS - 1)
    assert mailing.deliver(arrival) == []
    assert mailing.server.tried == []
    mailing.pass_time(seconds=1)
    assert mailing.deliver(arrival) == []
    assert (mailing.said(1, "delivery"), mailing.said(1, "copies")) == ("sent", "2")


@pytest.mark.parametrize("most_copies", [1, 2])
def test_dead_workers_mail_without_copies_left_is_left_to_a_person(
    make_mailing: Make, most_copies: int, caplog: pytest.LogCaptureFixture
) -> None:
    mailing = make_mailing(most_copies=most_copies)
    arrival = mailing.check_in(1)
    for _ in range(most_copies):
        mailing.die_with(1)
        mailing.pass_time(seconds=LEASE_SECONDS)
    mailing.deliveries.failing["hold"] = 1
    assert mailing.deliver(arrival) == ["100"]
    assert mailing.deliver(arrival) == []
    assert (mailing.said(1, "delivery"), mailing.due_in(1)) == ("unclear", None)
    assert mailing.said(1, "delivery_reason") == "the outcome of the last attempt is unknown"
    assert mailing.said(1, "claim") is None
    assert "record 100: unclear, and left to a person" in caplog.text
    assert mailing.server.tried == []


# Two workers at one mail


def outlasted(mailing: Mailing, arrival: Any, meanwhile: Any) -> None:
    """Deliver it so slowly that `meanwhile` happens after the lease, before the server answers."""

    def while_it_is_sent(_: str) -> None:
        mailing.server.on_send = lambda _: None
        mailing.pass_time(seconds=LEASE_SECONDS)
        meanwhile()

    mailing.server.on_send = while_it_is_sent
    mailing.deliver(arrival)


def test_a_sent_mail_is_recorded_even_if_the_claim_was_lost(make_mailing: Make) -> None:
    mailing = make_mailing(connections=2)
    arrival = mailing.check_in(1)

    def another() -> None:
        mailing.answer(1, POSTPONED)
        assert mailing.sweep() == {"again": 1}
        mailing.answer(1)

    outlasted(mailing, arrival, another)
    assert (mailing.said(1, "delivery"), mailing.due_in(1)) == ("sent", None)


@pytest.mark.parametrize("late", [POSTPONED, REJECTED, UNCLEAR])
def test_a_worker_that_lost_the_claim_changes_nothing_else(
    make_mailing: Make, late: Exception
) -> None:
    mailing = make_mailing(connections=2)
    arrival = mailing.check_in(1)

    def another() -> None:
        assert mailing.sweep() == {"sent": 1}
        mailing.answer(1, late)

    outlasted(mailing, arrival, another)
    assert mailing.said(1, "delivery") == "sent"
    assert mailing.said(1, "delivery_reason") is None
    assert mailing.said(1, "copies") == "2"


# Refused for now, again and again


@pytest.mark.parametrize(
    ("age", "due_in"),
    [
        (timedelta(minutes=59), 0),
        (timedelta(hours=1), 3600),
        (timedelta(days=3, hours=23), 3600),
        (timedelta(days=4), None),
    ],
)
def test_a_temporary_refusal_is_tried_again_at_once_then_hourly_for_four_days(
    mailing: Mailing, age: timedelta, due_in: float | None
) -> None:
    arrival = mailing.check_in(1)
    mailing.answer(1, HALTED, POSTPONED, POSTPONED)
    mailing.deliver(arrival)
    mailing.pass_time(days=30)  # without a mail server; only the refusals count
    mailing.deliver(arrival)
    mailing.pass_time(seconds=age.total_seconds())
    mailing.deliver(arrival)
    assert mailing.due_in(1) == due_in
    assert mailing.said(1, "delivery") == ("failed" if due_in is None else "due")
    assert mailing.said(1, "delivery_reason") == str(POSTPONED)


def test_after_five_refusals_for_now_only_the_sweep_tries_again(mailing: Mailing) -> None:
    batch = [mailing.check_in(1), mailing.check_in(2)]
    mailing.answer(1, *[POSTPONED] * 5)
    assert [mailing.deliver(*batch) for _ in range(5)] == [["100"]] * 4 + [[]]
    assert mailing.states(2) == ["due", "sent"]
    assert mailing.sweep() == {"sent": 1}


# Time


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(900, 40), (84, 40), (60, 28), (8, 3), (4, 1.5), (2, 0.75), (1, 0.75)],
)
def test_an_attempt_may_take_half_of_the_time_at_most_and_leaves_some_for_its_record(
    mailing: Mailing, left: float, seconds: float
) -> None:
    mailing.left = left
    assert mailing.deliver(mailing.check_in(1)) == []
    assert mailing.connections[0].allowed == [seconds]


def test_an_attempt_ends_before_its_lease(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.left = 900
    mailing.connections[0].on_ready = lambda: mailing.pass_time(seconds=15)  # after the claim, too
    mailing.deliver(arrival)
    assert mailing.connections[0].allowed == [25]


def test_an_attempt_for_which_no_time_is_left_takes_its_claim_back(mailing: Mailing) -> None:
    arrival = mailing.check_in(1)
    mailing.connections[0].on_ready = lambda: mailing.pass_time(seconds=28)
    assert mailing.deliver(arrival) == ["100"]
    assert mailing.server.tried == []
    assert (mailing.said(1, "delivery"), mailing.said(1, "copies")) == ("due", "0")


# Storage away


def test_if_storage_fails_before_the_mail_the_delivery_is_due_as_before(
    mailing: Mailing,
) -> None:
    batch = mailing.check_ins(3)
    mailing.deliveries.unclaimable = [keys(1)]
    mailing.events_away = 1
    assert mailing.deliver(*batch) == ["100", "200"]
    assert mailing.states(3) == ["due", "due", "sent"]
    assert (mailing.due_in(2), mailing.said(2, "copies")) == (0, "0")


@pytest.mark.parametrize("times", [1, 5])
def test_recording_a_sent_mail_is_retried(mailing: Mailing, times: int) -> None:
    arrival = mailing.check_in(1)
    mailing.deliveries.failing["settle"] = times
    assert mailing.deliver(arrival) == []
    assert mailing.said(1, "delivery") == "sent"
    assert mailing.pauses == [0.5, 1.0, 2.0, 4.0, 8.0][:times]


def test_a_sent_mail_that_cannot_be_recorded_counts_as_unclear_after_the_lease(
    mailing: Mailing, caplog: pytest.LogCaptureFixture
) -> None:
    arrival = mailing.check_in(1)
    mailing.left = 12
    mailing.deliveries.failing["settle"] = 6
    assert mailing.deliver(arrival) == []
    assert mailing.pauses == [0.5, 1.0, 2.0, 4.0]  # no time for eight more
    assert mailing.said(1, "delivery") == "sending"
    assert "record 100: sent, not recorded: " in caplog.text
    mailing.deliveries.failing.clear()
    mailing.pass_time(seconds=LEASE_SECONDS)
    assert mailing.sweep() == {"sent": 1}
    assert mailing.said(1, "copies") == "2"


@pytest.mark.parametrize("error", [REJECTED, UNCLEAR])
def test_no_other_outcome_waits_for_storage(mailing: Mailing, error: Exception) -> None:
    batch = mailing.check_ins(2)
    mailing.answer(1, error)
    mailing.deliveries.failing["settle"] = 1
    assert mailing.deliver(*batch) == []
    assert mailing.pauses == []
    assert mailing.states(2) == ["sending", "sent"]


# Records of other tables


def test_a_foreign_record_gets_one_attempt_and_leaves_no_trace(mailing: Mailing) -> None:
    for error in (None, REJECTED, UNCLEAR):
        mailing.answer(9, *[error] if error else [])
        assert mailing.deliver(foreign()) == []
    assert mailing.server.tried == [address(9)] * 3
    assert mailing.database.scan(TableName="check-ins")["Count"] == 0


@pytest.mark.parametrize("error", [POSTPONED, HALTED, None])
def test_a_foreign_record_that_was_not_mailed_is_handed_back(
    mailing: Mailing, error: Exception | None
) -> None:
    mailing.events_away = 0 if error else 1
    mailing.answer(9, *[error] if error else [])
    assert mailing.deliver(foreign()) == ["900"]
    assert mailing.deliver(foreign()) == []
    assert mailing.server.mailed == [address(9)]


@pytest.mark.parametrize("email", [{"S": " "}, {"N": "1"}, "p1@example.com", {"S": ["p1"]}])
def test_a_foreign_record_without_an_address_mails_nothing(mailing: Mailing, email: object) -> None:
    lone = foreign()
    lone["dynamodb"]["NewImage"]["email"] = email
    keys_only = record(9, Keys={"phone": {"S": "010-0000-0001"}})
    assert mailing.deliver(lone, keys_only) == []
    assert mailing.connections[0].asked == []
