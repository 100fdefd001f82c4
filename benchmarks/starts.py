"""One cold start after the other, each in an interpreter of its own, and the world they find."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import click

from benchmarks import stage
from benchmarks.mail_peers import USER
from benchmarks.measuring import Sample
from benchmarks.meetup import EVENT, check_in
from chalicelib.attendance.check_in import CheckIn, new_check_in_id
from chalicelib.attendance.phone import attendee_id, parse_phone
from chalicelib.attendance.registration import Registration
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.events import EventTable
from chalicelib.storage.registrations import RegistrationTable
from local import lambda_python
from local.loopback import HOST, free_port

_SCRIPT = Path(__file__).parent / "start.py"
_PHONE, _KEY = "010-0000-0001", "a key for benchmarks"
_PERSON = Registration(
    event_code=EVENT.event_code,
    attendee_id=attendee_id(parse_phone(_PHONE, "KR"), _KEY),
    name="김하나",
    email="hana@example.com",
    phone_last4=_PHONE[-4:],
    source="roster",
    expires_at=EVENT.expires_at,
)
_REQUEST = check_in(phone=_PHONE)


class World:
    """Storage and mail server as `environment` names them; each start finds new check-ins."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._numbers = count()
        self._client = boto3.client(
            "dynamodb",
            endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
        EventTable(self._client, environment["EVENT_TABLE"]).put(EVENT)
        RegistrationTable(self._client, environment["REGISTRATION_TABLE"]).add(_PERSON)

    def next(self) -> dict[str, str]:
        """The environment of the next start."""
        return {**self._environment, "CHECK_IN_TABLE": f"check-ins-{next(self._numbers)}"}

    def record(self, table: str) -> dict[str, Any]:
        """The stream's, of a check-in that has just been put there."""
        now = datetime.now(UTC)
        CheckInTable(self._client, table).add(
            CheckIn(
                new_check_in_id(), EVENT.event_code, _PERSON.attendee_id, _PERSON.name,
                _PERSON.email, checked_at=now, source="roster", nonce=None, delivery="due",
                expires_at=EVENT.expires_at, due_at=now,
            )
        )  # fmt: skip
        keys = {
            "attendee_id": {"S": _PERSON.attendee_id},
            "event_code": {"S": EVENT.event_code},
        }
        item = self._client.get_item(TableName=table, Key=keys)["Item"]
        image = {"SequenceNumber": "1", "Keys": keys, "NewImage": item}
        return {"eventName": "INSERT", "dynamodb": image}


@dataclass(frozen=True, slots=True)
class Start:
    """`wall` time until the answer, and the CPU time of interpreter, import and answer; in ms."""

    wall: float
    phases: tuple[float, float, float]


@dataclass(slots=True)
class Function:
    """`handler` in the zip that was unpacked into `directory`, with Lambda's `packages`."""

    world: World
    handler: str
    directory: Path
    packages: Path
    starts: list[Start] = field(default_factory=list)

    def start(self) -> float:
        """Once more; returns the wall time. Raises ClickException for a wrong answer."""
        environment = self.world.next()
        if self.handler == "app.app":
            event, wanted = _REQUEST, '\\"status\\":\\"checked_in\\"'
        else:
            event = {"Records": [self.world.record(environment["CHECK_IN_TABLE"])]}
            wanted = '{"batchItemFailures": []}'
        command = lambda_python.command(
            _SCRIPT, str(self.directory), str(self.packages), self.handler, json.dumps(event)
        )
        begun = time.perf_counter()
        with subprocess.Popen(  # noqa: S603  -- this interpreter, on what was just packed
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None, "a pipe"
            line = next((line for line in process.stdout if line.startswith('{"answer"')), "{}")
            wall = (time.perf_counter() - begun) * 1000
        if wanted not in line:
            raise click.ClickException(f"{self.handler} of {self.directory.name}: {line}")
        up, imported, answered = json.loads(line)["cpu"]
        self.starts.append(Start(wall, (up, imported - up, answered - imported)))
        return wall

    def wall(self) -> Sample:
        return Sample(tuple(start.wall for start in self.starts))

    def cpu(self) -> Sample:
        return Sample(tuple(sum(start.phases) for start in self.starts))

    def phases(self) -> list[Sample]:
        by_phase = zip(*(each.phases for each in self.starts), strict=True)
        return [Sample(values) for values in by_phase]


class _Parameters(BaseHTTPRequestHandler):
    """SSM, as far as Rollcall asks it."""

    def do_POST(self) -> None:
        answer = json.dumps({"Parameter": {"Value": _KEY}}).encode()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """A DynamoDB that answers at once, and a mail server that wants TLS and a login."""
    parameters = free_port()
    secrets = ThreadingHTTPServer((HOST, parameters), _Parameters)
    threading.Thread(target=secrets.serve_forever).start()
    try:
        with (
            stage.certificate() as certificate,
            stage.stand_in("dynamodb_stub", 0) as storage,
            stage.stand_in("smtp_stub", certificate) as mail,
        ):
            yield World(
                {
                    "AWS_ACCESS_KEY_ID": "test",
                    "AWS_SECRET_ACCESS_KEY": "test",
                    "AWS_REGION": "us-east-1",
                    "AWS_DEFAULT_REGION": "us-east-1",
                    "AWS_ENDPOINT_URL_DYNAMODB": f"http://{HOST}:{storage}",
                    "AWS_ENDPOINT_URL_SSM": f"http://{HOST}:{parameters}",
                    "AWS_LAMBDA_FUNCTION_NAME": "rollcall",
                    "HOME": str(directory),
                    "EVENT_TABLE": "events",
                    "REGISTRATION_TABLE": "registrations",
                    "CHECK_IN_STREAM_ARN": "arn:aws:dynamodb:us-east-1:0:table/check-ins/stream/-",
                    "SECRET_KEY_PARAMETER": "/rollcall/dev/secret-key",
                    "MAIL_FROM": f"Meetup <{USER}>",
                    "SMTP_HOST": HOST,
                    "SMTP_PORT": str(mail),
                    "SMTP_SECURITY": "tls",
                    "SMTP_USERNAME": USER,
                    "SMTP_PASSWORD_PARAMETER": "/rollcall/dev/smtp-password",
                    "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"],
                }
            )
    finally:
        secrets.shutdown()
        secrets.server_close()
