"""`python -m local.api local --stage local …`: Chalice's own command, with its server mended.

Chalice's development server drops the connection, with a traceback on the console, where a header
cannot be read as it expects (a Content-Length that is no number, or more than memory holds; an
Authorization that is not ASCII), waits without end for a body that is shorter than announced, and
answers what is no HTTP, or an unknown method, with a page of HTML. Here each gets a problem
response, as from the app itself; and twenty that connect at once are all let in.

It also sends head and body of an answer in two writes. On a kept connection, TCP then holds the
body back (Nagle, RFC 896) until the client acknowledges the head, which it puts off (RFC 1122,
4.2.3.2; Linux by 40 ms). Here nothing is held back.
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
_LONGEST_BODY = 10 * 1024 * 1024  # bytes; what API Gateway lets through


def mend() -> None:
    """In place: Chalice's command takes no other server and no other handler."""
    ThreadedHTTPServer.request_queue_size = 128  # of 5, a crowd at the door fills it up
    ChaliceRequestHandler.disable_nagle_algorithm = True
    for method in ("GET", "PUT", "POST", "HEAD", "DELETE", "PATCH", "OPTIONS"):
        setattr(ChaliceRequestHandler, f"do_{method}", _handle)
    ChaliceRequestHandler.__getattr__ = _other_method
    ChaliceRequestHandler.send_error = _send_error


def _other_method(handler: Any, name: str) -> Callable[[], None]:
    """http.server looks for `do_<METHOD>`: the app says itself what it does not support."""
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
            # Chalice answers HEAD with a body, and leaves one in chunks unread: what follows on
            # the connection would be taken for something else.
            if handler.command == "HEAD" or "transfer-encoding" in handler.headers:
                handler.close_connection = True
    except (ValueError, TimeoutError):
        _refuse(handler, "invalid_request")


def _send_error(handler: Any, *_: object) -> None:
    """http.server calls it for a request that it cannot read."""
    handler.request_version = handler.protocol_version  # this may be what it could not read
    _refuse(handler, "invalid_request")


def _refuse(handler: Any, reason: str) -> None:
    handler.close_connection = True  # what follows on it may be the rest of this request
    answer = problem(reason, "en")
    headers = {**answer.headers, "Connection": "close"}
    handler._send_http_response(answer.status_code, headers, answer.body)


def main() -> None:
    end_with_parent()
    mend()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # Chalice sets the root to INFO
    sys.argv[0] = "chalice"
    sys.exit(chalice())


if __name__ == "__main__":
    main()
