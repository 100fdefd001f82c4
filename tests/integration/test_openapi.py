"""Checks the app against docs/openapi.yaml with valid and invalid requests by schemathesis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from moto.server import ThreadedMotoServer
from schemathesis.config import SchemathesisConfig

from chalicelib.attendance.event import Event
from chalicelib.storage.events import EventTable
from local import processes
from local.loopback import free_port
from local.tables import create_tables

pytestmark = pytest.mark.full

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"

TABLES = {
    "EventTable": "openapi-events",
    "RegistrationTable": "openapi-registrations",
    "CheckInTable": "openapi-check-ins",
}

# code: when check-in opens, in hours from now, and whether anybody may check in
EVENTS = {"0211ABC": (-1, True), "0212SUN": (1, True), "0213KEY": (-1, False)}

api = schemathesis.openapi.from_path(
    DOCUMENT,
    config=SchemathesisConfig.from_dict(
        {
            "generation": {"deterministic": True},
            # An invalid phone number, or a name that nobody needs: the app refuses more (and less)
            # than a schema can express.
            "checks": {
                "negative_data_rejection": {"enabled": False},
                "positive_data_acceptance": {"enabled": False},
            },
        }
    ),
)

few = examples(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The app on a port of its own, as `make run` serves it, over moto with three events."""
    moto = ThreadedMotoServer("127.0.0.1", 0)
    moto.start()
    host, dynamodb_port = moto.get_host_and_port()
    port = free_port()
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://{host}:{dynamodb_port}",
        "EVENT_TABLE": TABLES["EventTable"],
        "REGISTRATION_TABLE": TABLES["RegistrationTable"],
        "CHECK_IN_TABLE": TABLES["CheckInTable"],
    }
    client = boto3.client("dynamodb", endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"])
    create_tables(client, TABLES)
    events = EventTable(client, TABLES["EventTable"])
    for code, (opens_in, self_check_in) in EVENTS.items():
        events.put(_event(code, timedelta(hours=opens_in), self_check_in))
    app = processes.start(
        processes.python(
            "local.api", "local", "--stage", "local", "--port", str(port), "--no-autoreload"
        ),
        environment,
    )
    try:
        processes.wait_until(lambda: processes.listens(port), app, "the app")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop(app)
        moto.stop()


def _event(code: str, opens_in: timedelta, self_check_in: bool) -> Event:
    opens_at = datetime.now(UTC).replace(microsecond=0) + opens_in
    return Event(
        event_code=code,
        name="파이썬 밋업",
        organization="Example Python User Group",
        venue="서울 예시 빌딩 3층",
        starts_at=opens_at + timedelta(hours=1),
        check_in_opens_at=opens_at,
        check_in_closes_at=opens_at + timedelta(hours=5),
        timezone="Asia/Seoul",
        locale="ko",
        expires_at=opens_at + timedelta(days=1),
        self_check_in=self_check_in,
        walk_ins=True,
    )


def test_the_document_is_valid() -> None:
    api.validate()


@api.parametrize()
@few
def test_every_answer_is_as_documented(case: schemathesis.Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address)


@pytest.mark.parametrize("code", list(EVENTS))
@api.include(path_regex="^/events/").parametrize()
@few
def test_every_answer_about_an_existing_event_is_as_documented(
    case: schemathesis.Case[Any], address: str, code: str
) -> None:
    case.path_parameters["event_code"] = code
    case.call_and_validate(base_url=address)
