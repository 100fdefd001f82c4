"""The routes for attendees and kiosks: the event, a check-in, and the kiosk page."""

from __future__ import annotations

import json
import re
from datetime import datetime
from http import HTTPStatus
from typing import Any

from chalice.app import Blueprint, Request, Response

from chalicelib.attendance.check_in import initial_delivery
from chalicelib.attendance.email import mask_email
from chalicelib.attendance.errors import InvalidRequest, PayloadTooLarge
from chalicelib.attendance.event import Event
from chalicelib.attendance.reception import Answer, Arrival
from chalicelib.web import kiosk
from chalicelib.web.access import is_staffed, kiosk_key
from chalicelib.web.problems import API_HEADERS, errors_as_problems
from chalicelib.wiring import Wiring

_LONGEST_BODY = 8 * 1024  # bytes; a full request needs under 1 kB
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")


def blueprint(wiring: Wiring) -> Blueprint:
    door = Blueprint(__name__)

    @door.route("/health")
    @errors_as_problems(door)
    def health() -> Response:
        wiring.event_table.ping()
        return _json({"status": "ok", "storage": "ok"})

    @door.route("/events/{event_code}")
    @errors_as_problems(door)
    def show_event(event_code: str) -> Response:
        event = wiring.reception.event(event_code)
        return _json(_shown(event, wiring.now()))

    @door.route("/events/{event_code}/check-ins", methods=["POST"])
    @errors_as_problems(door)
    def check_in(event_code: str) -> Response:
        event = wiring.reception.event(event_code)
        arrival = _arrival(door.current_request, event, wiring.secret_key)
        answer = wiring.reception.check_in(event_code, arrival)
        if answer.made:
            wiring.metrics.put({"CheckIns": 1})
        status = HTTPStatus.CREATED if answer.first else HTTPStatus.OK
        return _json(_answer(event, answer), status)

    @door.route("/kiosk/{event_code}")
    def kiosk_page(event_code: str) -> Response:  # noqa: ARG001  -- the page reads its own URL
        return kiosk.page()

    @door.route("/assets/{name}")
    def kiosk_asset(name: str) -> Response:
        return kiosk.asset(name)

    return door


def _shown(event: Event, now: datetime) -> dict[str, Any]:
    return {
        "event_code": event.event_code,
        "name": event.name,
        "organization": event.organization,
        "venue": event.venue,
        "state": event.state(now),
        "starts_at": _local(event, event.starts_at),
        "check_in_opens_at": _local(event, event.check_in_opens_at),
        "check_in_closes_at": _local(event, event.check_in_closes_at),
        "timezone": event.timezone,
        "locale": event.locale,
        "self_check_in": event.self_check_in,
        "walk_ins": event.walk_ins,
    }


def _arrival(request: Request, event: Event, secret_key: str) -> Arrival:
    body = _read_body(request)
    staffed = not event.self_check_in and is_staffed(
        request.headers.get("authorization"), kiosk_key(secret_key, event.event_code)
    )
    return Arrival(
        phone=_text(body, "phone", required=True) or "",
        nonce=_nonce(body),
        name=_text(body, "name"),
        email=_text(body, "email"),
        no_email=_flag(body, "no_email"),
        staffed=staffed,
    )


def _answer(event: Event, answer: Answer) -> dict[str, Any]:
    check_in = answer.check_in
    return {
        "status": "checked_in" if answer.first else "already_checked_in",
        "check_in_id": check_in.check_in_id,
        "name": check_in.name,
        "checked_at": _local(event, check_in.checked_at),
        "confirmation": {
            # A retry of the first request gets the same answer, even if the mail has been sent.
            "status": initial_delivery(check_in.email) if answer.first else check_in.delivery,
            "to": mask_email(check_in.email) if check_in.email else None,
        },
    }


def _read_body(request: Request) -> dict[str, Any]:
    raw = request.raw_body or b""
    if len(raw) > _LONGEST_BODY:
        raise PayloadTooLarge(f"{len(raw)} bytes")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(None, "not JSON") from error
    if not isinstance(body, dict):
        raise InvalidRequest(None, "not a JSON object")
    return body


def _text(body: dict[str, Any], field: str, *, required: bool = False) -> str | None:
    """The text of a field without white space around it; null and blank count as absent."""
    value = body.get(field)
    if value is None and not required:
        return None
    if not isinstance(value, str):
        raise InvalidRequest(field, "missing" if value is None else "not a string")
    return value.strip() or None


def _nonce(body: dict[str, Any]) -> str | None:
    nonce = _text(body, "nonce")
    if nonce is not None and not _NONCE.fullmatch(nonce):
        raise InvalidRequest("nonce", "not 1 to 128 visible ASCII characters")
    return nonce


def _flag(body: dict[str, Any], field: str) -> bool:
    value = body.get(field)
    if not isinstance(value, bool | None):
        raise InvalidRequest(field, "not true or false")
    return bool(value)


def _json(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(body, {**API_HEADERS, "Content-Type": "application/json"}, status.value)


def _local(event: Event, moment: datetime) -> str:
    return moment.astimezone(event.zone).isoformat()
