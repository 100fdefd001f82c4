"""Everything in the benchmarks that depends on Rollcall: settings, functions, event and guests.

The benchmarks use the app only through this module, so if a part is renamed, only this changes.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from benchmarks.servers import SECRET, USER
from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.registration import Registration
from local.loopback import HOST

ROOT = Path(__file__).parents[1]

Item = dict[str, Any]

_NOW = datetime.now(UTC).replace(microsecond=0)
EVENT = Event(
    event_code="0211ABC",
    name="파이썬 밋업 2월",
    organization="Example Python User Group",
    venue="서울 예시 빌딩 3층",
    starts_at=_NOW + timedelta(minutes=30),
    check_in_opens_at=_NOW - timedelta(days=20),
    check_in_closes_at=_NOW + timedelta(days=20),
    timezone="Asia/Seoul",
    locale="ko",
    announcement="굿즈는 3층 데스크에서 받아 가세요.\n뒤풀이: https://example.com/after",
    expires_at=_NOW + timedelta(days=30),
)
_RESOURCE = "/events/{event_code}/check-ins"


class Context:
    """The context of an invocation that has all of its time left."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Product:
    """Rollcall's functions as `environment` configures them, in this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  -- the log writes to it until the end
        self._app = _load_app()
        self.dynamodb = boto3.client("dynamodb")
        self._tries = itertools.count()
        self._app.wiring.event_table.put(EVENT)

    def check_in(self, number: int, expected: int = 201) -> None:
        """Check a guest in, from API Gateway's event to the response."""
        # With the same nonce, a duplicate would get the answer of the first request.
        event = check_in_event(phone=phone(number), nonce=f"{next(self._tries):032x}")
        answer = self._app.app(event, Context())
        assert answer["statusCode"] == expected, answer

    def mail(self, records: list[Item]) -> None:
        answer = self._app.send_confirmations({"Records": records}, Context())
        assert answer == {"batchItemFailures": []}, answer

    def register(self, number: int) -> None:
        self._app.wiring.registration_table.add(
            Registration(
                event_code=EVENT.event_code,
                attendee_id=_attendee(number),
                name="이하나",
                email=email(number),
                phone_last4=phone(number)[-4:],
                source="roster",
                expires_at=EVENT.expires_at,
            )
        )

    def new_check_in(self, number: int) -> Item:
        """Check in a new guest. Returns the item as DynamoDB stores it."""
        self.register(number)
        self.check_in(number)
        item: Item = self.dynamodb.get_item(TableName="check-ins", Key=keys(number))["Item"]
        return item


def environment(aws_port: int, smtp_port: int = 1) -> dict[str, str]:
    """The environment of a deployed function, but with AWS and the mail server on loopback."""
    aws = f"http://{HOST}:{aws_port}"
    return {
        "EVENT_TABLE": "events",
        "REGISTRATION_TABLE": "registrations",
        "CHECK_IN_TABLE": "check-ins",
        "SECRET_KEY_PARAMETER": "/rollcall/bench/secret-key",
        "SMTP_PASSWORD_PARAMETER": "/rollcall/bench/smtp-password",
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(smtp_port),
        "SMTP_SECURITY": "tls",
        "SMTP_USERNAME": USER,
        "MAIL_FROM": f"Meetup <{USER}>",
        "AWS_LAMBDA_FUNCTION_NAME": "rollcall-bench",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_DYNAMODB": aws,
        "AWS_ENDPOINT_URL_SSM": aws,
        "no_proxy": HOST,
    }


def phone(number: int) -> str:
    return f"010-{number // 10_000:04d}-{number % 10_000:04d}"


def email(number: int) -> str:
    return f"guest{number}@example.com"


def keys(number: int) -> Item:
    return {"attendee_id": {"S": _attendee(number)}, "event_code": {"S": EVENT.event_code}}


def another(item: Item, number: int) -> Item:
    """A copy of the check-in `item` for another guest."""
    attendee = _attendee(number)
    return item | keys(number) | {
        "check_in_id": {"S": attendee[:20]},
        "email": {"S": email(number)},
        "due_shard": {"S": attendee[0]},
    }  # fmt: skip


def record(number: int, item: Item) -> Item:
    """The stream's record of a new check-in."""
    change = {"Keys": keys(number), "NewImage": item, "SequenceNumber": f"{number + 1:021}"}
    return {"eventName": "INSERT", "dynamodb": change}


def check_in_event(**body: str) -> dict[str, Any]:
    """API Gateway's event.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    headers = {"content-type": "application/json", "accept-language": "ko"}
    return {
        "resource": _RESOURCE,
        "path": _RESOURCE.format(event_code=EVENT.event_code),
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"event_code": EVENT.event_code},
        "stageVariables": None,
        "body": json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": "POST", "resourcePath": _RESOURCE},
    }


def _attendee(number: int) -> str:
    return attendee_id(parse_phone(phone(number), "KR"), SECRET)


def _load_app() -> Any:
    """Load app.py as a new module, so that one process can hold several with different settings."""
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec, "app.py exists"
    assert spec.loader, "a file has one"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
