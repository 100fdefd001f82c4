"""Sends hundreds of malformed requests to the app behind Chalice's real server."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import Message
from typing import NamedTuple
from urllib.request import Request, urlopen

import malformed_requests
import pytest
from live_app import PHONE, LiveApp, running_app, url
from malformed_requests import Malformed

from chalicelib.web.problems import PROBLEMS
from local.loopback import HOST

SECONDS = 30  # a limit for answers that normally take a moment

GROUPS = [
    malformed_requests.bodies,
    malformed_requests.headers,
    malformed_requests.paths,
    malformed_requests.methods,
    malformed_requests.protocols,
]


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def live(moto_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    with running_app(moto_server, tmp_path_factory.mktemp("app")) as app:
        yield app


def send(app: LiveApp, malformed: Malformed) -> bytes:
    """Return all that arrives until the server closes the connection."""
    received = b""
    with socket.create_connection((HOST, app.port), SECONDS) as connection:
        try:
            connection.sendall(malformed.raw)
            if malformed.ends:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass  # the server may close before it has read everything; its answer still counts
    return received


def parse(received: bytes) -> Answer:
    head, separator, body = received.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    assert separator, "no answer"
    assert line.startswith(b"HTTP/1.1 ")
    headers = message_from_bytes(fields)
    return Answer(int(line.split(b" ")[1]), headers, body[: int(headers["Content-Length"])])


def judge(malformed: Malformed, received: bytes) -> None:
    assert b"Traceback" not in received
    answer = parse(received)
    assert answer.status < 500
    if malformed.raw.startswith(b"POST /events/"):
        assert answer.status >= 400, "checked in"
    if answer.status >= 400 and not _is_gateways(answer):
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert problem["status"] == answer.status
        assert problem["reason"] in PROBLEMS


def fault(app: LiveApp, malformed: Malformed) -> str | None:
    """The faults of one answer, so that a group's faults are reported together."""
    received = send(app, malformed)
    try:
        judge(malformed, received)
    except AssertionError as error:
        return f"{error}: {received[:300]!r}"
    return None


def _is_gateways(answer: Answer) -> bool:
    """API Gateway itself answers for routes that the app does not have."""
    return (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "UnauthorizedException")


def assert_still_well(app: LiveApp) -> None:
    body = json.dumps({"phone": PHONE}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(url(app, "/events/0211ABC/check-ins"), body, headers)
    with urlopen(request, timeout=SECONDS) as answer:
        assert answer.status == 201
    app.forget_check_ins()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: str(group.__name__))
def test_each_gets_a_problem_and_changes_nothing(
    live: LiveApp, group: Callable[[], Iterator[Malformed]]
) -> None:
    before = live.rows()
    requests = list(group())
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda malformed: fault(live, malformed), requests)
        faults = {
            malformed.name: what for malformed, what in zip(requests, answers, strict=True) if what
        }
    assert faults == {}
    assert live.rows() == before
    assert_still_well(live)


def test_the_console_shows_no_traceback_and_no_personal_data(live: LiveApp) -> None:
    for malformed in malformed_requests.headers():
        send(live, malformed)
    console = live.console.read_text(encoding="utf-8", errors="replace")
    assert "POST /events/0211ABC/check-ins" in console
    for secret in ("Traceback", malformed_requests.STRANGER, "duri@example.com"):
        assert secret not in console


def test_they_are_more_than_three_hundred() -> None:
    names = [malformed.name for group in GROUPS for malformed in group()]
    assert len(set(names)) == len(names) >= 300
