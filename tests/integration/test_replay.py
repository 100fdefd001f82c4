"""`replay` over a real stream and a real table, to a mail server on loopback."""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from click.testing import CliRunner, Result
from smtp_server import DROP, SmtpServer

from chalicelib import settings
from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.reception import Arrival
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring
from local.tables import create_tables
from operations.__main__ import operations
from operations.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLES = {
    "EventTable": "EVENT_TABLE",
    "RegistrationTable": "REGISTRATION_TABLE",
    "CheckInTable": "CHECK_IN_TABLE",
}
SOURCES = ["stream", "table"]


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


class Meetup:
    """People check in, no consumer listens, and `python -m operations replay …` is run."""

    def __init__(self, dynamodb: DynamoDBClient, event: Event, smtp_port: int) -> None:
        names = {resource: f"{resource}-{uuid.uuid4()}" for resource in TABLES}
        self.dynamodb = dynamodb
        self.table = names["CheckInTable"]
        self.environment = {
            **os.environ,
            **{TABLES[resource]: name for resource, name in names.items()},
            "CHECK_IN_STREAM_ARN": create_tables(dynamodb, names),
            "SMTP_PORT": str(smtp_port),
        }
        self.stage = Stage("local")
        self.read_settings()
        # The stream's records bear the server's time, so here nothing stands still.
        now = datetime.now(UTC)
        self.event = dataclasses.replace(
            event,
            starts_at=now,
            check_in_opens_at=now - timedelta(hours=1),
            check_in_closes_at=now + timedelta(hours=1),
        )
        self.stage.wiring.event_table.put(self.event)

    def read_settings(self, **changed: str) -> None:
        self.stage = Stage("local")
        self.stage.wiring = Wiring(settings.load(self.environment | changed))

    def check_in(self, *digits: int, no_email: bool = False) -> list[CheckIn]:
        wiring = self.stage.wiring
        made = []
        for digit in digits:
            number = parse_phone(f"010-0000-000{digit}", "KR")
            registration = Registration(
                event_code=self.event.event_code,
                attendee_id=attendee_id(number, wiring.secret_key),
                name="김하나",
                email=None if no_email else f"p{digit}@example.com",
                phone_last4=number[-4:],
                source="roster",
                expires_at=self.event.expires_at,
            )
            list(wiring.registration_table.put_many([registration]))
            arrival = Arrival(phone=number, no_email=no_email)
            made.append(wiring.reception.check_in(self.event.event_code, arrival).check_in)
        return made

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(operations, arguments, obj=self.stage)

    def replay(self, *options: str, hours: float = 1) -> Result:
        """Since so many hours ago."""
        since = datetime.now(UTC) - timedelta(hours=hours)
        return self.run("replay", "--since", since.isoformat(), *options)

    def states(self) -> list[str]:
        of_event = self.stage.wiring.check_in_table.of_event(self.event.event_code)
        return sorted(check_in.delivery for check_in in of_event)


@pytest.fixture
def meetup(
    moto_server: str, event: Event, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Meetup]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    dynamodb = boto3.client("dynamodb")
    yield Meetup(dynamodb, event, server.port)
    dynamodb.close()


def recipients(server: SmtpServer) -> list[str]:
    return sorted(mail.recipients[0] for mail in server.accepted)


def counts(result: Result) -> str:
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize("source", SOURCES)
def test_whoever_waits_is_mailed_once_however_often_it_is_run(
    meetup: Meetup, server: SmtpServer, source: str
) -> None:
    meetup.check_in(1, 2, 3)
    result = meetup.replay("--from", source)
    assert result.exit_code == 0, result.output
    first, last = result.stdout.splitlines()
    assert first.endswith(f" (Asia/Seoul), by the {source}: 3")
    assert last == "3 mailed, 0 failed, 0 settled before"
    assert result.stderr == ""  # no progress bar where nobody looks
    assert recipients(server) == ["p1@example.com", "p2@example.com", "p3@example.com"]

    for other in SOURCES:
        again = meetup.replay("--from", other)
        assert (again.exit_code, counts(again)) == (0, "0 mailed, 0 failed, 3 settled before")
    assert len(server.mails) == 3


@pytest.mark.parametrize("source", SOURCES)
def test_a_dry_run_counts_and_mails_nothing(
    meetup: Meetup, server: SmtpServer, source: str
) -> None:
    meetup.check_in(1)
    meetup.replay()
    meetup.check_in(2, 3)
    sessions = len(server.sessions)
    result = meetup.replay("--from", source, "--dry-run")
    assert (result.exit_code, counts(result)) == (0, "2 would be mailed, 1 settled before")
    assert len(server.sessions) == sessions
    assert meetup.states() == ["due", "due", "sent"]


@pytest.mark.parametrize(("hours", "source"), [(1, "stream"), (22, "stream"), (24, "table")])
def test_the_table_is_asked_beyond_what_the_stream_keeps(
    meetup: Meetup, server: SmtpServer, hours: float, source: str
) -> None:
    meetup.check_in(1)
    result = meetup.replay(hours=hours)
    assert f"by the {source}: 1\n" in result.stdout
    assert recipients(server) == ["p1@example.com"]


@pytest.mark.parametrize("source", SOURCES)
def test_whoever_came_before_is_left_alone(meetup: Meetup, server: SmtpServer, source: str) -> None:
    [check_in] = meetup.check_in(1)
    late = Wiring(meetup.stage.wiring.settings, now=lambda: check_in.checked_at + timedelta(1))
    meetup.stage.wiring = late
    result = meetup.replay("--from", source, hours=-0.5)
    assert (result.exit_code, counts(result)) == (0, "0 mailed, 0 failed, 0 settled before")
    assert server.sessions == []


def test_what_is_handed_back_goes_out_in_a_later_pass(meetup: Meetup, server: SmtpServer) -> None:
    meetup.check_in(1, 2)
    server.on("RCPT", "450 4.2.1 later", "450 4.2.1 later", about="p2@example.com")
    result = meetup.replay()
    assert (result.exit_code, counts(result)) == (0, "2 mailed, 0 failed, 0 settled before")
    assert recipients(server) == ["p1@example.com", "p2@example.com"]


def test_what_is_handed_back_each_time_is_told_and_done_another_time(
    meetup: Meetup, server: SmtpServer
) -> None:
    meetup.check_in(1, 2)
    server.always("RCPT", "450 4.2.1 later", about="p2@example.com")
    result = meetup.replay()
    assert result.exit_code == 1
    assert counts(result) == (
        "1 mailed, 0 failed, 0 settled before, 1 still owed: the sweep tries them"
    )
    assert meetup.states() == ["due", "sent"]

    server.forget()
    assert counts(meetup.replay()) == "1 mailed, 0 failed, 1 settled before"
    assert recipients(server) == ["p1@example.com", "p2@example.com"]


def test_an_address_that_is_refused_for_good_is_counted(meetup: Meetup, server: SmtpServer) -> None:
    meetup.check_in(1, 2)
    server.always("RCPT", "550 5.1.1 unknown", about="p2@example.com")
    result = meetup.replay()
    assert (result.exit_code, counts(result)) == (0, "1 mailed, 1 failed, 0 settled before")
    assert counts(meetup.replay()) == "0 mailed, 0 failed, 2 settled before"


def test_a_lost_reply_is_left_to_the_sweep_while_its_lease_lasts(
    meetup: Meetup, server: SmtpServer
) -> None:
    meetup.check_in(1)
    server.on("end", DROP)
    for options in ((), ("--dry-run",), ()):
        result = meetup.replay(*options)
        assert "1 still owed: the sweep tries them" in result.stdout
    assert meetup.states() == ["unclear"]
    assert len(server.mails) == 1


def test_with_hold_a_lost_reply_waits_for_a_person(meetup: Meetup, server: SmtpServer) -> None:
    meetup.read_settings(UNCLEAR_DELIVERY="hold")
    meetup.check_in(1)
    server.on("end", DROP)
    result = meetup.replay()
    assert result.exit_code == 0
    assert "1 unclear, which wait for `resend`" in result.stdout

    assert meetup.run("resend", "0211ABC", "--unclear").exit_code == 0
    assert "1 mailed" in counts(meetup.replay())
    assert meetup.states() == ["sent"]


def test_a_wrong_password_is_said_and_tried_a_few_times_only(
    meetup: Meetup, server: SmtpServer
) -> None:
    meetup.check_in(1, 2, 3, 4)
    login = {"SMTP_USERNAME": "somebody", "SMTP_PASSWORD": "wrong"}
    meetup.read_settings(**login)
    server.always("AUTH", "535 5.7.8 no")
    result = meetup.replay()
    assert result.exit_code == 2
    assert "nothing could be mailed" in result.stderr
    assert "4 still owed" in result.stdout
    assert sum(session.count("AUTH") for session in server.sessions) == 3
    assert meetup.states() == ["due"] * 4

    server.forget()
    meetup.read_settings(**login)
    assert meetup.replay().exit_code == 0
    assert meetup.states() == ["sent"] * 4


def test_the_item_decides_not_what_the_stream_remembers(meetup: Meetup, server: SmtpServer) -> None:
    """An address that was given later, and a check-in that is deleted."""
    [later] = meetup.check_in(1, no_email=True)
    [deleted] = meetup.check_in(2)
    correction = ("--check-in", later.check_in_id, "--email", "later@example.com")
    assert "1 put back" in meetup.run("resend", "0211ABC", *correction).stdout
    key = {"attendee_id": {"S": deleted.attendee_id}, "event_code": {"S": "0211ABC"}}
    meetup.dynamodb.delete_item(TableName=meetup.table, Key=key)
    result = meetup.replay("--from", "stream")
    assert (result.exit_code, counts(result)) == (0, "1 mailed, 0 failed, 1 settled before")
    assert recipients(server) == ["later@example.com"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--since", "soon"), "--since: 'soon' is not a date and time"),
        (("--since", "2100-01-01 00:00"), "--since: it lies in the future"),
        (("--since", "2026-02-11 19:00", "--timezone", "Seoul"), "not an IANA time zone"),
        (("--since", "2026-02-11 19:00", "--from", "memory"), "'memory' is not one of"),
        ((), "Missing option '--since'"),
    ],
)
def test_what_makes_no_sense_is_said_on_stderr(
    meetup: Meetup, options: tuple[str, ...], message: str
) -> None:
    result = meetup.run("replay", *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_stream_that_is_gone_points_to_the_table(meetup: Meetup) -> None:
    arn = meetup.environment["CHECK_IN_STREAM_ARN"]
    meetup.read_settings(CHECK_IN_STREAM_ARN=arn.replace(meetup.table, "gone"))
    result = meetup.replay()
    assert result.exit_code == 2
    assert "the stream was not read: " in result.stderr
    assert "--from table" in result.stderr
