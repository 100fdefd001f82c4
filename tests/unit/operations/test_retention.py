"""The day of deletion is moved for everything of an event, and everything is erased on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commands import REQUIRED, Commands
from conftest import NOW

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.delivery import Attempt, End
from chalicelib.attendance.errors import StorageUnavailable, UnknownEvent
from chalicelib.attendance.event import Event
from chalicelib.attendance.reception import Arrival
from chalicelib.attendance.registration import Registration
from chalicelib.storage.holdings import Holding
from chalicelib.wiring import EVENT_SECONDS, Wiring
from operations.retention import UNDER_WAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

HANA, DURI = "010-0000-0001", "010-0000-0002"
TABLES = ("events", "registrations", "check-ins")


class Meetup:
    """An event with two people on the roster, of whom Hana has checked in."""

    def __init__(
        self, wiring: Wiring, dynamodb: DynamoDBClient, register: Callable[..., Registration]
    ) -> None:
        self.run = Commands(wiring)
        self.wiring = wiring
        self._dynamodb = dynamodb
        register(HANA)
        register(DURI, name="이두리")
        self.hana = self.check_in(HANA)

    def check_in(self, phone: str) -> CheckIn:
        """With the event that the container has in its cache."""
        return self.wiring.reception.check_in("0211ABC", Arrival(phone=phone)).check_in

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(self._dynamodb.scan(TableName=table, ConsistentRead=True)["Items"])

    def days(self) -> set[str]:
        """When what is stored will be deleted."""
        return {item["expires_at"]["N"] for table in TABLES for item in self.items(table)}

    def put(self, table: str, **item: dict[str, str]) -> None:
        self._dynamodb.put_item(TableName=table, Item=item)


@pytest.fixture
def meetup(
    wiring: Wiring, dynamodb: DynamoDBClient, register: Callable[..., Registration]
) -> Meetup:
    return Meetup(wiring, dynamodb, register)


def seconds(event: Event, **after_closing: float) -> str:
    return str(int((event.check_in_closes_at + timedelta(**after_closing)).timestamp()))


def test_everything_moves_with_the_day_of_deletion(meetup: Meetup, event: Event) -> None:
    result = meetup.run("events", "edit", "0211ABC", "--keep-days", "30")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(
        "2 registrations and 1 check-in moved to the new day of deletion\n"
    )
    assert meetup.days() == {seconds(event, days=30)}


def test_everything_moves_with_the_closing_time(meetup: Meetup) -> None:
    meetup.run("events", "edit", "0211ABC", "--closes-at", "2026-02-12 22:00")
    assert meetup.days() == {str(int(meetup.run.stored().expires_at.timestamp()))}


def test_an_edit_of_anything_else_moves_nothing(
    meetup: Meetup, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meetup.wiring, "holdings", None)
    assert meetup.run("events", "edit", "0211ABC", "--venue", "부산").exit_code == 0
    assert meetup.days() == {str(int(event.expires_at.timestamp()))}


def test_a_move_changes_nothing_else(meetup: Meetup) -> None:
    before = [items | {"expires_at": None} for items in meetup.items("check-ins")]
    meetup.run("events", "edit", "0211ABC", "--keep-days", "30")
    assert [items | {"expires_at": None} for items in meetup.items("check-ins")] == before


def test_a_check_in_that_arrives_meanwhile_moves_as_well(
    meetup: Meetup, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[CheckIn] = []
    monkeypatch.setattr(meetup.wiring, "pause", lambda _: late.append(meetup.check_in(DURI)))
    result = meetup.run("events", "edit", "0211ABC", "--keep-days", "30")
    assert late[0].expires_at == event.expires_at  # from a container's cache
    assert "2 registrations and 2 check-ins moved" in result.stdout
    assert meetup.days() == {seconds(event, days=30)}


def test_the_wait_for_late_check_ins_is_long_enough() -> None:
    config = json.loads((Path(__file__).parents[3] / ".chalice" / "config.json").read_text())
    timeout = config["lambda_functions"]["api_handler"]["lambda_timeout"]
    assert timedelta(seconds=EVENT_SECONDS + timeout) < UNDER_WAY


def test_nobody_is_waited_for_where_nobody_can_check_in(meetup: Meetup, event: Event) -> None:
    closed = event.check_in_opens_at, event.check_in_opens_at + timedelta(minutes=59)
    meetup.wiring.event_table.put(
        replace(event, check_in_opens_at=closed[0], check_in_closes_at=closed[1])
    )
    assert meetup.run("events", "edit", "0211ABC", "--keep-days", "30").exit_code == 0
    assert meetup.run.pauses == []


@pytest.mark.parametrize("days", ["30", "3650"])
def test_a_move_that_breaks_off_is_completed_by_the_next(
    meetup: Meetup, event: Event, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    holdings = meetup.wiring.holdings
    keep_one = holdings._keep_until
    kept: list[Holding] = []

    def breaks(holding: Holding, *rest: Any) -> bool:
        if kept:
            raise StorageUnavailable("ThrottlingException")
        kept.append(holding)
        return keep_one(holding, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(holdings, "_keep_until", breaks)
        result = meetup.run("events", "edit", "0211ABC", "--keep-days", days)
    assert result.exit_code == 2
    assert "ThrottlingException; it is safe to run this again" in result.stderr
    assert meetup.run.stored() == event  # it still says when the rest is deleted
    assert meetup.run("events", "edit", "0211ABC", "--keep-days", days).exit_code == 0
    assert meetup.days() == {seconds(event, days=int(days))}


def test_of_two_moves_at_once_the_one_that_stands_has_everything(
    meetup: Meetup, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = meetup.wiring.event_table.change

    def overtaken(before: Event, after: Event) -> Event | None:
        monkeypatch.setattr(meetup.wiring.event_table, "change", change)
        assert meetup.run("events", "edit", "0211ABC", "--keep-days", "60").exit_code == 0
        return change(before, after)

    monkeypatch.setattr(meetup.wiring.event_table, "change", overtaken)
    result = meetup.run("events", "edit", "0211ABC", "--keep-days", "30")
    assert "was changed meanwhile" in result.stderr
    assert meetup.days() == {seconds(event, days=60)}


def test_what_has_expired_is_not_brought_back(meetup: Meetup, event: Event) -> None:
    left = {"event_code": {"S": "0211ABC"}, "attendee_id": {"S": "f" * 64}}
    meetup.put("registrations", **left, expires_at={"N": "1"})
    meetup.run("events", "edit", "0211ABC", "--keep-days", "30")
    assert meetup.days() == {seconds(event, days=30), "1"}


def test_an_event_is_erased_with_everything_and_that_is_counted(
    meetup: Meetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.console.is_terminal", lambda: True)
    result = meetup.run("events", "erase", "0211abc", input="0211ABC\n")
    assert result.exit_code == 0, result.output
    assert "0211ABC 파이썬 밋업 2월 with 2 registrations and 1 check-in for good" in result.stdout
    assert result.stdout.endswith("0211ABC: erased, with 2 registrations and 1 check-in\n")
    assert "confirmations that were owed and are not mailed any more: 1\n" in result.stderr
    assert meetup.days() == set()
    assert meetup.run("events", "show", "0211ABC").exit_code == 2


def test_nothing_is_erased_without_the_code_typed(
    meetup: Meetup, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.console.is_terminal", lambda: True)
    result = meetup.run("events", "erase", "0211ABC", input="yes\n")
    assert (result.exit_code, "nothing was changed" in result.stderr) == (2, True)
    assert len(meetup.items("registrations")) == 2
    assert meetup.run.stored() == event


def test_other_events_are_left(meetup: Meetup, event: Event) -> None:
    meetup.wiring.event_table.put(replace(event, event_code="0212ABC"))
    meetup.wiring.check_in_table.add(replace(meetup.hana, event_code="0212ABC"))
    meetup.run("events", "erase", "0211ABC", "--yes")
    assert [item["event_code"]["S"] for item in meetup.items("events")] == ["0212ABC"]
    assert [item["event_code"]["S"] for item in meetup.items("check-ins")] == ["0212ABC"]


def test_a_mail_that_is_just_being_sent_is_said(meetup: Meetup, event: Event) -> None:
    keys = {"attendee_id": {"S": meetup.hana.attendee_id}, "event_code": {"S": "0211ABC"}}
    attempt = Attempt(token="1", now=NOW, until=NOW + timedelta(minutes=1), most_copies=2)
    assert meetup.wiring.deliveries.claim(keys, attempt).copies == 1
    result = meetup.run("events", "erase", "0211ABC", "--yes")
    assert "that may have been mailed or may still arrive: 1" in result.stderr
    meetup.wiring.deliveries.settle(keys, "1", End(status="sent", now=NOW))
    assert meetup.items("check-ins") == []


def test_an_erased_confirmation_is_not_mailed(meetup: Meetup, event: Event) -> None:
    meetup.run("events", "erase", "0211ABC", "--yes")
    assert list(meetup.wiring.deliveries.owed()) == []


def test_nobody_checks_in_at_an_event_that_is_being_erased(
    meetup: Meetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(_seconds: float) -> None:
        under_way = replace(meetup.hana, attendee_id="f" * 64)
        assert meetup.wiring.check_in_table.add(under_way) is None
        fresh = Wiring(meetup.wiring.settings, now=meetup.wiring.now)
        with pytest.raises(UnknownEvent):
            fresh.reception.check_in("0211ABC", Arrival(phone=DURI))

    with monkeypatch.context() as patch:
        patch.setattr(meetup.wiring, "pause", pause)
        result = meetup.run("events", "erase", "0211ABC", "--yes")
    assert result.exit_code == 0, result.output
    assert meetup.days() == set()


def test_an_erasure_that_breaks_off_is_completed_by_the_next(
    meetup: Meetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise StorageUnavailable("ThrottlingException")

    with monkeypatch.context() as patch:
        patch.setattr(meetup.wiring.holdings, "delete", breaks)
        result = meetup.run("events", "erase", "0211ABC", "--yes")
    assert "ThrottlingException; it is safe to run this again" in result.stderr
    assert meetup.wiring.event_table.get("0211ABC") is None
    assert meetup.run("events", "create", "0211ABC", *REQUIRED).exit_code == 2
    assert meetup.run("events", "erase", "0211ABC", "--yes").exit_code == 0
    assert meetup.days() == set()


def test_what_an_event_has_left_behind_is_erased(meetup: Meetup) -> None:
    meetup.wiring.holdings.delete_event("0211ABC")
    result = meetup.run("events", "erase", "0211ABC", "--yes")
    assert result.stdout == "0211ABC: erased, with 2 registrations and 1 check-in\n"
    assert meetup.days() == set()


def test_a_code_with_nothing_to_erase_is_a_failure(meetup: Meetup) -> None:
    result = meetup.run("events", "erase", "0212ABC", "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing is stored of an event 0212ABC" in result.stderr


def test_a_person_is_erased_at_all_events(meetup: Meetup, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(meetup.hana, event_code="0212ABC")
    meetup.wiring.check_in_table.add(elsewhere)
    gone = {"event_code": {"S": "0210ABC"}, "attendee_id": {"S": meetup.hana.attendee_id}}
    meetup.put("registrations", **gone, expires_at={"N": "1"})
    monkeypatch.setattr("operations.console.is_terminal", lambda: True)
    result = meetup.run("attendees", "erase", "+82 10 0000 0001", input="erase\n")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == [
        "0210ABC: registration",
        "0211ABC: registration and check-in",
        "0212ABC: check-in",
    ]
    assert result.stdout.endswith("erased: 2 registrations and 2 check-ins\n")
    assert "0000" not in result.output
    [left] = meetup.items("registrations")
    assert left["name"] == {"S": "이두리"}
    assert meetup.items("check-ins") == []
    assert len(meetup.items("events")) == 1


def test_nothing_of_a_person_is_erased_without_an_answer(
    meetup: Meetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.console.is_terminal", lambda: True)
    result = meetup.run("attendees", "erase", HANA, input="\n")
    assert (result.exit_code, "nothing was changed" in result.stderr) == (2, True)
    assert len(meetup.items("check-ins")) == 1


@pytest.mark.parametrize(
    ("phone", "message"),
    [("010-0000-0009", "nothing is stored of a person"), ("12", "PHONE: digits are missing")],
)
def test_a_number_of_nobody_is_a_failure(meetup: Meetup, phone: str, message: str) -> None:
    result = meetup.run("attendees", "erase", phone, "--yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
