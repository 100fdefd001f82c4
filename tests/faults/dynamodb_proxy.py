"""A proxy in front of a DynamoDB, on loopback, that breaks calls as a test's script says.

    proxy.on("claim", THROTTLE)               the next claim
    proxy.on("UpdateItem", LOSE, about="ab12")  the next update that names her: done, and no answer
    proxy.always("query", REFUSE)             every query, until `forget`

A step is an operation of DynamoDB's API, or what it means to the confirmations: "claim" and
"record" (of a delivery) or "event" (reading one).
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from script import Script

_API = "com.amazonaws.dynamodb.v20120810#"


@dataclass(frozen=True, slots=True)
class Error:
    """An error response of DynamoDB. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""

    status: int
    code: str

    def body(self) -> bytes:
        return json.dumps({"__type": _API + self.code, "message": "as the script says"}).encode()


class Fault(Enum):
    DROP = auto()  # close the connection without carrying out the call
    LOSE = auto()  # carry it out, and close the connection without an answer
    STALL = auto()  # no answer until the client hangs up; not carried out
    LATE = auto()  # carry it out, but no answer until the client hangs up
    GARBAGE = auto()  # carry it out, and answer with garbage
    GO_ON = auto()  # no fault


DROP, LOSE, STALL, LATE = Fault.DROP, Fault.LOSE, Fault.STALL, Fault.LATE
GARBAGE, GO_ON = Fault.GARBAGE, Fault.GO_ON
THROTTLE = Error(400, "ThrottlingException")
OVERLOADED = Error(400, "ProvisionedThroughputExceededException")
REFUSE = Error(400, "AccessDeniedException")
BROKEN = Error(500, "InternalServerError")


@dataclass(frozen=True, slots=True)
class Afterwards:
    """Carry it out, call this, and close the connection without an answer."""

    call: Callable[[], None]


# A callable is invoked when the call arrives, and returns what to do.
Action = Error | Fault | Afterwards | Callable[[], "Action"]


class DynamoDbProxy(ThreadingHTTPServer):
    """Serves until `stop`, in front of the DynamoDB at the address `upstream`."""

    daemon_threads = False  # so that server_close waits for every connection's thread

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.upstream = urlsplit(upstream).netloc
        self.calls: list[str] = []
        self._script = Script[Action]()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._loop = threading.Thread(target=self.serve_forever, args=(0.02,), name="dynamodb")
        self._loop.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def on(self, step: str, *actions: Action, about: str = "") -> None:
        """Apply these one by one when `step` arrives with `about` in its body."""
        self._script.on(step, *actions, about=about)

    def always(self, step: str, action: Action, about: str = "") -> None:
        """Apply this whenever `step` arrives with `about` in its body, until `forget`."""
        self._script.always(step, action, about)

    def forget(self) -> None:
        """Inject no more faults."""
        self._script.forget()

    def action(self, operation: str, body: bytes) -> Error | Fault | Afterwards:
        """What to do now."""
        text = body.decode()
        steps = [operation]
        if known := meaning(operation, json.loads(text)):
            steps.insert(0, known)
        self.calls.append(steps[0])
        for step in steps:
            action = self._script.action(step, text) or GO_ON
            while not isinstance(action, Error | Fault | Afterwards):
                action = action()
            if action is not GO_ON:
                return action
        return GO_ON

    def stop(self) -> None:
        """Close everything. A second call does nothing."""
        self.shutdown()
        self._loop.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)


def meaning(operation: str, call: Mapping[str, Any]) -> str:
    match operation:
        case "UpdateItem":
            return "claim" if ":until" in call.get("ExpressionAttributeValues", {}) else "record"
        case "GetItem" if set(call["Key"]) == {"event_code"}:
            return "event"
    return ""


class _Handler(BaseHTTPRequestHandler):
    """One client connection, with its own connection to DynamoDB."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: DynamoDbProxy

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(self.server.upstream, timeout=120)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client hung up, or its process was killed

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        action = self.server.action(operation, body)
        if isinstance(action, Error):
            self._answer(action.status, action.body())
            return
        answer = None if action in (DROP, STALL) else self._forward(body)
        if action in (STALL, LATE):
            self.rfile.read(1)  # returns when the client hangs up
        if isinstance(action, Afterwards):
            action.call()
            action = LOSE
        if answer is None or action in (LOSE, LATE):
            self.close_connection = True
            return
        self._answer(*((200, b"<html>hello?</html>") if action is GARBAGE else answer))

    def log_message(self, *_: object) -> None:
        pass

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        self._upstream.request("POST", "/", body, dict(self.headers))
        with self._upstream.getresponse() as response:
            return response.status, response.read()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
