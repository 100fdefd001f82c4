"""The event that the benchmarks check in to, and a check-in as it reaches the function.

Nothing is imported here that a function does not have anyway: what is measured imports this too.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.attendance.event import Event

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


def check_in(**body: str) -> dict[str, Any]:
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
