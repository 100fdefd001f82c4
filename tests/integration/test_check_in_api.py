"""The API as a client sees it: app, rules and storage together."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from chalice.test import Client, HTTPResponse

from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.web.access import kiosk_key
from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Register = Callable[..., Registration]

PHONE = "010-0000-0001"
WALK_IN = {"phone": PHONE, "name": "이두리", "email": "duri@example.com"}


def check_in(client: Client, body: object, code: str = "0211ABC", **headers: str) -> HTTPResponse:
    return client.http.post(
        f"/events/{code}/check-ins",
        headers={"Content-Type": "application/json", **headers},
        body=json.dumps(body).encode(),
    )


def change(wiring: Wiring, event: Event, **fields: Any) -> None:
    """Store a changed event, as a newly started container sees it."""
    wiring.event_table.put(replace(event, **fields))
    wiring.events._seen.clear()


def move_window(wiring: Wiring, event: Event, opens: int, closes: int) -> None:
    """Make check-in open and close the given number of hours from now."""
    change(
        wiring,
        event,
        check_in_opens_at=wiring.now() + timedelta(hours=opens),
        check_in_closes_at=wiring.now() + timedelta(hours=closes),
    )


def assert_problem(answer: HTTPResponse, status: int, reason: str, **members: object) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Language"] == "en"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json_body
    assert body.pop("title")
    assert body.pop("detail")
    assert body == {"status": status, "reason": reason, **members}


def items(dynamodb: DynamoDBClient, table: str) -> list[Any]:
    return dynamodb.scan(TableName=table)["Items"]


class TestChecksIn:
    def test_who_is_on_the_roster(self, client: Client, register: Register) -> None:
        register()
        answer = check_in(client, {"phone": PHONE, "nonce": "n1"})
        assert answer.status_code == 201
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json_body
        assert body.pop("check_in_id")
        assert body == {
            "status": "checked_in",
            "name": "김하나",
            "checked_at": "2026-02-11T19:00:00+09:00",
            "confirmation": {"status": "due", "to": "h***@example.com"},
        }

    def test_a_retry_with_the_same_answer(self, client: Client, register: Register) -> None:
        register()
        body = {"phone": PHONE, "nonce": "n1"}
        first, again = check_in(client, body), check_in(client, body)
        assert again.status_code == 201
        assert again.body == first.body

    def test_a_retry_with_the_same_answer_after_the_mail_is_out(
        self,
        client: Client,
        wiring: Wiring,
        event: Event,
        register: Register,
        mail_is_out: Callable[[Registration], None],
    ) -> None:
        row = register()
        body = {"phone": PHONE, "nonce": "n1"}
        first = check_in(client, body)
        mail_is_out(row)
        change(wiring, event, check_in_closes_at=wiring.now())
        again = check_in(client, body)
        assert (again.status_code, again.body) == (201, first.body)

    def test_nobody_twice(
        self, client: Client, register: Register, mail_is_out: Callable[[Registration], None]
    ) -> None:
        row = register()
        first = check_in(client, {"phone": PHONE, "nonce": "n1"}).json_body
        again = check_in(client, {"phone": "+82 10 0000 0001", "nonce": "n2"})
        assert again.status_code == 200
        assert again.json_body == {**first, "status": "already_checked_in"}

        mail_is_out(row)
        later = check_in(client, {"phone": PHONE}).json_body
        assert later["confirmation"] == {"status": "sent", "to": "h***@example.com"}

    def test_under_the_code_in_lower_case(self, client: Client, register: Register) -> None:
        register()
        assert check_in(client, {"phone": PHONE}, code="0211abc").status_code == 201

    def test_walk_ins(
        self, client: Client, wiring: Wiring, event: Event, dynamodb: DynamoDBClient
    ) -> None:
        change(wiring, event, walk_ins=True)
        answer = check_in(client, {**WALK_IN, "name": " 이\r\n두리\u202e "})
        assert answer.status_code == 201
        assert answer.json_body["name"] == "이 두리"
        [row] = items(dynamodb, "registrations")
        assert (row["name"], row["source"]) == ({"S": "이 두리"}, {"S": "walk_in"})

    def test_who_has_no_address(self, client: Client, register: Register) -> None:
        register(email=None)
        answer = check_in(client, {"phone": PHONE, "no_email": True})
        assert answer.status_code == 201
        assert answer.json_body["confirmation"] == {"status": "no_address", "to": None}

    def test_who_gives_an_address(self, client: Client, register: Register) -> None:
        register(email=None)
        answer = check_in(client, {"phone": PHONE, "email": "Duri@Example.com"})
        assert answer.json_body["confirmation"] == {"status": "due", "to": "D***@example.com"}

    def test_over_the_fields_that_are_null_blank_or_unknown(
        self, client: Client, register: Register
    ) -> None:
        register()
        body: dict[str, object] = {
            "phone": PHONE,
            "nonce": None,
            "name": " ",
            "email": "",
            "no_email": None,
            "x": {},
        }
        assert check_in(client, body).status_code == 201

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
    )
    def test_under_json_by_whatever_name(
        self, client: Client, register: Register, content_type: str
    ) -> None:
        register()
        answer = check_in(client, {"phone": PHONE}, **{"Content-Type": content_type})
        assert answer.status_code == 201

    def test_without_a_raw_number_in_any_table(
        self, client: Client, wiring: Wiring, event: Event, dynamodb: DynamoDBClient
    ) -> None:
        change(wiring, event, walk_ins=True)
        check_in(client, WALK_IN)
        for table in ("events", "registrations", "check-ins"):
            stored = json.dumps(items(dynamodb, table))
            assert "00000001" not in stored
            assert PHONE not in stored

    def test_without_a_line_about_the_attendee(
        self, client: Client, register: Register, app_log: pytest.LogCaptureFixture
    ) -> None:
        app_log.set_level(logging.DEBUG, "rollcall")
        register()
        for body in ({"phone": PHONE}, {"phone": PHONE, "email": "?"}, {"phone": "nonsense"}):
            check_in(client, body)
        assert [line.split(" ms")[0].rsplit(" ", 1)[0] for line in app_log.messages] == [
            "POST /events/{event_code}/check-ins 201",
            "POST /events/{event_code}/check-ins 422 invalid_request",
            "POST /events/{event_code}/check-ins 422 invalid_phone",
        ]


class TestRefuses:
    @pytest.mark.parametrize(
        "code", ["0212ABC", "nonsense", "%ED%A0%80", "0211ABC%00", quote("행사")]
    )
    def test_an_unknown_event(self, client: Client, register: Register, code: str) -> None:
        register()
        assert_problem(check_in(client, {"phone": PHONE}, code=code), 404, "unknown_event")

    def test_an_event_past_its_day_of_deletion(
        self, client: Client, wiring: Wiring, register: Register, event: Event
    ) -> None:
        register()
        assert check_in(client, {"phone": PHONE}).status_code == 201
        past = wiring.now() - timedelta(minutes=30)
        change(wiring, event, check_in_closes_at=past, expires_at=wiring.now())
        assert_problem(check_in(client, {"phone": PHONE}), 404, "unknown_event")
        assert_problem(client.http.get("/events/0211ABC"), 404, "unknown_event")

    def test_who_is_not_registered(self, client: Client, register: Register) -> None:
        register()
        answer = check_in(client, {**WALK_IN, "phone": "010-0000-0002"})
        assert_problem(answer, 404, "not_registered")

    @pytest.mark.parametrize(("opens", "reason"), [(1, "not_open"), (-1, "closed")])
    def test_outside_the_window(
        self, client: Client, wiring: Wiring, event: Event, opens: int, reason: str
    ) -> None:
        move_window(wiring, event, opens, opens + 1)
        times = {
            "check_in_opens_at": f"2026-02-11T{19 + opens}:00:00+09:00",
            "check_in_closes_at": f"2026-02-11T{20 + opens}:00:00+09:00",
        }
        assert_problem(check_in(client, {"phone": PHONE}), 409, reason, **times)

    @pytest.mark.parametrize(
        "phone", ["nonsense", "010-0000-000A", "9" * 41, "\ud800", "\x00", "112"]
    )
    def test_an_invalid_phone_number(self, client: Client, register: Register, phone: str) -> None:
        register()
        assert_problem(check_in(client, {"phone": phone}), 422, "invalid_phone", field="phone")

    def test_an_attendee_without_an_address(self, client: Client, register: Register) -> None:
        register(email=None)
        assert_problem(check_in(client, {"phone": PHONE}), 422, "email_required")

    def test_a_walk_in_without_a_name(self, client: Client, wiring: Wiring, event: Event) -> None:
        change(wiring, event, walk_ins=True)
        answer = check_in(client, {"phone": PHONE, "email": "duri@example.com"})
        assert_problem(answer, 422, "details_required")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("phone", None),
            ("phone", 1000000001),
            ("phone", [PHONE]),
            ("phone", True),
            ("nonce", 1),
            ("nonce", "n" * 129),
            ("nonce", "n n"),
            ("nonce", "né"),
            ("nonce", "n\x00"),
            ("name", 1),
            ("name", {}),
            ("name", "하" * 101),
            ("name", "\u200b"),
            ("name", "\u3164"),
            ("name", "\u2800"),
            ("name", "\u0301"),
            ("email", 1),
            ("email", "nonsense"),
            ("email", "\ud800@example.com"),
            ("email", "a@example.com\r\nBcc: b@example.com"),
            ("no_email", "true"),
            ("no_email", 1),
        ],
    )
    def test_an_invalid_field(
        self, client: Client, wiring: Wiring, event: Event, field: str, value: object
    ) -> None:
        change(wiring, event, walk_ins=True)
        answer = check_in(client, {**WALK_IN, field: value})
        assert_problem(answer, 422, "invalid_request", field=field)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"null", b"[]", b'"010"', b"1", b"NaN", b"\xff", b"{'phone': 1}", b"[" * 5000],
    )
    def test_a_body_that_is_not_a_json_object(
        self, client: Client, register: Register, body: bytes
    ) -> None:
        register()
        answer = client.http.post("/events/0211ABC/check-ins", body=body)
        assert_problem(answer, 422, "invalid_request")

    def test_a_body_over_the_limit(self, client: Client, register: Register) -> None:
        register()
        at_limit = json.dumps({"phone": PHONE}).encode().ljust(8 * 1024)
        assert client.http.post("/events/0211ABC/check-ins", body=at_limit).status_code == 201
        answer = client.http.post("/events/0211ABC/check-ins", body=at_limit + b" ")
        assert_problem(answer, 413, "payload_too_large")

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json", "키"]
    )
    def test_another_media_type(
        self, client: Client, register: Register, content_type: str
    ) -> None:
        register()
        answer = check_in(client, {"phone": PHONE}, **{"Content-Type": content_type})
        assert_problem(answer, 415, "unsupported_media_type")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "/health", "GET"),
            ("HEAD", "/health", "GET"),
            ("DELETE", "/events/0211ABC", "GET"),
            ("GET", "/events/0211ABC/check-ins", "POST"),
            ("PUT", "/events/0211ABC/check-ins", "POST"),
            ("PATCH", "/kiosk/0211ABC", "GET"),
            ("PROPFIND", "/assets/kiosk.js", "GET"),
        ],
    )
    def test_an_unsupported_method(
        self, client: Client, method: str, path: str, allowed: str
    ) -> None:
        answer = client.http.request(method, path)
        assert_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed


class TestWithoutSelfCheckIn:
    @pytest.fixture(autouse=True)
    def staffed(self, wiring: Wiring, event: Event, register: Register) -> None:
        register()
        change(wiring, event, self_check_in=False)

    def test_a_key_is_asked_for(self, client: Client) -> None:
        answer = check_in(client, {"phone": PHONE})
        assert_problem(answer, 401, "kiosk_key_required")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_the_key_of_the_event_opens(self, client: Client, wiring: Wiring) -> None:
        key = kiosk_key(wiring.secret_key, "0211ABC")
        answer = check_in(client, {"phone": PHONE}, code="0211abc", Authorization=f"Bearer {key}")
        assert answer.status_code == 201

    def test_the_key_of_another_event_does_not(self, client: Client, wiring: Wiring) -> None:
        key = kiosk_key(wiring.secret_key, "0212ABC")
        answer = check_in(client, {"phone": PHONE}, Authorization=f"Bearer {key}")
        assert_problem(answer, 403, "kiosk_key_rejected")

    @pytest.mark.parametrize("header", ["Bearer", "Basic YTpi", "Bearer 키", "\x00"])
    def test_what_is_no_key_does_not(self, client: Client, header: str) -> None:
        answer = check_in(client, {"phone": PHONE}, Authorization=header)
        assert_problem(answer, 403, "kiosk_key_rejected")

    def test_registrations_are_not_disclosed_to_others(self, client: Client) -> None:
        assert check_in(client, {"phone": "010-0000-0002"}).status_code == 401


def test_with_self_check_in_no_key_is_looked_at(client: Client, register: Register) -> None:
    register()
    assert check_in(client, {"phone": PHONE}, Authorization="Bearer nonsense").status_code == 201


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("en;q=0.9,ko;q=0.8", "en"),
        ("fr", "en"),
        (";;q=,\xff\x00", "en"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/events/0212ABC"), ("PUT", "/health"), ("GET", "/assets/none.js")],
)
def test_a_problem_is_told_in_the_askers_language(
    client: Client, header: str, language: str, method: str, path: str
) -> None:
    answer = client.http.request(method, path, headers={"Accept-Language": header})
    assert answer.headers["Content-Language"] == language
    assert any("가" <= letter <= "힣" for letter in answer.json_body["detail"]) == (
        language == "ko"
    )


class TestAnEvent:
    def test_is_shown_with_what_a_page_needs(self, client: Client, register: Register) -> None:
        register()
        answer = client.http.get("/events/0211abc")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json_body == {
            "event_code": "0211ABC",
            "name": "파이썬 밋업 2월",
            "organization": "Example Python User Group",
            "venue": "서울 예시 빌딩 3층",
            "state": "open",
            "starts_at": "2026-02-11T19:30:00+09:00",
            "check_in_opens_at": "2026-02-11T18:00:00+09:00",
            "check_in_closes_at": "2026-02-11T22:00:00+09:00",
            "timezone": "Asia/Seoul",
            "locale": "ko",
            "self_check_in": True,
            "walk_ins": False,
        }

    @pytest.mark.parametrize(("opens", "state"), [(1, "not_open"), (0, "open"), (-1, "closed")])
    def test_says_whether_it_is_open(
        self, client: Client, wiring: Wiring, event: Event, opens: int, state: str
    ) -> None:
        move_window(wiring, event, opens, opens + 1)
        assert client.http.get("/events/0211ABC").json_body["state"] == state

    def test_that_is_not_there_is_said_so(self, client: Client) -> None:
        assert_problem(client.http.get("/events/0211ABC"), 404, "unknown_event")


class TestHealth:
    def test_is_well_when_the_storage_answers(self, client: Client) -> None:
        answer = client.http.get("/health")
        assert answer.status_code == 200
        assert answer.json_body == {"status": "ok", "storage": "ok"}

    def test_is_ill_when_the_table_is_gone(self, client: Client, dynamodb: DynamoDBClient) -> None:
        dynamodb.delete_table(TableName="events")
        answer = client.http.get("/health")
        assert_problem(answer, 503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) > 0


class TestTheKiosk:
    def test_is_a_page_for_any_event_and_asks_no_storage(
        self, client: Client, dynamodb: DynamoDBClient
    ) -> None:
        dynamodb.delete_table(TableName="events")
        page = client.http.get("/kiosk/0211ABC")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert b"0211ABC" not in page.body

    @pytest.mark.parametrize("name", ["kiosk.js", "kiosk.css"])
    def test_has_its_files_beside_it(self, client: Client, name: str) -> None:
        asset = client.http.get(f"/assets/{name}", headers={"Accept": "*/*"})
        assert asset.status_code == 200
        assert asset.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        "name", ["none.js", "kiosk.html", "..", "..%2fkiosk.py", "%2e%2e%5ckiosk.js", "kiosk.js%00"]
    )
    def test_has_no_other_files(self, client: Client, name: str) -> None:
        assert_problem(client.http.get(f"/assets/{name}"), 404, "not_found")


def test_an_unexpected_error_becomes_a_problem_too(
    client: Client, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring.event_table, "ping", lambda: 1 // 0)
    answer = client.http.get("/health")
    assert_problem(answer, 500, "internal_error")
    assert b"ZeroDivisionError" not in answer.body
