"""One line a request: what was asked, what was answered, how long it took. Nothing of a person."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from chalice.app import Request, Response

log = logging.getLogger("rollcall.web")


def logged(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Chalice middleware. Logs the route, not the path that was asked for, and milliseconds."""
    began = time.perf_counter()
    response = get_response(request)
    route = request.context.get("resourcePath")
    milliseconds = (time.perf_counter() - began) * 1000
    answer = f"{response.status_code}{_reason(response)}"
    log.info("%s %s %s %.0f ms", request.method, route, answer, milliseconds)
    return response


def _reason(response: Response) -> str:
    if response.headers.get("Content-Type") != "application/problem+json":
        return ""
    return f" {json.loads(response.body)['reason']}"
