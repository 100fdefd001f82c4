"""One confirmation after the other through the courier, with storage and mail server as fakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from delivery_fakes import LEASE, NOW, Desk, FakeConnection, FakeWork, address, keys

from chalicelib.attendance.delivery import Attempt
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.delivery import Outcome
from chalicelib.confirmation.records import Image, NewItem, text
from chalicelib.confirmation.replies import Halted, Postponed, Rejected, Throttled, Unclear

POSTPONED = "recipient refused for now: 450 4.2.1"
REJECTED = "recipient refused: 550 5.1.1"
UNCLEAR = "no reply to the data: TimeoutError"
HALTED = "login or quota refused: 535 5.7.8"
LEASE_SECONDS = LEASE.total_seconds()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def holding() -> Desk:
    """Where a mail whose reply was lost is left to a person."""
    return Desk(most_copies=1)


def deliver(desk: Desk, item: NewItem) -> Outcome:
    return desk.courier.deliver(item, FakeConnection(desk.server), FakeWork())


def answer(desk: Desk, *errors: Exception, number: int = 1) -> None:
    """What the server says to the next mails to that person."""
    desk.server.errors[address(number)] = list(errors)


def die_with(desk: Desk, item: NewItem, token: str) -> None:
    """Claim it as a worker does that is never heard of again."""
    attempt = Attempt(token=token, now=desk.now, until=desk.now + LEASE, most_copies=2)
    assert desk.deliveries.claim(item.keys, attempt).copies


def while_on_its_way(desk: Desk) -> list[Any]:
    """The item as it is while each mail is sent."""
    seen: list[Any] = []
    desk.server.on_send = lambda _: seen.append(dict(desk.deliveries.item(keys(1)) or {}))
    return seen


# Claimed, sent, recorded


def test_a_delivery_is_claimed_before_its_mail_and_recorded_after_it(desk: Desk) -> None:
    item = desk.check_in(1)
    seen = while_on_its_way(desk)
    assert deliver(desk, item) == "sent"
    [claimed] = seen
    assert claimed["delivery"] == {"S": "sending"}
    assert claimed["copies"] == {"N": "1"}
    assert claimed["due_at"] == {"N": str(int((NOW + LEASE).timestamp()))}
    assert claimed["claim"]
    assert desk.delivery(1) == "sent"
    assert desk.said(1, "settled_at") == str(int(NOW.timestamp()))
    assert desk.copies(1) == 1
    for gone in ("claim", "due_shard", "due_at", "delivery_reason"):
        assert desk.said(1, gone) is None
    assert desk.server.sent == [(address(1), b"hello\r\n")]


def test_a_lease_is_never_shorter_than_it_should_be(desk: Desk) -> None:
    item = desk.check_in(1)
    desk.pass_time(seconds=0.9)
    seen = while_on_its_way(desk)
    deliver(desk, item)
    assert seen[0]["due_at"] == {"N": str(int((NOW + LEASE).timestamp()) + 1)}


def test_each_attempt_has_a_token_of_its_own(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Postponed(POSTPONED))
    seen = while_on_its_way(desk)
    deliver(desk, item)
    deliver(desk, item)
    assert seen[0]["claim"] != seen[1]["claim"]


def test_an_attempt_may_take_as_long_as_it_is_given(desk: Desk) -> None:
    connection = FakeConnection(desk.server)
    desk.courier.deliver(desk.check_in(1), connection, FakeWork(7.5))
    assert connection.allowed == [7.5]


@pytest.mark.parametrize(
    ("error", "status", "due_in", "copies"),
    [
        (Postponed(POSTPONED), "due", 0, 0),
        (Rejected(REJECTED), "failed", None, 0),
        (Unclear(UNCLEAR), "unclear", LEASE_SECONDS, 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_says_where_the_delivery_stands(
    desk: Desk, error: Exception, status: str, due_in: float | None, copies: int
) -> None:
    item = desk.check_in(1)
    answer(desk, error)
    assert deliver(desk, item) == ("again" if status == "due" else status)
    assert desk.delivery(1) == status
    assert desk.said(1, "delivery_reason") == str(error)
    assert desk.due_in(1) == due_in
    assert desk.copies(1) == copies
    assert desk.said(1, "claim") is None
    assert (desk.said(1, "due_shard") is None) == (due_in is None)
    assert (desk.said(1, "settled_at") is None) == (status != "failed")


@pytest.mark.parametrize("error", [Halted(HALTED), Throttled("the server asks for a pause: 421")])
def test_a_fault_of_our_own_stops_the_work_and_the_delivery_is_due_as_before(
    desk: Desk, error: Halted
) -> None:
    item = desk.check_in(1)
    answer(desk, error)
    work = FakeWork()
    assert desk.courier.deliver(item, FakeConnection(desk.server), work) == "again"
    assert work.stopped == [error]
    assert desk.delivery(1) == "due"
    assert desk.due_in(1) == 0
    assert desk.copies(1) == 0
    assert desk.said(1, "delivery_reason") == str(error)
    assert deliver(desk, item) == "sent"


def test_an_address_that_is_none_has_failed(desk: Desk) -> None:
    assert deliver(desk, desk.check_in(1, email="hana at example")) == "failed"
    assert desk.delivery(1) == "failed"
    assert desk.said(1, "delivery_reason") == "not an address"
    assert desk.due_in(1) is None
    assert desk.server.tried == []


@pytest.mark.parametrize("email", [None, "", "  "])
def test_an_item_without_an_address_is_owed_no_more(desk: Desk, email: str | None) -> None:
    assert deliver(desk, desk.check_in(1, email=email)) == "no_address"
    assert desk.delivery(1) == "no_address"
    assert desk.due_in(1) is None
    assert desk.copies(1) == 0
    assert desk.server.tried == []


def test_a_mail_that_goes_out_at_last_leaves_no_reason_behind(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Postponed(POSTPONED))
    deliver(desk, item)
    assert desk.said(1, "delivery_reason") == POSTPONED
    assert deliver(desk, item) == "sent"
    assert desk.said(1, "delivery_reason") is None


def test_the_address_that_was_corrected_meanwhile_is_used(desk: Desk) -> None:
    item = desk.check_in(1)
    desk.change(1, email="corrected@example.com", name="Hana")
    assert deliver(desk, item) == "sent"
    assert desk.server.mailed == ["corrected@example.com"]
    assert [text(written.image or {}, "name") for written in desk.written] == ["Hana"]


def test_a_record_without_its_image_is_mailed_from_the_table(desk: Desk) -> None:
    item = desk.check_in(1)
    assert deliver(desk, NewItem(item.sequence_number, item.keys, None)) == "sent"
    assert desk.server.mailed == [address(1)]


def test_an_item_that_says_nothing_of_its_delivery_is_mailed_and_recorded(desk: Desk) -> None:
    assert deliver(desk, desk.check_in(1, delivery=None)) == "sent"
    assert desk.delivery(1) == "sent"


@pytest.mark.parametrize("settled", ["sent", "failed", "no_address", "unclear"])
def test_what_is_settled_is_passed_over_whatever_the_record_says(desk: Desk, settled: str) -> None:
    item = desk.check_in(1)
    desk.check_in(1, delivery=settled)
    assert deliver(desk, item) == "passed over"
    assert desk.server.tried == []
    assert desk.delivery(1) == settled


# The lease, and how many copies may be out


def test_while_one_is_at_work_on_it_another_passes_it_over(desk: Desk) -> None:
    item = desk.check_in(1)
    outcomes: list[Outcome] = []
    desk.server.on_send = lambda _: outcomes.append(deliver(desk, item))
    outcomes.append(deliver(desk, item))
    assert outcomes == ["passed over", "sent"]
    assert desk.server.mailed == [address(1)]


def test_a_mail_whose_reply_was_lost_goes_out_once_more_when_the_lease_is_over(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Unclear(UNCLEAR))
    assert deliver(desk, item) == "unclear"
    desk.pass_time(seconds=LEASE_SECONDS - 1)
    assert deliver(desk, item) == "passed over"
    desk.pass_time(seconds=1)
    assert deliver(desk, item) == "sent"
    assert desk.server.tried == [address(1)] * 2
    assert desk.copies(1) == 2
    assert desk.delivery(1) == "sent"


def test_a_third_copy_never_goes_out(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, *[Unclear(UNCLEAR)] * 3)
    assert deliver(desk, item) == "unclear"
    desk.pass_time(hours=1)
    assert deliver(desk, item) == "unclear"
    assert desk.due_in(1) is None
    assert desk.said(1, "due_shard") is None
    assert desk.said(1, "delivery_reason") == UNCLEAR
    desk.pass_time(days=1)
    assert deliver(desk, item) == "passed over"
    assert desk.server.tried == [address(1)] * 2


def test_where_it_is_held_the_first_lost_reply_is_left_to_a_person(holding: Desk) -> None:
    item = holding.check_in(1)
    answer(holding, Unclear(UNCLEAR))
    assert deliver(holding, item) == "unclear"
    assert holding.due_in(1) is None
    assert holding.said(1, "due_shard") is None
    holding.pass_time(days=1)
    assert deliver(holding, item) == "passed over"
    assert holding.server.tried == [address(1)]


def test_a_refusal_takes_no_copy_however_often_it_comes(holding: Desk) -> None:
    item = holding.check_in(1)
    answer(holding, *[Postponed(POSTPONED)] * 3)
    for _ in range(3):
        assert deliver(holding, item) == "again"
        assert holding.copies(1) == 0
    assert deliver(holding, item) == "sent"


def test_a_copy_that_may_be_out_stays_counted_when_the_next_is_refused(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Unclear(UNCLEAR), Postponed(POSTPONED), Unclear(UNCLEAR))
    deliver(desk, item)
    desk.pass_time(minutes=2)
    assert deliver(desk, item) == "again"
    assert desk.copies(1) == 1
    assert deliver(desk, item) == "unclear"
    assert desk.copies(1) == 2
    assert desk.due_in(1) is None


def test_what_a_dead_worker_left_is_mailed_when_its_lease_is_over(desk: Desk) -> None:
    item = desk.check_in(1)
    die_with(desk, item, "the first")
    desk.pass_time(seconds=LEASE_SECONDS - 1)
    assert deliver(desk, item) == "passed over"
    desk.pass_time(seconds=1)
    assert deliver(desk, item) == "sent"
    assert desk.copies(1) == 2
    assert desk.server.tried == [address(1)]


def test_what_two_dead_workers_left_is_left_to_a_person(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    item = desk.check_in(1)
    for token in ("the first", "the second"):
        die_with(desk, item, token)
        desk.pass_time(seconds=LEASE_SECONDS)
    assert deliver(desk, item) == "unclear"
    assert desk.delivery(1) == "unclear"
    assert desk.said(1, "delivery_reason") == "nobody knows what became of the last attempt"
    for gone in ("claim", "due_shard", "due_at"):
        assert desk.said(1, gone) is None
    assert "record 100: unclear, and left to a person" in caplog.text
    assert deliver(desk, item) == "passed over"
    assert desk.server.tried == []


def test_where_it_is_held_a_dead_workers_delivery_is_left_to_a_person(holding: Desk) -> None:
    item = holding.check_in(1)
    die_with(holding, item, "the first")
    assert deliver(holding, item) == "passed over"
    assert holding.delivery(1) == "sending"
    holding.pass_time(seconds=LEASE_SECONDS)
    assert deliver(holding, item) == "unclear"
    assert holding.due_in(1) is None
    assert holding.server.tried == []


def test_a_mail_that_is_out_is_recorded_though_the_claim_was_lost(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk)
    outcomes: list[Outcome] = []

    def outlast(_: str) -> None:
        """The first mail takes so long that a second worker makes its attempt meanwhile."""
        desk.server.on_send = lambda _: None
        desk.server.errors[address(1)] = [Postponed(POSTPONED)]
        desk.pass_time(seconds=LEASE_SECONDS)
        outcomes.append(deliver(desk, item))
        assert desk.delivery(1) == "due"

    desk.server.on_send = outlast
    assert deliver(desk, item) == "sent"
    assert outcomes == ["again"]
    assert desk.delivery(1) == "sent"
    assert desk.due_in(1) is None


def test_a_late_success_does_not_undo_what_a_person_has_put_back(desk: Desk) -> None:
    item = desk.check_in(1)

    def outlast(_: str) -> None:
        desk.server.on_send = lambda _: None
        desk.change(1, delivery="due", email=address(2))  # as `resend` does
        stored = desk.deliveries.item(keys(1))
        assert stored is not None
        stored["copies"] = {"N": "0"}
        del stored["claim"]

    desk.server.on_send = outlast
    deliver(desk, item)
    assert desk.delivery(1) == "due"
    assert deliver(desk, item) == "sent"
    assert desk.server.mailed == [address(1), address(2)]


def test_an_attempt_ends_before_its_lease(desk: Desk) -> None:
    connection = FakeConnection(desk.server)
    item = desk.check_in(1)
    desk.courier.deliver(item, connection, FakeWork(300))
    assert connection.allowed == [LEASE_SECONDS - 2]


def test_an_attempt_for_which_no_time_is_left_is_not_made(desk: Desk) -> None:
    work = FakeWork(0.4)
    item = desk.check_in(1)
    assert desk.courier.deliver(item, FakeConnection(desk.server), work) == "again"
    assert desk.server.tried == []
    assert len(work.stopped) == 1
    assert (desk.delivery(1), desk.copies(1)) == ("due", 0)


def test_what_the_sweep_cannot_find_comes_again_by_the_stream(desk: Desk) -> None:
    item = desk.check_in(1)
    stored = desk.deliveries.item(keys(1))
    assert stored is not None
    del stored["due_shard"]
    answer(desk, *[Postponed(POSTPONED)] * 6, Unclear(UNCLEAR))
    assert [deliver(desk, item) for _ in range(8)] == ["again"] * 8
    desk.pass_time(seconds=LEASE_SECONDS)
    assert deliver(desk, item) == "sent"
    assert len(desk.server.tried) == 8


@pytest.mark.parametrize("late", [Postponed(POSTPONED), Rejected(REJECTED), Unclear(UNCLEAR)])
def test_who_lost_the_claim_changes_nothing_unless_its_mail_is_out(
    desk: Desk, late: Exception
) -> None:
    item = desk.check_in(1)

    def outlast(_: str) -> None:
        desk.server.on_send = lambda _: None
        desk.pass_time(seconds=LEASE_SECONDS)
        assert deliver(desk, item) == "sent"
        answer(desk, late)

    desk.server.on_send = outlast
    deliver(desk, item)
    assert desk.delivery(1) == "sent"
    assert desk.said(1, "delivery_reason") is None
    assert desk.copies(1) == 2


# Refused for now, again and again


@pytest.mark.parametrize(
    ("age", "due_in"),
    [
        (timedelta(), 0),
        (timedelta(minutes=59), 0),
        (timedelta(hours=1), 3600),
        (timedelta(days=3, hours=23), 3600),
    ],
)
def test_a_temporary_refusal_is_tried_again_at_once_and_after_an_hour_hourly(
    desk: Desk, age: timedelta, due_in: float
) -> None:
    item = desk.check_in(1)
    desk.pass_time(days=30)  # an old check-in may be refused for now like a new one
    answer(desk, *[Postponed(POSTPONED)] * 2)
    deliver(desk, item)
    desk.pass_time(seconds=age.total_seconds())
    assert deliver(desk, item) == "again"
    assert desk.due_in(1) == due_in


def test_a_temporary_refusal_is_given_up_after_four_days(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, *[Postponed(POSTPONED)] * 2)
    deliver(desk, item)
    desk.pass_time(days=4)
    assert deliver(desk, item) == "failed"
    assert desk.delivery(1) == "failed"
    assert desk.said(1, "delivery_reason") == POSTPONED
    assert desk.said(1, "settled_at") == str(int(desk.now.timestamp()))
    assert desk.due_in(1) is None


def test_days_without_a_mail_server_give_nothing_up(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Halted(HALTED), Postponed(POSTPONED))
    deliver(desk, item)
    desk.pass_time(days=5)
    assert deliver(desk, item) == "again"
    assert desk.due_in(1) == 0


def test_what_was_refused_for_now_five_times_is_put_off_and_stays_due(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, *[Postponed(POSTPONED)] * 6)
    outcomes = [deliver(desk, item) for _ in range(6)]
    assert outcomes == ["again"] * 4 + ["put off"] * 2
    assert desk.delivery(1) == "due"
    assert desk.due_in(1) == 0
    assert deliver(desk, item) == "sent"


# Where storage is away


def test_nobody_is_mailed_whose_delivery_cannot_be_claimed(desk: Desk) -> None:
    item = desk.check_in(1)
    desk.deliveries.failing["claim"] = 1
    with pytest.raises(StorageUnavailable):
        deliver(desk, item)
    assert desk.server.tried == []
    assert desk.delivery(1) == "due"
    assert deliver(desk, item) == "sent"


def test_where_the_event_cannot_be_read_the_delivery_is_due_as_before(desk: Desk) -> None:
    item = desk.check_in(1)
    desk.events_away = 1
    with pytest.raises(StorageUnavailable):
        deliver(desk, item)
    assert desk.server.tried == []
    assert desk.delivery(1) == "due"
    assert desk.due_in(1) == 0
    assert desk.copies(1) == 0
    assert deliver(desk, item) == "sent"


def test_what_cannot_be_left_to_a_person_now_is_later(desk: Desk) -> None:
    item = desk.check_in(1)
    for token in ("the first", "the second"):
        die_with(desk, item, token)
        desk.pass_time(seconds=LEASE_SECONDS)
    desk.deliveries.failing["hold"] = 1
    with pytest.raises(StorageUnavailable):
        deliver(desk, item)
    assert desk.delivery(1) == "sending"
    assert deliver(desk, item) == "unclear"


RECORD_PAUSES = [0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_recording_a_mail_that_is_out_is_tried_again(desk: Desk, times: int) -> None:
    item = desk.check_in(1)
    desk.deliveries.failing["settle"] = times
    desk.courier.deliver(item, FakeConnection(desk.server), FakeWork(30))
    assert desk.delivery(1) == "sent"
    assert desk.pauses == RECORD_PAUSES[:times]
    assert desk.server.tried == [address(1)]


def test_a_mail_that_is_out_and_cannot_be_recorded_counts_as_unclear_after_the_lease(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    item = desk.check_in(1)
    desk.deliveries.failing["settle"] = 5
    assert desk.courier.deliver(item, FakeConnection(desk.server), FakeWork(5)) == "sent"
    assert desk.pauses == [0.5, 1.0, 2.0, 4.0]  # no time for eight more
    assert desk.delivery(1) == "sending"
    assert "record 100: sent, not recorded: " in caplog.text
    assert deliver(desk, item) == "passed over"
    desk.pass_time(seconds=LEASE_SECONDS)
    assert deliver(desk, item) == "sent"
    assert desk.copies(1) == 2


@pytest.mark.parametrize("error", [Postponed(POSTPONED), Rejected(REJECTED), Unclear(UNCLEAR)])
def test_no_other_end_is_worth_a_wait_for_storage(desk: Desk, error: Exception) -> None:
    item = desk.check_in(1)
    answer(desk, error)
    desk.deliveries.failing["settle"] = 1
    assert deliver(desk, item) in ("again", "failed", "unclear")
    assert desk.pauses == []
    assert desk.delivery(1) == "sending"
    assert desk.due_in(1) == LEASE_SECONDS


def test_a_fault_of_our_own_stops_the_work_though_it_cannot_be_recorded(desk: Desk) -> None:
    item = desk.check_in(1)
    answer(desk, Halted(HALTED))
    desk.deliveries.failing["settle"] = 1
    work = FakeWork()
    assert desk.courier.deliver(item, FakeConnection(desk.server), work) == "again"
    assert len(work.stopped) == 1
    assert desk.delivery(1) == "sending"


# Records whose item is not in the table


def without_an_item(number: int = 1, image: Image | None = None, record: str = "") -> NewItem:
    image = image or {"email": {"S": address(number)}, "phone": {"S": "010-0000-0001"}}
    return NewItem(record or f"{number}00", {"phone": {"S": "010-0000-0001"}}, image)


def test_a_record_without_an_item_is_mailed_once(desk: Desk) -> None:
    item = without_an_item()
    assert deliver(desk, item) == "sent"
    assert deliver(desk, item) == "passed over"
    assert desk.server.mailed == [address(1)]


def test_an_item_that_was_deleted_meanwhile_is_mailed_and_stays_away(desk: Desk) -> None:
    item = desk.check_in(1)
    desk.deliveries.delete(keys(1))
    assert deliver(desk, item) == "sent"
    assert desk.deliveries.item(keys(1)) is None


def test_a_record_without_an_image_and_an_item_mails_nothing(desk: Desk) -> None:
    assert deliver(desk, NewItem("100", keys(1), None)) == "passed over"


@pytest.mark.parametrize("email", [{"S": " "}, {"N": "1"}, "p1@example.com", {"S": ["p1"]}])
def test_a_record_without_an_address_mails_nothing(desk: Desk, email: object) -> None:
    assert deliver(desk, without_an_item(image={"email": email})) == "no_address"
    assert desk.server.tried == []


def test_of_a_record_without_an_item_two_copies_go_out_at_most(desk: Desk) -> None:
    item = without_an_item()
    answer(desk, *[Unclear(UNCLEAR)] * 3)
    assert [deliver(desk, item) for _ in range(4)] == [
        "again",
        "unclear",
        "passed over",
        "passed over",
    ]
    assert desk.server.tried == [address(1)] * 2


def test_where_it_is_held_one_copy_of_it_goes_out(holding: Desk) -> None:
    item = without_an_item()
    answer(holding, Unclear(UNCLEAR))
    assert [deliver(holding, item) for _ in range(2)] == ["unclear", "passed over"]
    assert holding.server.tried == [address(1)]


def test_a_record_without_an_item_that_was_refused_can_be_mailed(desk: Desk) -> None:
    item = without_an_item()
    answer(desk, Postponed(POSTPONED), Postponed(POSTPONED), Postponed(POSTPONED))
    assert [deliver(desk, item) for _ in range(4)] == ["again", "again", "again", "sent"]


def test_a_record_without_an_item_whose_address_is_refused_has_failed(desk: Desk) -> None:
    answer(desk, Rejected(REJECTED))
    assert deliver(desk, without_an_item()) == "failed"


@pytest.mark.parametrize("error", [Halted(HALTED), StorageUnavailable("ReadTimeoutError")])
def test_a_record_without_an_item_can_be_mailed_after_a_fault_of_our_own(
    desk: Desk, error: Exception
) -> None:
    item = without_an_item()
    if isinstance(error, Halted):
        answer(desk, error)
    else:
        desk.events_away = 1
    if isinstance(error, Halted):
        assert deliver(desk, item) == "again"
    else:
        with pytest.raises(StorageUnavailable):
            deliver(desk, item)
    assert deliver(desk, item) == "sent"


def test_records_without_an_item_are_told_from_each_other(desk: Desk) -> None:
    first = without_an_item()
    others = [
        without_an_item(record="200"),
        NewItem("100", {"phone": {"S": "010-0000-0002"}}, first.image),
        without_an_item(image={"email": {"S": address(2)}}),
    ]
    assert [deliver(desk, item) for item in [first, *others]] == ["sent"] * 4


def test_a_batch_that_is_through_is_forgotten(desk: Desk) -> None:
    item = without_an_item()
    assert deliver(desk, item) == "sent"
    desk.courier.forget()
    assert deliver(desk, item) == "sent"
