"""Counts the calls to DynamoDB that a check-in and its mail cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client
from smtp_server import SmtpServer

from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

Register = Callable[..., Registration]

PHONE = "010-0000-0001"
CONDITIONAL_PUT = "PutItem if attribute_not_exists(attendee_id)"
WALK_IN_PUT = f"{CONDITIONAL_PUT} OR attribute_exists(#status)"


@pytest.fixture
def calls(wiring: Wiring, register: Register, event: Event) -> list[str]:
    """Record each call to DynamoDB from now on; the event is already cached."""
    wiring.reception.event(event.event_code)
    made: list[str] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        condition = json.loads(params["body"]).get("ConditionExpression")
        made.append(f"{model.name} if {condition}" if condition else model.name)

    wiring._dynamodb.meta.events.register("before-call.dynamodb", note)
    return made


def check_in(client: Client, **body: object) -> int:
    return client.http.post(
        "/events/0211ABC/check-ins", body=json.dumps({"phone": PHONE, **body}).encode()
    ).status_code


def outside(wiring: Wiring, event: Event) -> None:
    """The event as a container sees it that has it in its cache, when the window has closed."""
    wiring.events._seen[event.event_code] = (
        wiring.events._clock(),
        replace(event, check_in_closes_at=wiring.now() - timedelta(seconds=1)),
    )


def test_a_first_check_in_is_one_read_and_one_conditional_write(
    client: Client, register: Register, calls: list[str]
) -> None:
    register()
    calls.clear()
    assert check_in(client) == 201
    assert calls == ["GetItem", CONDITIONAL_PUT]


def test_a_duplicate_is_one_read_and_one_conditional_write(
    client: Client, register: Register, calls: list[str]
) -> None:
    register()
    check_in(client, nonce="n1")
    for nonce, status in (("n1", 201), ("n2", 200)):
        calls.clear()
        assert check_in(client, nonce=nonce) == status
        assert calls == ["GetItem", CONDITIONAL_PUT]


def test_a_walk_in_needs_one_more_write(
    client: Client, wiring: Wiring, event: Event, calls: list[str]
) -> None:
    wiring.event_table.put(replace(event, walk_ins=True))
    wiring.events._seen.clear()
    wiring.reception.event(event.event_code)
    calls.clear()
    assert check_in(client, name="이두리", email="duri@example.com") == 201
    assert calls == ["GetItem", WALK_IN_PUT, CONDITIONAL_PUT]


def test_a_refusal_of_an_unregistered_attendee_costs_two_reads(
    client: Client, calls: list[str]
) -> None:
    assert check_in(client) == 404
    assert calls == ["GetItem", "GetItem"]


def test_a_request_for_an_address_costs_two_reads(
    client: Client, register: Register, calls: list[str]
) -> None:
    register(email=None)
    calls.clear()
    assert check_in(client) == 422
    assert calls == ["GetItem", "GetItem"]


def test_a_late_arrival_costs_one_read(
    client: Client, wiring: Wiring, event: Event, calls: list[str]
) -> None:
    outside(wiring, event)
    assert check_in(client) == 409
    assert calls == ["GetItem"]


@pytest.mark.parametrize("body", [{"phone": "nonsense"}, {"phone": 1}, {"nonce": "\n \u00e9"}])
def test_an_invalid_request_costs_nothing(
    client: Client, calls: list[str], body: dict[str, object]
) -> None:
    assert check_in(client, **body) == 422
    assert calls == []


def test_a_page_that_polls_costs_one_read(client: Client, wiring: Wiring, calls: list[str]) -> None:
    wiring.events._seen.clear()
    for _ in range(3):
        assert client.http.get("/events/0211abc").status_code == 200
    assert calls == ["GetItem"]


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """Change the settings before the wiring reads them."""
    with SmtpServer() as server:
        monkeypatch.setenv("SMTP_PORT", str(server.port))
        yield server


def test_a_mail_is_two_conditional_writes(
    mail_server: SmtpServer, client: Client, register: Register, calls: list[str]
) -> None:
    attendee_id = register().attendee_id
    check_in(client)
    calls.clear()
    keys = {"attendee_id": {"S": attendee_id}, "event_code": {"S": "0211ABC"}}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
    client.lambda_.invoke("send_confirmations", {"Records": [record]})
    assert len(mail_server.accepted) == 1
    assert [call.partition(" if ")[0] for call in calls] == ["UpdateItem", "UpdateItem"]
    assert all(" if " in call for call in calls)


def test_a_sweep_that_finds_nothing_is_a_query_for_each_shard(
    mail_server: SmtpServer, client: Client, calls: list[str]
) -> None:
    event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    client.lambda_.invoke("sweep_deliveries", event)
    assert calls == ["Query"] * 16
    assert mail_server.sessions == []
