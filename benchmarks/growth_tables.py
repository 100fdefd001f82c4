"""DynamoDB Locals with Rollcall's tables, and the settings of what works on them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import click

from benchmarks.meetup import EVENT
from chalicelib.attendance.phone import attendee_id
from chalicelib.attendance.registration import Registration
from chalicelib.storage.events import EventTable
from chalicelib.storage.registrations import RegistrationTable
from local import processes
from local.dynamodb import MissingExtra, dynamodb_local_command, install
from local.loopback import HOST, free_port
from local.runtime import Knobs
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# The first has every other row.
CODES = (EVENT.event_code, *(f"{day:04}ABC" for day in range(212, 221)))
KEY = "a key for benchmarks"

ROUNDS, VISITORS = 24, 10  # of each kind, in each round

_TABLES = {
    "EventTable": "events",
    "RegistrationTable": "registrations",
    "CheckInTable": "check-ins",
}
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=30)
_KEPT = ("PATH", "HOME", "LANG", "XDG_STATE_HOME")


def phone(number: int) -> str:
    """In E.164 form, of 0 to 9,999,999. Nobody has it: no 010 number goes on with a 0."""
    return f"+82100{number:07}"


def visitors(kind: str, size: int) -> list[int]:
    """The numbers of those who come to tables with `size` check-ins, of which they are none yet.

    A `duplicate` is one of them, of the first event: every other number, from all over the table.
    """
    count = ROUNDS * VISITORS
    if kind == "duplicate":
        return [(2 * 7919 * place + 1) % size for place in range(count)]
    first = {"new": 2_000_000, "not registered": 3_000_000}[kind]
    return list(range(first, first + count))


@dataclass(frozen=True, slots=True)
class Tables:
    """A DynamoDB Local; `directory` is where its file lies, if it has one."""

    port: int
    directory: Path

    def environment(self, smtp_port: int = 1) -> dict[str, str]:
        """The settings of whatever works on these tables."""
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://{HOST}:{self.port}",
            "AWS_LAMBDA_FUNCTION_NAME": "rollcall",
            "EVENT_TABLE": "events",
            "REGISTRATION_TABLE": "registrations",
            "CHECK_IN_TABLE": "check-ins",
            "CHECK_IN_STREAM_ARN": "arn:aws:dynamodb:us-east-1:0:table/check-ins/stream/-",
            "SECRET_KEY": KEY,
            "MAIL_FROM": "Meetup <hello@example.com>",
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(smtp_port),
            "SMTP_SECURITY": "none",
        }

    def client(self) -> DynamoDBClient:
        return boto3.client(
            "dynamodb",
            endpoint_url=f"http://{HOST}:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  -- it asks for one, and takes any
        )

    def register(self, numbers: list[int]) -> None:
        """The people with these phone numbers, on the first event's roster."""
        people = (
            Registration(
                CODES[0], attendee_id(phone(number), KEY), "김하나", f"guest{number}@example.com",
                phone(number)[-4:], "roster", LATER,
            )
            for number in numbers
        )  # fmt: skip
        for _ in RegistrationTable(self.client(), "registrations").put_many(people):
            pass


@contextmanager
def dynamodb_local(*, in_memory: bool = False) -> Iterator[Tables]:
    """With empty tables, and the events of CODES. Raises ClickException where Java is missing."""
    try:
        jars = install(Knobs.read(os.environ).state)
    except MissingExtra as error:
        raise click.ClickException(f"growth is measured on DynamoDB Local: {error}") from error
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        where = ("-inMemory",) if in_memory else ("-dbPath", directory)
        command = dynamodb_local_command(jars, port, *where)
        server = processes.start(command, os.environ, quiet=True)
        try:
            processes.wait_until(lambda: processes.listens(port), server, "DynamoDB Local")
            tables = Tables(port, Path(directory))
            create_tables(tables.client(), _TABLES)
            for code in CODES:
                EventTable(tables.client(), "events").put(replace(EVENT, event_code=code))
            yield tables
        finally:
            processes.stop(server)
