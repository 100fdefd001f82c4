"""The log of the functions on Lambda: JSON lines, including metrics."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chalice.test import Client
from smtp_server import SmtpServer

import app
from chalicelib import settings
from chalicelib.attendance.registration import Registration
from chalicelib.telemetry import json_log
from chalicelib.wiring import Wiring

Register = Callable[..., Registration]

PHONE = "010-0000-0001"
NAME = "김하나"
FUNCTION = "rollcall-dev"
PERSONAL = (NAME, json.dumps(NAME)[1:-1], "@", "0000-000", "82100000")


class Stdout(io.StringIO):
    """The current sys.stdout: pytest replaces it between fixture and test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


class Written:
    """The functions' output; it can be read once."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.metrics: list[dict[str, Any]] = []

    def lines(self) -> list[dict[str, Any]]:
        """The log without metrics, which go to `metrics`."""
        out, err = self._capfd.readouterr()
        assert err == ""
        for personal in PERSONAL:
            assert personal not in out
        lines = [json.loads(line) for line in out.splitlines()]
        self.metrics += [line for line in lines if "_aws" in line]
        log = [line for line in lines if "_aws" not in line]
        for line in log:
            assert {"time", "level", "logger", "message", "function", "request_id"} <= set(line)
            assert line["function"] == FUNCTION
        return log

    def measured(self) -> dict[str, Any]:
        self.lines()
        return {name: value for line in self.metrics for name, value in line.items()}


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def written(
    client: Client,
    server: SmtpServer,
    wiring: Wiring,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Written]:
    """The app, as it is in Lambda."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
    monkeypatch.setenv("METRICS_NAMESPACE", "rollcall-dev")
    monkeypatch.setenv("SMTP_PORT", str(server.port))
    deployed = Wiring(settings.load(), now=wiring.now)
    monkeypatch.setattr(app.wiring, "__dict__", deployed.__dict__)
    log, root = app.app.log, logging.getLogger()
    handlers, filters = [*log.handlers], [*log.filters]
    json_log.configure(log, deployed.settings.function_name)
    [handler] = [each for each in root.handlers if isinstance(each.formatter, json_log.JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(Stdout())
    yield Written(capfd)
    root.removeHandler(handler)
    log.propagate = False
    log.handlers[:], log.filters[:] = handlers, filters


def check_in(client: Client, **body: str) -> tuple[int, str]:
    """The status, and the check-in's id."""
    answer = client.http.post(
        "/events/0211ABC/check-ins", body=json.dumps({"phone": PHONE, **body}).encode()
    )
    return answer.status_code, answer.json_body.get("check_in_id", "")


def records(*registrations: Registration) -> dict[str, Any]:
    """Stream records of their check-ins, numbered from 1."""
    keys = [
        {"attendee_id": {"S": row.attendee_id}, "event_code": {"S": row.event_code}}
        for row in registrations
    ]
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"Keys": each, "SequenceNumber": str(number)}}
            for number, each in enumerate(keys, start=1)
        ]
    }


def sweep(client: Client) -> None:
    event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    client.lambda_.invoke("sweep_deliveries", event)


def test_a_check_in_logs_a_line_and_the_first_one_is_measured(
    written: Written, client: Client, register: Register
) -> None:
    register()
    status, check_in_id = check_in(client, nonce="n1")
    assert status == 201
    [line] = written.lines()
    assert line.pop("milliseconds") > 0
    assert line.pop("message").startswith("POST /events/{event_code}/check-ins 201 ")
    assert line.pop("request_id")
    del line["time"]
    assert line == {
        "level": "INFO",
        "logger": "rollcall.web",
        "function": FUNCTION,
        "method": "POST",
        "route": "/events/{event_code}/check-ins",
        "status": 201,
        "check_in_id": check_in_id,
    }
    assert [each["CheckIns"] for each in written.metrics] == [1]
    [directive] = written.metrics[0]["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "rollcall-dev"


def test_neither_a_retry_nor_a_duplicate_nor_a_refusal_is_measured(
    written: Written, client: Client, register: Register
) -> None:
    register()
    first = check_in(client, nonce="n1")
    assert written.measured()
    written.metrics.clear()
    assert check_in(client, nonce="n1") == first
    assert check_in(client, nonce="n2") == (200, first[1])
    assert check_in(client, phone="010-0000-0002")[0] == 404
    lines = written.lines()
    assert written.metrics == []
    assert [line.get("check_in_id") for line in lines] == [first[1], first[1], None]
    assert [line.get("reason") for line in lines] == [None, None, "not_registered"]


def test_each_invocation_has_the_id_that_lambda_gave_it(written: Written, client: Client) -> None:
    client.http.get("/events/0211XYZ")
    client.http.get("/events/0211XYZ")
    ids = {line["request_id"] for line in written.lines()}
    assert len(ids) == 2


def test_an_unexpected_error_is_json_without_personal_data(
    written: Written, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: object) -> None:
        raise ValueError(f"{NAME} {PHONE}")

    monkeypatch.setattr(app.wiring.reception, "event", break_down)
    assert client.http.get(f"/events/{PHONE}").status_code == 500
    error, request = written.lines()
    assert error["level"] == "ERROR"
    assert error["message"] == "Caught exception for path …"
    assert error["exception"].endswith("\nValueError")
    assert "in break_down" in error["exception"]
    assert (request["status"], request["reason"]) == (500, "internal_error")
    assert error["request_id"] == request["request_id"]


def test_a_mail_that_fails_is_named_by_its_check_in_and_its_record(
    written: Written, client: Client, server: SmtpServer, register: Register
) -> None:
    rows = [register(), register("010-0000-0002", email="duri@example.com")]
    ids = [check_in(client)[1], check_in(client, phone="010-0000-0002")[1]]
    written.lines()
    written.metrics.clear()
    server.on("RCPT", "550 5.1.1 <hana@example.com>", about="hana")
    client.lambda_.invoke("send_confirmations", records(*rows))
    failed, batch = written.lines()
    assert failed["message"] == "record 1: failed, recipient refused: 550 5.1.1"
    assert (failed["check_in_id"], failed["sequence_number"]) == (ids[0], "1")
    assert batch["message"] in ("batch: 1 failed, 1 sent", "batch: 1 sent, 1 failed")
    assert failed["request_id"] == batch["request_id"]
    measured = written.measured()
    assert (measured["MailsFailed"], measured["MailsSent"]) == (1, 1)
    assert measured["SecondsToMail"] == 0


def test_a_sweep_names_check_ins_by_their_id(
    written: Written, client: Client, server: SmtpServer, register: Register
) -> None:
    register()
    check_in_id = check_in(client)[1]
    written.lines()
    server.on("RCPT", "450 4.2.1 <hana@example.com>")
    sweep(client)
    due, swept = written.lines()
    assert (due["check_in_id"], "sequence_number" in due) == (check_in_id, False)
    assert swept["message"] == "sweep: 1 again"
    measured = written.measured()
    assert (measured["Owed"], measured["OldestOwedSeconds"]) == (1, 0)


def test_an_idle_sweep_writes_its_metrics_and_nothing_else(
    written: Written, client: Client
) -> None:
    sweep(client)
    assert written.lines() == []
    [line] = written.metrics
    assert (line["Owed"], line["OldestOwedSeconds"]) == (0, 0)


def test_without_lambda_there_are_no_metrics(
    client: Client, register: Register, capfd: pytest.CaptureFixture[str]
) -> None:
    register()
    assert check_in(client)[0] == 201
    sweep(client)
    assert "_aws" not in "".join(capfd.readouterr())
