"""The scenes of the fault suite, and the table of its measurements."""

from __future__ import annotations

import itertools
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
import trustme
from conftest import ENVIRONMENT
from smtp_server import SmtpServer

from chalicelib import settings
from faults import table
from faults.clock import Clock
from faults.consumer import Consumer, InProcess, Process
from faults.dynamodb_proxy import DynamoDbProxy
from faults.meetup import Meetup
from faults.row import Place
from faults.scene import Scene
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# `make check` plays all faults, and `make faults` also writes the tables of docs/delivery.md.
ALL = os.environ.get("FAULTS") in ("all", "write")
WRITE = os.environ.get("FAULTS") == "write"

SetScene = Callable[..., Scene]

_TABLES = {
    "EventTable": "EVENT_TABLE",
    "RegistrationTable": "REGISTRATION_TABLE",
    "CheckInTable": "CHECK_IN_TABLE",
}
_LOGIN = {
    "SMTP_SECURITY": "starttls",
    "SMTP_USERNAME": "hello@example.com",
    "SMTP_PASSWORD": "a password",
    "SMTP_CONNECTIONS": "1",  # one mail after another, so that a fault hits the intended mail
    # Only a fault may run into a timeout, however busy the machine is.
    "SMTP_TIMEOUT": "120",
    "STORAGE_TIMEOUT": "120",
}
_ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"
_numbers = itertools.count()
_measured: dict[table.Key, table.Cells] = {}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def roots(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of trusted certificates."""
    file = tmp_path_factory.mktemp("tls") / "roots.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def set_scene(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    roots: Path,
    certificate: ssl.SSLContext,
) -> Iterator[SetScene]:
    """Creates scenes, each with its own tables and servers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    with ExitStack() as stack:

        def make(place: Place = "here", **own: str) -> Scene:
            server = stack.enter_context(SmtpServer("starttls", certificate))
            environment = {**ENVIRONMENT, **_LOGIN, "SMTP_PORT": str(server.port), **own}
            proxy = None
            if place == "here":
                database: DynamoDBClient = request.getfixturevalue("dynamodb")
            else:
                address: str = request.getfixturevalue("moto_server")
                database = boto3.client("dynamodb", endpoint_url=address)
                if place != "at a server":
                    proxy = stack.enter_context(DynamoDbProxy(address))
                    address = proxy.address
                environment |= _fresh_tables() | {_ENDPOINT: address}
                create_tables(database, {name: environment[_TABLES[name]] for name in _TABLES})
            clock = Clock()
            known = settings.load(environment)

            def start() -> Consumer:
                if place == "in a process":
                    return Process(environment, clock)
                return InProcess(
                    known,
                    clock,
                    endpoint=environment.get(_ENDPOINT),
                    patience=float(environment["STORAGE_TIMEOUT"]),
                )

            meetup = Meetup(database, known, server, clock, start)
            stack.callback(meetup.bury)
            return Scene(meetup, server, proxy)

        yield make


def _fresh_tables() -> dict[str, str]:
    number = next(_numbers)
    return {setting: f"{ENVIRONMENT[setting]}-{number}" for setting in _TABLES.values()}


# The table. The tests that measure it run in one process or in several


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _measured.update(value for name, value in report.user_properties if name == table.MEASURED)  # type: ignore[misc]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if WRITE and not hasattr(session.config, "workerinput"):
        table.write(_measured)
