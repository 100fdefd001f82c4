"""Each function may make the calls that it makes, and no others: compares calls with policies.

tests/aws_calls.py fails each test in which a function does what its policy does not allow. Here
each function does all that it does, so that a grant that nothing uses is found, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_calls import recording
from chalice.test import Client
from conftest import ENVIRONMENT
from policies import CHALICE, FUNCTIONS, Access, for_lambda, granted, statements, text
from smtp_server import DROP, SmtpServer

import app
from chalicelib import settings
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ROOT = Path(__file__).parents[2]
SECRET_KEY = "parameter/rollcall/dev/secret-key"
MAIL_PASSWORD = "parameter/rollcall/dev/smtp-password"

Item = dict[str, Any]


class Stage:
    """The functions with secrets in the parameter store, as deployed."""

    def __init__(
        self,
        client: Client,
        dynamodb: DynamoDBClient,
        register: Callable[..., Registration],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._client = client
        self._dynamodb = dynamodb
        self._register = register
        self._monkeypatch = monkeypatch
        self._opened = app.wiring.now()
        self._numbers = count(1)

    def start_containers(self, later: int = 0) -> None:
        """New functions with empty caches, the given number of seconds later."""
        now = self._opened + timedelta(seconds=later)
        self._monkeypatch.setattr(app, "wiring", Wiring(settings.load(), now=lambda: now))

    def get(self, path: str) -> int:
        return self._client.http.get(path).status_code

    def check_in(self, phone: str, event_code: str = "0211ABC", **body: str) -> int:
        content = json.dumps({"phone": phone, **body}).encode()
        return self._client.http.post(f"/events/{event_code}/check-ins", body=content).status_code

    def checked_in(self) -> Item:
        """A stored check-in."""
        number = next(self._numbers)
        row = self._register(f"010-0000-{number:04}", email=f"p{number}@example.com")
        assert self.check_in(f"010-0000-{number:04}") == 201
        return self.item({"attendee_id": row.attendee_id, "event_code": row.event_code})

    def item(self, key: dict[str, str]) -> Item:
        keys: Any = {name: {"S": value} for name, value in key.items()}
        return dict(self._dynamodb.get_item(TableName="check-ins", Key=keys)["Item"])

    def send(self, *changes: Item) -> int:
        """How many of the stream's records are handed back."""
        records = [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(place), **change}}
            for place, change in enumerate(changes, start=1)
        ]
        answer = self._client.lambda_.invoke("send_confirmations", {"Records": records})
        return len(answer.payload["batchItemFailures"])

    def sweep(self) -> Any:
        event = self._client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        return self._client.lambda_.invoke("sweep_deliveries", event).payload


@pytest.fixture
def server(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """The mail server, with a login; and the secrets. In the settings before they are read."""
    store = boto3.client("ssm")
    for name, value in {
        "SECRET_KEY": ENVIRONMENT["SECRET_KEY"],
        "SMTP_PASSWORD": "a password",
    }.items():
        parameter = f"/rollcall/test/{name}"
        store.put_parameter(Name=parameter, Value=value, Type="SecureString")
        monkeypatch.setenv(f"{name}_PARAMETER", parameter)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMTP_USERNAME", "hello@example.com")
    monkeypatch.setenv("UNCLEAR_DELIVERY", "hold")
    with SmtpServer() as server:
        monkeypatch.setenv("SMTP_PORT", str(server.port))
        yield server


@pytest.fixture
def stage(
    server: SmtpServer,
    client: Client,
    register: Callable[..., Registration],
    dynamodb: DynamoDBClient,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    return Stage(client, dynamodb, register, monkeypatch)


def unused(function: str, used: set[Access]) -> set[Access]:
    """Calls that the policy grants but the function's code never makes."""
    return {each for each in granted() - used if each.function == function and not for_lambda(each)}


def test_the_api_makes_every_call_that_it_may_and_no_other(
    stage: Stage, wiring: Wiring, event: Event
) -> None:
    wiring.event_table.put(replace(event, walk_ins=True))
    closing = wiring.now() - timedelta(seconds=1)
    closed = replace(event, event_code="0210ABC", check_in_closes_at=closing)
    wiring.event_table.put(closed)
    stage.start_containers()
    with recording() as used:
        paths = ("/health", "/kiosk/0211ABC", "/assets/kiosk.js", "/events/0211ABC")
        assert [stage.get(path) for path in paths] == [200] * 4
        assert stage.get("/events/0211XYZ") == 404
        stage.checked_in()
        walk_in = {"name": "이두리", "email": "duri@example.com"}
        assert stage.check_in("010-0000-0009", **walk_in) == 201
        assert stage.check_in("010-0000-0009", **walk_in) == 200
        assert stage.check_in("010-0000-0008") == 422
        assert stage.check_in("010-0000-0009", closed.event_code) == 409
    assert unused("api_handler", used) == set()


def test_the_stream_consumer_makes_every_call_that_it_may_and_no_other(
    stage: Stage, server: SmtpServer
) -> None:
    batch = [stage.checked_in() for _ in range(5)]
    keys = [{name: item[name] for name in ("attendee_id", "event_code")} for item in batch]
    stage.start_containers()
    with recording() as used:
        views = [{"Keys": key, "NewImage": item} for key, item in zip(keys, batch, strict=True)]
        server.on("end", DROP, about="p1@example.com")
        assert stage.send(*views[:4], {"Keys": keys[4]}) == 0
        stage.start_containers(later=3600)
        assert stage.send(*views) == 0
        phone = {"phone": {"S": "010-0000-0001"}}
        foreign = {"email": {"S": "hana@example.com"}, "event_code": {"S": "0211ABC"}}
        assert stage.send({"Keys": phone, "NewImage": phone | foreign}, {"Keys": {}}) == 0
    assert len(server.mails) == 6
    assert unused("send_confirmations", used) == set()


def test_the_sweep_makes_every_call_that_it_may_and_no_other(
    stage: Stage, server: SmtpServer
) -> None:
    for _ in range(5):
        stage.checked_in()
    stage.start_containers()
    with recording() as used:
        server.on("end", DROP, about="p1@example.com")
        assert stage.sweep() == {"sent": 4, "unclear": 1}
        stage.start_containers(later=3600)
        assert stage.sweep() == {}
    assert unused("sweep_deliveries", used) == set()


# Granted


def test_every_function_has_a_policy_in_config_json_and_nothing_else_has() -> None:
    assert sorted(FUNCTIONS) == sorted(["api_handler", *(s.name for s in app.app.event_sources)])
    stages = json.loads((CHALICE / "config.json").read_text())["stages"]
    named = {
        each["iam_policy_file"]
        for stage in stages.values()
        for each in stage.get("lambda_functions", {}).values()
    }
    assert named == {file.name for file in CHALICE.glob("policy-*.json")}
    assert len(named) == 2 * len(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stages_policies_differ_by_the_stages_name_alone(function: str) -> None:
    assert text(function, "prod") == text(function, "dev").replace("-dev", "-prod").replace(
        "/dev/", "/prod/"
    )


def test_only_account_region_and_what_has_no_fixed_name_are_left_open() -> None:
    for function in FUNCTIONS:
        for statement in statements(function):
            assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])  # IAM takes no other characters
            assert all(re.fullmatch(r"[a-z]+:[A-Za-z]+", each) for each in statement["Action"])
            for resource in statement["Resource"]:
                assert resource.startswith("arn:*:")
                assert ":*:*:" in resource
                name = resource.split(":", 5)[5]
                # A stream, a log stream, and the functions of a plain package: AWS names them.
                plain = re.sub(r"(/stream/|^log-group:.*-[A-Z]\w+-|:)\*$", "", name)
                assert "*" not in plain, resource


def may(function: str, resource: str) -> set[str]:
    """The function's actions on what begins so."""
    return {
        each.action
        for each in granted()
        if each.function == function and each.resource.startswith(resource)
    }


def test_the_api_cannot_read_the_mailers_password() -> None:
    assert may("api_handler", MAIL_PASSWORD) == set()
    assert may("api_handler", SECRET_KEY) == {"ssm:GetParameter"}


@pytest.mark.parametrize("function", ["send_confirmations", "sweep_deliveries"])
def test_a_mailer_sees_no_registration_reads_no_key_and_adds_no_check_in(function: str) -> None:
    assert may(function, "table/rollcall-dev-registrations") == set()
    assert may(function, SECRET_KEY) == set()
    forbidden = {"dynamodb:PutItem", "dynamodb:DeleteItem"}
    assert may(function, "table/rollcall-dev-check-ins") & forbidden == set()


# Documented


PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| `(\S+)` \| (.+) \| (its code|Lambda) \|$", re.MULTILINE)
SECRET_ROW = re.compile(r"^\| .*`(\w+)_PARAMETER`\) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_security_md_lists_what_each_function_may_do() -> None:
    listed = [
        (function, action, resource, caller == "Lambda")
        for function, resource, actions, caller in ROW.findall(PAGE)
        for action in re.findall(r"`([^`]+)`", actions)
    ]
    assert sorted(listed) == sorted(
        (each.function, each.action, each.resource.replace("dev", "STAGE"), for_lambda(each))
        for each in granted()
    )


def test_security_md_says_who_reads_which_secret() -> None:
    secrets = {"SECRET_KEY": SECRET_KEY, "SMTP_PASSWORD": MAIL_PASSWORD}
    listed = {name: readers for name, *readers in SECRET_ROW.findall(PAGE)}
    assert listed == {
        name: ["reads" if may(function, secret) else "no access" for function in FUNCTIONS]
        for name, secret in secrets.items()
    }
