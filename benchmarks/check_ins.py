"""A check-in's CPU, from API Gateway's event to the response, against its bare calls of boto3."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from benchmarks import stage
from benchmarks.measuring import Sample, cpu_seconds, in_turns
from benchmarks.meetup import EVENT, check_in
from benchmarks.report import Report, Table, Target
from benchmarks.shares import shares
from chalicelib.attendance import reception
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.registration import Registration
from chalicelib.storage import check_ins
from chalicelib.telemetry.metrics import Metrics
from chalicelib.web import check_ins as views

_ROUNDS = 21
_TIMES = 100  # a round
_MOST = 1.10

_KINDS = {
    "a first check-in": ("first", "bare_first"),
    "a duplicate": ("duplicate", "bare_duplicate"),
    "not registered": ("not_registered", "bare_not_registered"),
    "malformed (asks nothing)": ("malformed", "bare_first"),
}


class Door:
    """People by number, and what each way costs; every call returns seconds of CPU."""

    def __init__(self) -> None:
        import app
        from chalicelib import settings
        from chalicelib.wiring import Wiring

        self._app = app.app
        self._wiring = Wiring(settings.load())
        stage.use(app, self._wiring)
        self._client = boto3.client("dynamodb")
        self._new = itertools.count()
        self._tries = itertools.count()
        self._phone = _phone(next(self._new))
        self._register(self._phone)
        self._check_in(self._phone, 201)
        self._duplicate = self._attributes(self._phone)

    def first(self) -> float:
        phones = iter([self._registered() for _ in range(_TIMES)])
        return cpu_seconds(lambda: self._check_in(next(phones), 201), _TIMES)

    def duplicate(self) -> float:
        return cpu_seconds(lambda: self._check_in(self._phone, 200), _TIMES)

    def not_registered(self) -> float:
        return cpu_seconds(lambda: self._check_in(_phone(9_999_999), 404), _TIMES)

    def malformed(self) -> float:
        return cpu_seconds(lambda: self._check_in("010-0000", 422), _TIMES)

    def bare_first(self) -> float:
        """What a first check-in asks of DynamoDB, by hand: a read, and a conditional write."""
        items = iter([self._attributes(_phone(next(self._new))) for _ in range(_TIMES)])

        def both() -> None:
            item = next(items)
            self._get("registrations", item)
            self._put(item)

        return cpu_seconds(both, _TIMES)

    def bare_duplicate(self) -> float:
        def both() -> None:
            self._get("registrations", self._duplicate)
            with suppress(ClientError):
                self._put(self._duplicate)

        return cpu_seconds(both, _TIMES)

    def bare_not_registered(self) -> float:
        def both() -> None:
            self._get("registrations", self._duplicate)
            self._get("check-ins", self._duplicate)

        return cpu_seconds(both, _TIMES)

    def shares(self) -> Table:
        """Of first check-ins."""
        phones = iter([self._registered() for _ in range(_TIMES * _ROUNDS)])

        def some() -> None:
            for phone in itertools.islice(phones, _TIMES):
                self._check_in(phone, 201)

        return shares(
            "What a first check-in's CPU goes to",
            {
                "the SDK: the two calls": (BaseClient, "_make_api_call"),
                "the item in DynamoDB's types": (check_ins, "to_item"),
                "reading the phone number": (reception, "parse_phone"),
                "the rule, body and answer": (views, "check_in"),
                "the line in the log": (logging.Logger, "_log"),
                "the metric": (Metrics, "put"),
            },
            some,
            _TIMES,
            _ROUNDS,
        )

    def _check_in(self, phone: str, expected: int) -> None:
        # Another try each time: with one nonce a duplicate would be answered as the first.
        event = check_in(phone=phone, nonce=f"{next(self._tries):032x}")
        answer = self._app(event, stage.Context())
        assert answer["statusCode"] == expected, answer

    def _registered(self) -> str:
        phone = _phone(next(self._new))
        self._register(phone)
        return phone

    def _register(self, phone: str) -> None:
        number = parse_phone(phone, "KR")
        registration = Registration(
            event_code=EVENT.event_code,
            attendee_id=attendee_id(number, self._wiring.secret_key),
            name="이하나",
            email="hana@example.com",
            phone_last4=number[-4:],
            source="roster",
            expires_at=EVENT.expires_at,
        )
        self._wiring.registration_table.add(registration)

    def _attributes(self, phone: str) -> dict[str, Any]:
        """A check-in's item, in DynamoDB's own form."""
        moment = {"N": str(int(EVENT.starts_at.timestamp()))}
        attendee = attendee_id(parse_phone(phone, "KR"), self._wiring.secret_key)
        return {
            "attendee_id": {"S": attendee},
            "event_code": {"S": EVENT.event_code},
            "check_in_id": {"S": attendee[:20]},
            "name": {"S": "이하나"},
            "email": {"S": "hana@example.com"},
            "checked_at": moment,
            "source": {"S": "roster"},
            "nonce": {"S": "0123456789abcdef"},
            "delivery": {"S": "due"},
            "expires_at": moment,
            "due_shard": {"S": attendee[0]},
            "due_at": moment,
        }

    def _get(self, table: str, item: dict[str, Any]) -> None:
        key = {name: item[name] for name in ("event_code", "attendee_id")}
        self._client.get_item(TableName=table, Key=key)

    def _put(self, item: dict[str, Any]) -> None:
        self._client.put_item(
            TableName="check-ins",
            Item=item,
            ConditionExpression="attribute_not_exists(attendee_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def measure() -> Report:
    with stage.stand_in("dynamodb_stub", 0) as dynamodb, stage.settings(dynamodb):
        door = Door()
        names = sorted({name for pair in _KINDS.values() for name in pair})
        subjects: dict[str, Callable[[], float]] = {name: getattr(door, name) for name in names}
        for warm in subjects.values():
            warm()
        found = in_turns(subjects, _ROUNDS)
        parts = door.shares()
    ratios = {kind: found[ours].against(found[bare]) for kind, (ours, bare) in _KINDS.items()}
    return Report(
        tables=[
            Table(
                "CPU from API Gateway's event to the response",
                ("", "ms", "bare calls, ms", "ratio", "middle half", "runs"),
                [_row(kind, found, ratios[kind]) for kind in _KINDS],
            ),
            parts,
        ],
        targets=[
            Target(
                f"CPU of {kind}, against its bare calls",
                f"≤ {_MOST:.2f} ×",
                f"{ratio.median:.2f} ×",
                met=ratio.median <= _MOST,
            )
            for kind, ratio in ratios.items()
        ],
        figures={"checkin_cpu_ms": found["first"].median * 1000},
    )


def _row(kind: str, found: dict[str, Sample], ratio: Sample) -> tuple[str, ...]:
    ours, bare = (found[name].median * 1000 for name in _KINDS[kind])
    return (
        kind,
        f"{ours:.2f}",
        f"{bare:.2f}",
        f"{ratio.median:.2f} ×",
        f"{ratio.low:.2f}–{ratio.high:.2f}",
        str(ratio.runs),
    )


def _phone(number: int) -> str:
    """010-0000-0000 and on; the number ranges of nobody's phones are not enough for all runs."""
    return f"010-{number // 10_000:04d}-{number % 10_000:04d}"
