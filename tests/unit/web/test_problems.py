"""Problem responses: every error has one, in both languages, in the form of RFC 9457."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from chalice.app import Blueprint, Chalice, Request, Response

from chalicelib.attendance import errors
from chalicelib.attendance.event import Event
from chalicelib.web.problems import (
    PROBLEMS,
    chalice_errors_as_problems,
    errors_as_problems,
    problem,
)


def leaves(root: type[errors.RollcallError]) -> Iterator[type[errors.RollcallError]]:
    for each in root.__subclasses__():
        if hasattr(each, "reason"):
            yield each
        yield from leaves(each)


def request(**headers: str) -> Request:
    context = {"httpMethod": "GET", "resourcePath": "/health"}
    event: dict[str, Any] = {"headers": headers, "requestContext": context, "body": None}
    absent = dict.fromkeys(("multiValueQueryStringParameters", "pathParameters", "stageVariables"))
    return Request(event | absent)


def answer(error: Exception, **headers: str) -> Response:
    """The response of a view that raises the error."""
    app, blueprint = Chalice("test"), Blueprint(__name__)
    app.register_blueprint(blueprint)
    app.current_request = request(**headers)

    @errors_as_problems(blueprint)
    def view() -> NoReturn:
        raise error

    return view()


def body(response: Response) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(response.body)
    return members


@pytest.mark.parametrize("error", [*leaves(errors.RollcallError)])
def test_every_error_has_a_problem(error: type[errors.RollcallError]) -> None:
    assert error.reason in PROBLEMS


@pytest.mark.parametrize("reason", PROBLEMS)
def test_a_problem_says_the_same_by_status_reason_and_words(reason: str) -> None:
    status, korean, english = PROBLEMS[reason]
    for language, detail in (("ko", korean), ("en", english)):
        response = problem(reason, language)  # type: ignore[arg-type]  # a str, to mypy
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Content-Language"] == language
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert body(response) == {
            "title": status.phrase,
            "status": status,
            "reason": reason,
            "detail": detail,
        }


def test_a_passing_fault_says_when_to_retry() -> None:
    assert int(str(problem("storage_unavailable", "en").headers["Retry-After"])) > 0


def test_a_missing_key_names_the_scheme() -> None:
    assert problem("kiosk_key_required", "en").headers["WWW-Authenticate"] == "Bearer"
    assert "WWW-Authenticate" not in problem("kiosk_key_rejected", "en").headers


def test_the_detail_is_in_the_clients_language() -> None:
    error = errors.NotRegistered("not on the roster")
    assert answer(error).headers["Content-Language"] == "en"
    assert answer(error, **{"accept-language": "ko"}).headers["Content-Language"] == "ko"


def test_a_field_at_fault_is_named() -> None:
    assert body(answer(errors.InvalidRequest("nonce", "too long")))["field"] == "nonce"
    assert body(answer(errors.InvalidPhone("no such phone number")))["field"] == "phone"
    assert "field" not in body(answer(errors.InvalidRequest(None, "not JSON")))


@pytest.mark.parametrize("error", [errors.NotOpen, errors.Closed])
def test_outside_the_window_its_times_are_told(
    error: Callable[[Event], errors.OutsideWindow], event: Event
) -> None:
    members = body(answer(error(event)))
    assert members["check_in_opens_at"] == "2026-02-11T18:00:00+09:00"
    assert members["check_in_closes_at"] == "2026-02-11T22:00:00+09:00"


def test_the_message_stays_out_of_the_response() -> None:
    response = answer(errors.StorageUnavailable("ResourceNotFoundException"))
    assert "ResourceNotFoundException" not in response.body


def test_a_storage_failure_is_logged(app_log: pytest.LogCaptureFixture) -> None:
    answer(errors.StorageUnavailable("ThrottlingException"))
    [record] = app_log.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "storage_unavailable: ThrottlingException"


def test_a_clients_mistake_is_not_logged(app_log: pytest.LogCaptureFixture) -> None:
    answer(errors.InvalidPhone("no such phone number"))
    assert not app_log.records


def test_an_error_that_is_not_rollcalls_is_left_to_chalice() -> None:
    with pytest.raises(ZeroDivisionError):
        answer(ZeroDivisionError())


class TestTheMiddleware:
    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (404, "not_found"),
            (405, "method_not_allowed"),
            (415, "unsupported_media_type"),
            (429, "too_many_requests"),
            (400, "invalid_request"),
            (500, "internal_error"),
        ],
    )
    def test_turns_chalices_answers_into_problems(self, status: int, reason: str) -> None:
        response = chalice_errors_as_problems(
            request(), lambda _: Response({"Code": "X"}, {}, status)
        )
        assert response.status_code == PROBLEMS[reason][0]
        assert body(response)["reason"] == reason

    def test_answers_in_the_clients_language(self) -> None:
        asker = request(**{"accept-language": "ko"})
        response = chalice_errors_as_problems(asker, lambda _: Response({}, {}, 404))
        assert response.headers["Content-Language"] == "ko"

    def test_keeps_the_methods_that_are_allowed(self) -> None:
        response = chalice_errors_as_problems(
            request(), lambda _: Response({}, {"Allow": "GET"}, 405)
        )
        assert response.headers["Allow"] == "GET"

    @pytest.mark.parametrize(
        "response", [Response({}, {}, 201), Response("", {}, 304), problem("closed", "ko")]
    )
    def test_leaves_other_responses_alone(self, response: Response) -> None:
        assert chalice_errors_as_problems(request(), lambda _: response) is response
