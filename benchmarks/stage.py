"""The app under settings, and the stand-ins that it works with: processes of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme

from benchmarks.mail_peers import PASSWORD, USER
from benchmarks.meetup import EVENT
from chalicelib.telemetry import json_log
from local import processes
from local.loopback import HOST, free_port

if TYPE_CHECKING:
    from chalicelib.wiring import Wiring

_ENVIRONMENT = {
    "EVENT_TABLE": "events",
    "REGISTRATION_TABLE": "registrations",
    "CHECK_IN_TABLE": "check-ins",
    "CHECK_IN_STREAM_ARN": (
        "arn:aws:dynamodb:us-east-1:123456789012:table/check-ins/stream/2026-01-01T00:00:00.000"
    ),
    "SECRET_KEY": "a key for the benchmarks",
    "SMTP_HOST": HOST,
    "SMTP_PORT": "1",
    "SMTP_SECURITY": "tls",
    "SMTP_USERNAME": USER,
    "SMTP_PASSWORD": PASSWORD,
    "MAIL_FROM": f"Meetup <{USER}>",
    "AWS_LAMBDA_FUNCTION_NAME": "rollcall-bench",  # so that it logs and measures as in Lambda
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Context:
    """Of an invocation, with all its time left."""

    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@contextmanager
def stand_in(module: str, *arguments: object) -> Iterator[int]:
    """The port of a module of this package that listens on the port it is given first."""
    port = free_port()
    command = processes.python(f"benchmarks.{module}", str(port), *map(str, arguments))
    process = processes.start(command, os.environ)
    try:
        processes.wait_until(lambda: processes.listens(port), process, module)
        yield port
    finally:
        processes.stop(process)


@contextmanager
def settings(dynamodb_port: int, **more: str) -> Iterator[None]:
    """The environment of the functions, with nothing of this machine's own AWS settings."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("AWS_", "SMTP_", "MAIL_"))]:
        del os.environ[name]
    endpoint = f"http://{HOST}:{dynamodb_port}"
    os.environ.update(_ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB=endpoint, no_proxy=HOST, **more)
    try:
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def use(app: Any, wiring: Wiring) -> None:
    """Have the app's functions work with these parts, the event among what they know."""
    app.wiring = wiring
    json_log.configure(app.app.log, wiring.settings.function_name)
    wiring.event_table.put(EVENT)


@contextmanager
def certificate() -> Iterator[Path]:
    """Of a mail server on loopback, which is trusted for as long."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as directory:
        chain, roots = Path(directory) / "server.pem", Path(directory) / "roots.pem"
        authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(chain))
        authority.cert_pem.write_to_path(str(roots))
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(roots)
        try:
            yield chain
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if before:
                os.environ["SSL_CERT_FILE"] = before
