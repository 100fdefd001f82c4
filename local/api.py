"""`python -m local.api local --stage local …`: Chalice's own command, with its server patched.

Chalice's development server drops the connection with a traceback if it cannot read a header (a
Content-Length that is not a number or is too large, an Authorization that is not ASCII). It waits
for ever if a body is shorter than announced, and answers with an HTML page if the request is not
HTTP or its method is unknown. The patches send a problem response for each of these, as the app
itself does, and let many clients connect at once.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from chalice.cli import main as chalice
from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

from chalicelib.web.problems import problem
from local.processes import end_with_parent

BODY_SECONDS = 10
_LONGEST_BODY = 10 * 1024 * 1024  # bytes; API Gateway's limit


def patch() -> None:
    """Patch Chalice's classes, because its command accepts no other server or handler."""
    ThreadedHTTPServer.request_queue_size = 128  # 5 in Chalice: too few for a crowd at the door
    # Chalice writes head and body separately; Nagle's algorithm would delay the body by 40 ms.
    ChaliceRequestHandler.disable_nagle_algorithm = True
    for method in ("GET", "PUT", "POST", "HEAD", "DELETE", "PATCH", "OPTIONS"):
        setattr(ChaliceRequestHandler, f"do_{method}", _handle)
    ChaliceRequestHandler.__getattr__ = _other_method
    ChaliceRequestHandler.send_error = _send_error


def _other_method(handler: Any, name: str) -> Callable[[], None]:
    """http.server looks for `do_<METHOD>`; the app itself says which methods it supports."""
    if not name.startswith("do_"):
        raise AttributeError(name)
    return partial(_handle, handler)


def _handle(handler: Any) -> None:
    handler.connection.settimeout(BODY_SECONDS)
    try:
        if int(handler.headers.get("content-length", "0")) > _LONGEST_BODY:
            _refuse(handler, "payload_too_large")
        else:
            ChaliceRequestHandler._generic_handle(handler)
            # Chalice answers HEAD with a body and does not read a chunked one, so what follows on
            # the connection would be misread.
            if handler.command == "HEAD" or "transfer-encoding" in handler.headers:
                handler.close_connection = True
    except (ValueError, TimeoutError):
        _refuse(handler, "invalid_request")


def _send_error(handler: Any, *_: object) -> None:
    """http.server calls this for a request that it cannot read."""
    handler.request_version = handler.protocol_version  # the version may be the unreadable part
    _refuse(handler, "invalid_request")


def _refuse(handler: Any, reason: str) -> None:
    handler.close_connection = True  # the rest of this request may follow on it
    answer = problem(reason, "en")
    headers = {**answer.headers, "Connection": "close"}
    handler._send_http_response(answer.status_code, headers, answer.body)


def main() -> None:
    end_with_parent()
    patch()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # Chalice sets the root to INFO
    sys.argv[0] = "chalice"
    sys.exit(chalice())


if __name__ == "__main__":
    main()
