"""`deliveries` and `resend` as their user sees them: arguments in, lines and exit code out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.reception import Arrival
from chalicelib.attendance.registration import Registration
from chalicelib.storage.dynamodb import to_item
from chalicelib.wiring import Wiring
from operations.__main__ import operations
from operations.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)  # as the fixture `wiring` has it
LATER = NOW + timedelta(minutes=1)  # 19:01 in Seoul


class Desk:
    """People check in here, and `python -m operations …` runs at LATER."""

    def __init__(
        self, wiring: Wiring, dynamodb: DynamoDBClient, register: Callable[..., Registration]
    ) -> None:
        self._dynamodb = dynamodb
        self._register = register
        self.wiring = wiring
        self.reception = wiring.reception
        self.stage = Stage("local")
        self.stage.wiring = Wiring(wiring.settings, now=lambda: LATER)

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(operations, arguments, obj=self.stage)

    def check_in(self, last_digit: int, email: str | None = "", **delivery: Any) -> CheckIn:
        """Somebody with this number, whose delivery then becomes what is given."""
        phone = f"010-0000-000{last_digit}"
        address = f"p{last_digit}@example.com" if email == "" else email
        self._register(phone, name=f"참가자 {last_digit}", email=address)
        arrival = Arrival(phone=phone, no_email=True)
        check_in = self.reception.check_in("0211ABC", arrival).check_in
        if delivery:
            self.becomes(check_in, **delivery)
        return self.now(check_in)

    def becomes(self, check_in: CheckIn, **delivery: Any) -> None:
        """As the postroom leaves it; what is None is taken away."""
        if "due_at" not in delivery:
            delivery |= {"due_at": None, "due_shard": None}
        self._dynamodb.update_item(
            TableName="check-ins",
            Key=to_item({"attendee_id": check_in.attendee_id, "event_code": "0211ABC"}),
            AttributeUpdates={
                name: {"Action": "DELETE"}
                if value is None
                else {"Action": "PUT", "Value": to_item({"it": value})["it"]}
                for name, value in delivery.items()
            },
        )

    def now(self, check_in: CheckIn) -> CheckIn:
        found = self.wiring.check_in_table.get("0211ABC", check_in.attendee_id)
        assert found
        return found


@pytest.fixture
def desk(wiring: Wiring, dynamodb: DynamoDBClient, register: Callable[..., Registration]) -> Desk:
    return Desk(wiring, dynamodb, register)


@pytest.fixture
def six(desk: Desk) -> dict[str, CheckIn]:
    """One check-in in each state, by the state's name."""
    moment: datetime = NOW + timedelta(seconds=5)
    found = [
        desk.check_in(1),
        desk.check_in(2, delivery="sending", due_at=LATER + timedelta(minutes=1), claim="x"),
        desk.check_in(3, delivery="sent", settled_at=moment),
        desk.check_in(
            4, delivery="failed", settled_at=moment, delivery_reason="recipient refused: 550 5.1.1"
        ),
        desk.check_in(5, delivery="unclear", delivery_reason="no reply to the data"),
        desk.check_in(6, email=None),
    ]
    return {check_in.delivery: check_in for check_in in found}


# deliveries


def test_every_state_is_counted_and_how_much_is_owed(desk: Desk, six: dict[str, CheckIn]) -> None:
    result = desk("deliveries", "0211abc")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "0211ABC: 6 check-ins"
    assert [line.split()[:2] for line in lines[1:-1]] == [[state, "1"] for state in six]
    assert lines[-1] == "2 still owed, the oldest since 2026-02-11 19:00"
    assert result.stderr == ""  # no progress bar where nobody looks


def test_counts_are_there_for_programs(desk: Desk, six: dict[str, CheckIn]) -> None:
    assert json.loads(desk("deliveries", "0211ABC", "--json").stdout) == {
        "event_code": "0211ABC",
        "check_ins": 6,
        "deliveries": dict.fromkeys(six, 1),
        "owed": 2,
        "owed_since": "2026-02-11T19:00:00+09:00",
    }


def test_an_event_where_nobody_came_owes_nothing(desk: Desk, wiring: Wiring) -> None:
    assert desk("deliveries", "0211ABC").stdout.splitlines()[-1] == "nothing is owed"
    assert json.loads(desk("deliveries", "0211ABC", "--json").stdout)["owed_since"] is None


@pytest.mark.parametrize(
    ("options", "states"),
    [
        (("--failed",), ["failed"]),
        (("--unclear",), ["unclear"]),
        (("--owed",), ["due", "sending"]),
        (("--failed", "--owed"), ["due", "sending", "failed"]),
        (("--all",), ["due", "sending", "sent", "failed", "unclear", "no_address"]),
    ],
    ids=" ".join,
)
def test_a_list_has_those_that_are_asked_for(
    desk: Desk, six: dict[str, CheckIn], options: tuple[str, ...], states: list[str]
) -> None:
    *lines, last = desk("deliveries", "0211ABC", *options).stdout.splitlines()
    ids = {check_in.check_in_id: state for state, check_in in six.items()}
    assert sorted(ids[line.split()[0]] for line in lines) == sorted(states)
    assert last == f"0211ABC: {len(states)} of 6 check-ins"
    listed = json.loads(desk("deliveries", "0211ABC", *options, "--json").stdout)
    assert sorted(row["delivery"] for row in listed) == sorted(states)


def test_a_line_names_the_person_and_the_state_of_the_mail_and_why(
    desk: Desk, six: dict[str, CheckIn]
) -> None:
    lines = {
        line.split()[0]: line for line in desk("deliveries", "0211ABC", "--all").stdout.splitlines()
    }
    said = {state: lines[check_in.check_in_id][21:] for state, check_in in six.items()}
    assert said == {
        "due": "2026-02-11 19:00  참가자 1 <p1@example.com>  due",
        "sending": (
            "2026-02-11 19:00  참가자 2 <p2@example.com>  "
            "sending, next attempt from 2026-02-11 19:02"
        ),
        "sent": "2026-02-11 19:00  참가자 3 <p3@example.com>  sent 2026-02-11 19:00",
        "failed": (
            "2026-02-11 19:00  참가자 4 <p4@example.com>  "
            "failed 2026-02-11 19:00: recipient refused: 550 5.1.1"
        ),
        "unclear": "2026-02-11 19:00  참가자 5 <p5@example.com>  unclear: no reply to the data",
        "no_address": "2026-02-11 19:00  참가자 6  no_address",
    }


def test_a_list_is_there_for_programs(desk: Desk, six: dict[str, CheckIn]) -> None:
    assert json.loads(desk("deliveries", "0211ABC", "--failed", "--json").stdout) == [
        {
            "check_in_id": six["failed"].check_in_id,
            "name": "참가자 4",
            "email": "p4@example.com",
            "checked_at": "2026-02-11T19:00:00+09:00",
            "delivery": "failed",
            "delivery_reason": "recipient refused: 550 5.1.1",
            "due_at": None,
            "settled_at": "2026-02-11T19:00:05+09:00",
        }
    ]


# resend


def test_all_that_failed_are_put_back_once(desk: Desk, six: dict[str, CheckIn]) -> None:
    result = desk("resend", "0211ABC", "--failed")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "0211ABC: 1 put back, 0 left alone, 0 changed meanwhile: "
        "the sweep mails what was put back within a minute\n"
    )
    changed = desk.now(six["failed"])
    assert (changed.delivery, changed.delivery_reason) == ("due", None)
    assert (changed.due_at, changed.settled_at) == (LATER, None)
    again = desk("resend", "0211ABC", "--failed")
    assert again.stdout == "0211ABC: 0 put back, 0 left alone, 0 changed meanwhile\n"
    for state in ("due", "sending", "sent", "unclear", "no_address"):
        assert desk.now(six[state]) == six[state]


def test_of_the_unclear_those_that_the_sweep_has_anyway_are_left_alone(
    desk: Desk, six: dict[str, CheckIn]
) -> None:
    waiting = desk.check_in(7, delivery="unclear", due_at=LATER)
    result = desk("resend", "0211ABC", "--unclear")
    assert result.exit_code == 0
    line, summary = result.stdout.splitlines()
    assert line == (
        f"{waiting.check_in_id}: left alone: it is unclear, and the sweep mails it once more"
    )
    assert summary.startswith("0211ABC: 1 put back, 1 left alone, 0 changed meanwhile")
    assert desk.now(waiting) == waiting
    assert desk.now(six["unclear"]).delivery == "due"


@pytest.mark.parametrize(
    ("state", "options", "reason"),
    [
        ("due", (), "it is due, and the sweep mails it"),
        ("sending", (), "it is being mailed now"),
        ("sending", ("--again",), "it is being mailed now"),
        ("sending", ("--email", "new@example.com"), "it is being mailed now"),
        ("sent", (), "it is sent; --again mails another copy"),
        ("sent", ("--email", "P3@EXAMPLE.com"), None),  # the part before the @ is the server's
        ("sent", ("--email", "p3@EXAMPLE.com"), "it is sent; --again mails another copy"),
        ("sent", ("--again",), None),
        ("sent", ("--email", "new@example.com"), None),
        ("due", ("--email", "new@example.com"), None),
        ("failed", (), None),
        ("unclear", (), None),
        ("no_address", (), "it has no address; give it one with --email"),
        ("no_address", ("--again",), "it has no address; give it one with --email"),
        ("no_address", ("--email", "new@example.com"), None),
    ],
)
def test_one_check_in_is_put_back_or_left_alone(
    desk: Desk,
    six: dict[str, CheckIn],
    state: str,
    options: tuple[str, ...],
    reason: str | None,
) -> None:
    before = six[state]
    result = desk("resend", "0211ABC", "--check-in", before.check_in_id, *options)
    assert result.exit_code == 0, result.output
    after = desk.now(before)
    if reason:
        assert result.stdout.startswith(f"{before.check_in_id}: left alone: {reason}\n")
        assert after == before
    else:
        assert result.stdout.startswith("0211ABC: 1 put back, 0 left alone")
        assert (after.delivery, after.due_at) == ("due", LATER)


def test_a_corrected_address_is_mailed_once(desk: Desk, six: dict[str, CheckIn]) -> None:
    correct = ("resend", "0211ABC", "--phone", "010 0000 0004", "--email", "right@example.com")
    assert "1 put back" in desk(*correct).stdout
    corrected = desk.now(six["failed"])
    assert (corrected.email, corrected.delivery) == ("right@example.com", "due")

    assert "1 left alone" in desk(*correct).stdout
    assert desk.now(corrected) == corrected
    desk.becomes(corrected, delivery="sent", settled_at=LATER)
    assert "it is sent" in desk(*correct).stdout
    assert desk.now(corrected).delivery == "sent"


@pytest.mark.parametrize("write", [str, str.lower, lambda text: text.replace("-", "")])
def test_a_check_in_id_is_known_however_it_is_written(
    desk: Desk, six: dict[str, CheckIn], write: Callable[[str], str]
) -> None:
    result = desk("resend", "0211ABC", "--check-in", write(six["failed"].check_in_id))
    assert "1 put back" in result.stdout


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    desk: Desk, six: dict[str, CheckIn]
) -> None:
    for options in (("--failed",), ("--unclear",), ("--phone", "010-0000-0003", "--again")):
        result = desk("resend", "0211ABC", *options, "--dry-run")
        assert result.exit_code == 0
        assert result.stdout == (
            "0211ABC: 1 would be put back, 0 left alone, 0 changed meanwhile\n"
        )
    assert {state: desk.now(check_in) for state, check_in in six.items()} == six


def test_check_ins_that_changed_meanwhile_are_left_alone_and_reported(
    desk: Desk, six: dict[str, CheckIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = desk.stage.wiring.check_in_table
    owe = table.owe

    def owe_too_late(check_in: CheckIn, now: datetime, email: str | None = None) -> bool:
        desk.becomes(check_in, delivery="sent", settled_at=now)
        return owe(check_in, now, email)

    monkeypatch.setattr(table, "owe", owe_too_late)
    result = desk("resend", "0211ABC", "--failed")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{six['failed'].check_in_id}: changed meanwhile: run this again",
        "0211ABC: 0 put back, 0 left alone, 1 changed meanwhile",
    ]
    assert desk.now(six["failed"]).delivery == "sent"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0211ABC",), "give one of --check-in, --phone, --failed and --unclear"),
        (("0211ABC", "--failed", "--unclear"), "give one of"),
        (("0211ABC", "--failed", "--phone", "010-0000-0001"), "give one of"),
        (("0211ABC", "--failed", "--again"), "--email and --again go with"),
        (("0211ABC", "--unclear", "--email", "p1@example.com"), "--email and --again go with"),
        (("0211ABC", "--check-in", "7F3K"), "'7F3K' is not a check-in id such as"),
        (("0211ABC", "--check-in", "7F3K-9QRT-2MXA-HB4D"), "no such check-in at the event"),
        (("0211ABC", "--phone", "12"), "--phone: digits are missing"),
        (("0211ABC", "--phone", "010-0000-0009"), "no such check-in at the event 0211ABC"),
        (("0211ABC", "--phone", "010-0000-0001", "--email", "x"), "'--email': not an e-mail"),
        (("0212ABC", "--failed"), "no event has the code 0212ABC"),
    ],
)
def test_failures_are_reported_on_stderr(
    desk: Desk, arguments: tuple[str, ...], message: str
) -> None:
    result = desk("resend", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
