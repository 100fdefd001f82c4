"""What all tests share: the app under known settings, and DynamoDB without an account."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import boto3
import pytest
from chalice.local import LambdaContext
from chalice.test import Client
from moto import mock_aws

from chalicelib import settings
from chalicelib.attendance.delivery import Attempt, End
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring
from local import processes
from local.dynamodb import MissingExtra, dynamodb_local_command, install
from local.loopback import HOST, free_port
from local.runtime import Knobs
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)  # 19:00 in Seoul

ENVIRONMENT = {
    "EVENT_TABLE": "events",
    "REGISTRATION_TABLE": "registrations",
    "CHECK_IN_TABLE": "check-ins",
    "SECRET_KEY": "a key for tests",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_PORT": "1",
    "SMTP_SECURITY": "none",
    "MAIL_FROM": "Meetup <hello@example.com>",
    "STORAGE_TIMEOUT": "60",  # a busy machine is no fault of the storage
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}

pytest_plugins = ["aws_calls", "chromium", "commands", "mailing", "running"]

TABLES = {"EventTable": "events", "RegistrationTable": "registrations", "CheckInTable": "check-ins"}

# Before app.py is imported: it reads its settings then. And nothing of the machine's own AWS
# configuration reaches a test.
_OTHERS = (
    "BATCH_SIZE",
    "DEFAULT_REGION_CODE",
    "DELIVERY_LEASE",
    "METRICS_NAMESPACE",
    "SECRET_KEY",
    "SETTINGS_FILE",
    "STARTING_POSITION",
    "STORAGE_TIMEOUT",
    "UNCLEAR_DELIVERY",
)
for _name in list(os.environ):
    if _name.startswith(("AWS_", "SMTP_", "MAIL_", *_OTHERS)):
        del os.environ[_name]
os.environ.update(ENVIRONMENT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything is installed, so a test that cannot run there is a failure."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped:
        report.outcome = "failed"
    return report


@pytest.fixture
def app_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.LogCaptureFixture]:
    """What Rollcall logs; Chalice keeps its app's records from the root logger."""
    logger = logging.getLogger("rollcall")
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    """moto's DynamoDB, in this process and empty, with the tables of infrastructure/."""
    # A session of its own for each test would read the SDK's service models each time anew.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        client = boto3.client("dynamodb")
        create_tables(client, TABLES)
        yield client


@pytest.fixture
def event() -> Event:
    """Open at NOW, with self check-in and without walk-ins."""
    return Event(
        event_code="0211ABC",
        name="파이썬 밋업 2월",
        organization="Example Python User Group",
        venue="서울 예시 빌딩 3층",
        starts_at=NOW + timedelta(minutes=30),
        check_in_opens_at=NOW - timedelta(hours=1),
        check_in_closes_at=NOW + timedelta(hours=3),
        timezone="Asia/Seoul",
        locale="ko",
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),  # DynamoDB Local deletes what has expired
    )


@pytest.fixture
def wiring(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Wiring:
    """The app's parts over `dynamodb`, at NOW."""
    import app

    fresh = Wiring(settings.load(), now=lambda: NOW)
    # In place: the blueprints hold the object.
    monkeypatch.setattr(app.wiring, "__dict__", fresh.__dict__)
    return app.wiring


@pytest.fixture
def client(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Chalice's test client for the app: `client.http` and `client.lambda_`."""
    import app

    # By default a function has 3 seconds, in which a busy machine may not load its libraries.
    monkeypatch.setattr(
        "chalice.test.LambdaContext", partial(LambdaContext, max_runtime_ms=600_000)
    )

    with Client(app.app) as client:
        yield client


@pytest.fixture
def register(wiring: Wiring, event: Event) -> Callable[..., Registration]:
    """Puts `event` in the table, and a person on its roster."""

    def put(phone: str = "010-0000-0001", **fields: str | None) -> Registration:
        number = parse_phone(phone, "KR")
        known: Mapping[str, str | None] = {"name": "김하나", "email": "hana@example.com"}
        registration = Registration(
            event_code=event.event_code,
            attendee_id=attendee_id(number, ENVIRONMENT["SECRET_KEY"]),
            phone_last4=number[-4:],
            source="roster",
            expires_at=event.expires_at,
            **{**known, **fields},  # type: ignore[arg-type]
        )
        list(wiring.registration_table.put_many([registration]))
        return registration

    wiring.event_table.put(event)
    return put


@pytest.fixture
def mail_is_out(wiring: Wiring) -> Callable[[Registration], None]:
    """Has the confirmation of a registration's check-in claimed, sent and recorded."""

    def deliver(row: Registration) -> None:
        keys = {"attendee_id": {"S": row.attendee_id}, "event_code": {"S": row.event_code}}
        now = wiring.now()
        attempt = Attempt(token="1", now=now, until=now + timedelta(minutes=1), most_copies=2)
        assert wiring.deliveries.claim(keys, attempt).copies == 1
        wiring.deliveries.settle(keys, attempt.token, End(status="sent", now=now))

    return deliver


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The endpoint of moto's server, as the local runtime starts it."""
    port = free_port()
    server = processes.start(processes.python("local.moto", str(port)), os.environ)
    try:
        processes.wait_until(lambda: processes.listens(port), server, "moto")
        yield f"http://{HOST}:{port}"
    finally:
        processes.stop(server)


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The endpoint of AWS's DynamoDB Local; its jars are those of the local runtime."""
    port = free_port()
    try:
        jars = install(Knobs.read(os.environ).state)
    except MissingExtra as error:
        pytest.skip(str(error))
    command = dynamodb_local_command(jars, port, "-inMemory")
    server = processes.start(command, os.environ, quiet=True)
    try:
        processes.wait_until(lambda: processes.listens(port), server, "DynamoDB Local")
        yield f"http://{HOST}:{port}"
    finally:
        processes.stop(server)
