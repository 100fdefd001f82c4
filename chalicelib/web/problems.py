"""Turns every error into a problem response (RFC 9457): a stable `reason` and a readable `detail`.

The decorator `errors_as_problems` converts domain errors. The middleware
`chalice_errors_as_problems` converts Chalice's own errors (an unsupported method or media type, an
unexpected exception).
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ParamSpec

from chalice.app import Blueprint, Request, Response

from chalicelib.attendance.errors import InvalidRequest, OutsideWindow, RollcallError
from chalicelib.attendance.event import Locale
from chalicelib.web.language import asked_language

log = logging.getLogger("rollcall.web")

View = ParamSpec("View")

API_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# reason: status, Korean, English
PROBLEMS: dict[str, tuple[HTTPStatus, str, str]] = {
    "not_found": (
        HTTPStatus.NOT_FOUND,
        "찾을 수 없습니다.",
        "There is nothing here.",
    ),
    "unknown_event": (
        HTTPStatus.NOT_FOUND,
        "이 코드의 행사가 없습니다.",
        "There is no event with this code.",
    ),
    "not_registered": (
        HTTPStatus.NOT_FOUND,
        "참가자 명단에 없는 전화번호입니다.",
        "This phone number is not on the roster.",
    ),
    "not_open": (
        HTTPStatus.CONFLICT,
        "아직 체크인 시간이 아닙니다.",
        "Check-in is not open yet.",
    ),
    "closed": (
        HTTPStatus.CONFLICT,
        "체크인이 마감되었습니다.",
        "Check-in is closed.",
    ),
    "invalid_phone": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "올바른 전화번호가 아닙니다.",
        "This is not a valid phone number.",
    ),
    "invalid_request": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "요청을 이해할 수 없습니다.",
        "The request cannot be understood.",
    ),
    "email_required": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "확인 메일을 받을 이메일 주소가 필요합니다.",
        "An e-mail address is needed for the confirmation.",
    ),
    "details_required": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "명단에 없는 번호입니다. 현장 등록을 하려면 이름이 필요합니다.",
        "This number is not on the roster. A name is needed to register at the door.",
    ),
    "kiosk_key_required": (
        HTTPStatus.UNAUTHORIZED,
        "이 행사는 주최자가 연 키오스크에서만 체크인할 수 있습니다.",
        "This event is checked in only at kiosks that its organizers opened.",
    ),
    "kiosk_key_rejected": (
        HTTPStatus.FORBIDDEN,
        "이 행사의 키오스크 키가 아닙니다.",
        "This is not the key of this event's kiosks.",
    ),
    "method_not_allowed": (
        HTTPStatus.METHOD_NOT_ALLOWED,
        "지원하지 않는 메서드입니다.",
        "This method is not supported here.",
    ),
    "payload_too_large": (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "요청이 너무 큽니다.",
        "The request is too large.",
    ),
    "unsupported_media_type": (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "요청 본문은 application/json이어야 합니다.",
        "The request body has to be application/json.",
    ),
    "too_many_requests": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
        "Too many requests. Please try again in a moment.",
    ),
    "internal_error": (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "오류가 발생했습니다.",
        "Something went wrong.",
    ),
    "storage_unavailable": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "잠시 연결할 수 없습니다. 곧 다시 시도해 주세요.",
        "The storage cannot be reached. Please try again in a moment.",
    ),
}

# Chalice's own errors have no reason, so it is derived from their status.
_CHALICE_REASONS = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}


def problem(reason: str, language: Locale, extra: Mapping[str, object] | None = None) -> Response:
    """Build a problem response; `extra` are further members (RFC 9457, section 3.2)."""
    status, korean, english = PROBLEMS[reason]
    body = {
        "title": status.phrase,
        "status": status.value,
        "reason": reason,
        "detail": korean if language == "ko" else english,
        **(extra or {}),
    }
    headers: dict[str, str | list[str]] = {
        **API_HEADERS,
        "Content-Type": "application/problem+json",
        "Content-Language": language,
    }
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "2"
    # A str, because Chalice serializes a dict only if the type is application/json.
    return Response(json.dumps(body, ensure_ascii=False), headers, status.value)


def errors_as_problems(
    blueprint: Blueprint,
) -> Callable[[Callable[View, Response]], Callable[View, Response]]:
    """A decorator for the blueprint's views: a RollcallError becomes a problem response."""

    def decorate(view: Callable[View, Response]) -> Callable[View, Response]:
        @functools.wraps(view)
        def answer(*args: View.args, **kwargs: View.kwargs) -> Response:
            try:
                return view(*args, **kwargs)
            except RollcallError as error:
                status = PROBLEMS[error.reason][0]
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    log.error("%s: %s", error.reason, error)
                language = _language(blueprint.current_request)
                return problem(error.reason, language, _members(error))

        return answer

    return decorate


def chalice_errors_as_problems(
    request: Request, get_response: Callable[[Request], Response]
) -> Response:
    """Chalice middleware: an error response that Chalice made becomes a problem response."""
    response = get_response(request)
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    if response.headers.get("Content-Type") == "application/problem+json":
        return response
    status = HTTPStatus(response.status_code)
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    other = "internal_error" if is_ours else "invalid_request"
    reason = _CHALICE_REASONS.get(status, other)
    converted = problem(reason, _language(request))
    if "Allow" in response.headers:
        converted.headers["Allow"] = response.headers["Allow"]
    return converted


def _language(request: Request) -> Locale:
    return asked_language(request.headers.get("accept-language"))


def _members(error: RollcallError) -> dict[str, Any]:
    match error:
        case InvalidRequest(field=str(field)):
            return {"field": field}
        case OutsideWindow(event=event):
            return {
                "check_in_opens_at": event.check_in_opens_at.astimezone(event.zone).isoformat(),
                "check_in_closes_at": event.check_in_closes_at.astimezone(event.zone).isoformat(),
            }
        case _:
            return {}
