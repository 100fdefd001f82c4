"""The app behind Chalice's own server, as `make run` starts it, over moto's server."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib import settings
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.registration import Registration
from chalicelib.storage.events import EventTable
from chalicelib.storage.registrations import RegistrationTable
from local import processes
from local.loopback import HOST, free_port
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PHONE = "010-0000-0001"

# Chalice's server with a shorter patience for bodies that never come.
_START = "from local import api; api.BODY_SECONDS = 1; api.main()"
_ARGUMENTS = ["local", "--stage", "local", "--no-autoreload", "--port"]


@dataclass(frozen=True)
class LiveApp:
    """Its event is open now and takes walk-ins; PHONE is on the roster."""

    port: int
    event: Event
    console: Path
    client: DynamoDBClient
    tables: dict[str, str]

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the tables."""
        return {
            resource: sorted(self.client.scan(TableName=table)["Items"], key=str)
            for resource, table in self.tables.items()
        }

    def forget_check_ins(self) -> None:
        for row in self.rows()["CheckInTable"]:
            key = {name: row[name] for name in ("attendee_id", "event_code")}
            self.client.delete_item(TableName=self.tables["CheckInTable"], Key=key)


@contextmanager
def running_app(dynamodb: str, directory: Path) -> Iterator[LiveApp]:
    """`dynamodb` is an endpoint; `directory` is for the app's output."""
    client = boto3.client("dynamodb", endpoint_url=dynamodb)
    tables = {
        resource: f"{resource}-{uuid.uuid4()}"
        for resource in ("EventTable", "RegistrationTable", "CheckInTable")
    }
    create_tables(client, tables)
    environment = {
        **os.environ,
        "EVENT_TABLE": tables["EventTable"],
        "REGISTRATION_TABLE": tables["RegistrationTable"],
        "CHECK_IN_TABLE": tables["CheckInTable"],
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        "PYTHONUNBUFFERED": "1",
    }
    app = LiveApp(free_port(), _event(), directory / "console.txt", client, tables)
    EventTable(client, tables["EventTable"]).put(app.event)
    RegistrationTable(client, tables["RegistrationTable"]).add(_registration(app.event))
    with app.console.open("wb") as console:
        server = subprocess.Popen(
            [sys.executable, "-c", _START, *_ARGUMENTS, str(app.port)],
            env=environment,
            cwd=processes.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
        )
        try:
            processes.wait_until(lambda: processes.listens(app.port), server, "the app")
            yield app
        finally:
            processes.stop(server)
            client.close()


def url(app: LiveApp, path: str) -> str:
    return f"http://{HOST}:{app.port}{path}"


def _event() -> Event:
    now = datetime.now(UTC).replace(microsecond=0)
    return Event(
        event_code="0211ABC",
        name="파이썬 밋업",
        organization="Example Python User Group",
        venue="예시 빌딩 3층",
        starts_at=now,
        check_in_opens_at=now - timedelta(hours=1),
        check_in_closes_at=now + timedelta(hours=1),
        timezone="Asia/Seoul",
        locale="ko",
        expires_at=now + timedelta(days=1),
        walk_ins=True,
    )


def _registration(event: Event) -> Registration:
    number = parse_phone(PHONE, "KR")
    secret_key = settings.load().secret_key.value
    assert secret_key is not None, "set in conftest.py"
    return Registration(
        event_code=event.event_code,
        attendee_id=attendee_id(number, secret_key),
        name="김하나",
        email="hana@example.com",
        phone_last4=number[-4:],
        source="roster",
        expires_at=event.expires_at,
    )
