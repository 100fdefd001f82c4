"""When DynamoDB does not answer, or refuses: a 503 after bounded tries, and nobody's data told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib import settings
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TRIES = 3
NAME, EMAIL, PHONE = "김하나", "hana@example.com", "010-0000-0001"


class Refusing(BaseHTTPRequestHandler):
    """A DynamoDB that refuses every request in one way, and repeats what it was asked."""

    status, code = 400, "ThrottlingException"
    asked: list[str]

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append(request)
        answer = json.dumps({"__type": f"com.example#{self.code}", "message": request}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def refusing(status: int, code: str) -> Iterator[tuple[str, list[str]]]:
    """Yields its address, and what it was asked so far."""
    asked: list[str] = []
    handler = type("Handler", (Refusing,), {"status": status, "code": code, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the SDK would have waited between its tries."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address at which nobody listens, nor will while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Client]]:
    """The app over the DynamoDB at an address."""
    wirings: list[Wiring] = []

    def client(endpoint: str) -> Client:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        wirings.append(Wiring(settings.load()))
        monkeypatch.setattr(app.wiring, "__dict__", wirings[-1].__dict__)
        return Client(app.app)

    yield client
    for wiring in wirings:
        wiring._dynamodb.close()


def requests(client: Client) -> list[HTTPResponse]:
    body = json.dumps({"phone": PHONE, "name": NAME, "email": EMAIL}).encode()
    return [
        client.http.get("/health"),
        client.http.get("/events/0211ABC"),
        client.http.post("/events/0211ABC/check-ins", body=body),
    ]


def assert_unavailable(answer: HTTPResponse) -> None:
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json_body["reason"] == "storage_unavailable"
    assert set(answer.json_body) == {"title", "status", "reason", "detail"}


def assert_discreet(log: pytest.LogCaptureFixture, *secrets: str) -> None:
    assert log.records
    for record in log.records:
        logged = f"{record.getMessage()} {record.exc_info} {record.exc_text}"
        for secret in (NAME, EMAIL, PHONE, "821000000001", *secrets):
            assert secret not in logged


def test_unreachable_storage_is_reported(
    closed_port: str,
    over: Callable[[str], Client],
    waits: list[float],
    app_log: pytest.LogCaptureFixture,
) -> None:
    answers = requests(over(closed_port))
    for answer in answers:
        assert_unavailable(answer)
    assert len(waits) == (TRIES - 1) * len(answers)
    assert_discreet(app_log)
    assert "EndpointConnectionError" in app_log.text


@pytest.mark.parametrize(
    ("refusal", "tries"),
    [
        ((400, "ThrottlingException"), TRIES),
        ((400, "ProvisionedThroughputExceededException"), TRIES),
        ((500, "InternalServerError"), TRIES),
        ((503, "ServiceUnavailable"), TRIES),
        ((400, "ResourceNotFoundException"), 1),
        ((400, "AccessDeniedException"), 1),
        ((400, "ExpiredTokenException"), 1),
    ],
)
def test_refusing_storage_is_asked_at_most_three_times(
    over: Callable[[str], Client],
    waits: list[float],
    app_log: pytest.LogCaptureFixture,
    refusal: tuple[int, str],
    tries: int,
) -> None:
    with refusing(*refusal) as (endpoint, asked):
        answers = requests(over(endpoint))
    for answer in answers:
        assert_unavailable(answer)
    assert len(asked) == tries * len(answers)
    assert all(wait <= 2 for wait in waits)
    assert_discreet(app_log)
    assert refusal[1] in app_log.text


@pytest.mark.parametrize("call", ["GetItem", "PutItem"])
def test_a_refused_call_reveals_no_personal_data(
    client: Client,
    wiring: Wiring,
    register: Callable[..., Registration],
    app_log: pytest.LogCaptureFixture,
    call: str,
) -> None:
    row = register(name=NAME, email=EMAIL)
    wiring.reception.event("0211ABC")

    def refuse(params: dict[str, Any], **_: Any) -> Any:
        error = {"Code": "ValidationException", "Message": params["body"].decode()}
        return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}

    wiring._dynamodb.meta.events.register(f"before-call.dynamodb.{call}", refuse)
    body = json.dumps({"phone": PHONE}).encode()
    answer = client.http.post("/events/0211ABC/check-ins", body=body)
    assert_unavailable(answer)
    assert row.attendee_id not in answer.body.decode()
    assert_discreet(app_log, row.attendee_id)


def test_a_foreign_item_does_not_crash_the_app(
    client: Client,
    dynamodb: DynamoDBClient,
    register: Callable[..., Registration],
    app_log: pytest.LogCaptureFixture,
) -> None:
    row = register(name=NAME, email=EMAIL)
    dynamodb.put_item(
        TableName="check-ins",
        Item={
            "attendee_id": {"S": row.attendee_id},
            "event_code": {"S": row.event_code},
            "phone": {"S": PHONE},
            "email": {"S": EMAIL},
        },
    )
    body = json.dumps({"phone": PHONE}).encode()
    assert_unavailable(client.http.post("/events/0211ABC/check-ins", body=body))
    assert_discreet(app_log, row.attendee_id)


def test_a_check_in_without_its_secret_is_answered(
    client: Client,
    register: Callable[..., Registration],
    monkeypatch: pytest.MonkeyPatch,
    app_log: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_PARAMETER", "/rollcall/missing")
    monkeypatch.setattr(app.wiring, "__dict__", Wiring(settings.load()).__dict__)
    with refusing(400, "ParameterNotFound") as (endpoint, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", endpoint)
        body = json.dumps({"phone": PHONE}).encode()
        assert_unavailable(client.http.post("/events/0211ABC/check-ins", body=body))
    assert asked
    assert_discreet(app_log)
