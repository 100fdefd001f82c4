"""The line that each request leaves."""

from __future__ import annotations

import logging
import re

import pytest
from chalice.app import Request, Response

from chalicelib.telemetry.json_log import FIELDS
from chalicelib.web.problems import problem
from chalicelib.web.request_log import log_request


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (Response({"name": "김하나", "check_in_id": "7F3K"}, status_code=201), "201"),
        (problem("not_registered", "ko"), "404 not_registered"),
    ],
)
def test_a_request_leaves_its_route_and_what_was_answered(
    caplog: pytest.LogCaptureFixture, response: Response, said: str
) -> None:
    request = Request(
        {
            "headers": {},
            "body": '{"phone": "010-0000-0001"}',
            "pathParameters": {"event_code": "0211ABC"},
            "multiValueQueryStringParameters": None,
            "stageVariables": {},
            "requestContext": {
                "httpMethod": "POST",
                "resourcePath": "/events/{event_code}/check-ins",
                "path": "/events/0211ABC/check-ins",
            },
        },
        None,
    )
    with caplog.at_level(logging.INFO, "rollcall.web"):
        assert log_request(request, lambda _: response) is response
    [line] = caplog.messages
    assert re.fullmatch(rf"POST /events/{{event_code}}/check-ins {said} \d+ ms", line)
    [record] = caplog.records
    found = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    assert found.pop("milliseconds") >= 0
    checked_in = response.status_code == 201
    assert found == {
        "method": "POST",
        "route": "/events/{event_code}/check-ins",
        "status": response.status_code,
        "reason": None if checked_in else "not_registered",
        "check_in_id": "7F3K" if checked_in else None,
    }
