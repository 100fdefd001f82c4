"""One log line for each request: route, status, reason and duration. No personal data."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from chalice.app import Request, Response

log = logging.getLogger("rollcall.web")


def log_request(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware. Logs the route rather than the path, which can contain anything."""
    began = time.perf_counter()
    response = get_response(request)
    route = request.context.get("resourcePath")
    milliseconds = (time.perf_counter() - began) * 1000
    reason = _reason(response)
    outcome = f"{response.status_code} {reason}" if reason else response.status_code
    log.info(
        "%s %s %s %.0f ms",
        request.method,
        route,
        outcome,
        milliseconds,
        extra={
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "reason": reason,
            "milliseconds": round(milliseconds, 1),
            "check_in_id": _check_in_id(response),
        },
    )
    return response


def _reason(response: Response) -> str | None:
    if response.headers.get("Content-Type") != "application/problem+json":
        return None
    reason: str = json.loads(response.body)["reason"]
    return reason


def _check_in_id(response: Response) -> str | None:
    return response.body.get("check_in_id") if isinstance(response.body, dict) else None
