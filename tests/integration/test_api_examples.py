"""The app answers as the examples of docs/api.md show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from chalice.test import Client

from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

Register = Callable[..., Registration]

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
CHECK_INS = "/events/0211ABC/check-ins"


class Examples(NamedTuple):
    """Every block of JSON on the page, in order."""

    health: Any
    event: Any
    first: Any
    again: Any
    walk_in: Any
    no_email: Any
    problem: Any
    gateway: Any


@pytest.fixture(scope="module")
def examples() -> Examples:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return Examples(*map(json.loads, blocks))


def post(client: Client, body: object) -> tuple[int, Any]:
    answer = client.http.post(
        CHECK_INS, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode()
    )
    return answer.status_code, json.loads(answer.body)


def test_health_and_event(client: Client, register: Register, examples: Examples) -> None:
    register()
    assert client.http.get("/health").json_body == examples.health
    assert client.http.get("/events/0211abc").json_body == examples.event


def test_the_first_check_in_and_the_second(
    client: Client,
    register: Register,
    examples: Examples,
    mail_is_out: Callable[[Registration], None],
) -> None:
    person = register()
    status, first = post(client, {"phone": "010-0000-0001"})
    assert (status, first) == (201, {**examples.first, "check_in_id": first["check_in_id"]})
    mail_is_out(person)
    status, again = post(client, {"phone": "010-0000-0001"})
    assert (status, again) == (200, {**examples.again, "check_in_id": first["check_in_id"]})


def test_a_walk_in(client: Client, wiring: Wiring, event: Event, examples: Examples) -> None:
    wiring.event_table.put(replace(event, walk_ins=True))
    assert post(client, examples.walk_in)[0] == 201


def test_somebody_without_an_address(
    client: Client, register: Register, examples: Examples
) -> None:
    register(examples.no_email["phone"], email=None)
    status, answer = post(client, examples.no_email)
    assert status == 201
    assert answer["confirmation"] == {"status": "no_address", "to": None}


def test_a_problem(
    client: Client, register: Register, wiring: Wiring, event: Event, examples: Examples
) -> None:
    register()
    early = event.check_in_opens_at - timedelta(minutes=1)
    wiring.now = lambda: early
    assert post(client, {"phone": "010-0000-0001"}) == (409, examples.problem)
