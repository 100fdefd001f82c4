"""A clone of the project that is deployed to an emulator, and what is there afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
from running import eventually
from smtp_server import SmtpServer

EVENT = "0211ABC"
CHECK_INS = "rollcall-dev-check-ins"
TABLES = ("rollcall-dev-events", "rollcall-dev-registrations", CHECK_INS)

_PATIENCE = 600  # seconds, for one command


Done = subprocess.CompletedProcess[str]


@dataclass
class Cloud:
    """One emulator, and the project that is deployed to it as the stage dev."""

    project: Path
    environment: dict[str, str]
    mail_server: SmtpServer
    region: str = "us-east-1"
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(  # type: ignore[call-overload]
                service,
                endpoint_url=self.environment["AWS_ENDPOINT_URL"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                region_name=self.region,
            )
        return self.clients[service]

    def run(self, *arguments: str, typed: str = "", **more: str) -> Done:
        """`python -m operations --stage dev …`, with `more` in its environment."""
        command = (sys.executable, "-m", "operations", "--stage", "dev", *arguments)
        return self._run(*command, typed=typed, more=more)

    def chalice(self, *arguments: str, **more: str) -> Done:
        """Chalice's own command, with `more` in its environment."""
        command = str(Path(sys.executable).with_name("chalice"))
        return self._run(command, *arguments, typed="", more=more)

    def _run(self, *command: str, typed: str, more: Mapping[str, str]) -> Done:
        return subprocess.run(
            command,
            cwd=self.project,
            env={**self.environment, **more},
            input=typed,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )

    def make_event(self) -> None:
        """Open now, with walk-ins."""
        made = self.run(
            "events", "create", EVENT, "--name", "Serverless Night", "--organization", "Cloud Club",
            "--venue", "Seoul", "--starts-at", "2026-02-11 19:00", "--opens-at", "2026-01-01 00:00",
            "--closes-at", "2099-01-01 00:00", "--walk-ins",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

    def items(self, table: str) -> list[dict[str, Any]]:
        """Everything in the table of that name, undecoded."""
        found: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=table)["Items"]
        return found

    def deploy(self) -> str:
        """What it printed; it went well."""
        done = self.run("deploy")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def check_in(self, address: str, number: int) -> None:
        """Somebody checks in over HTTP at `address`, and their mail arrives."""
        email = f"p{number}@example.com"
        person = {"phone": f"010-0000-{number:04}", "name": "김하나", "email": email}
        status, answer = ask(f"{address}/events/{EVENT}/check-ins", person)
        assert (status, answer["status"]) == (201, "checked_in")
        eventually(lambda: self.mails_to(email) == 1, seconds=120)

    def mails_to(self, email: str) -> int:
        return [mail.recipients for mail in self.mail_server.accepted].count((email,))

    def stream(self) -> str:
        table = self.client("dynamodb").describe_table(TableName=CHECK_INS)["Table"]
        return str(table["LatestStreamArn"])

    def mappings(self) -> list[dict[str, Any]]:
        """Of the stream's consumer, whatever its name."""
        found: list[dict[str, Any]] = self.client("lambda").list_event_source_mappings()[
            "EventSourceMappings"
        ]
        return found

    def apis(self) -> list[str]:
        return [each["id"] for each in self.client("apigateway").get_rest_apis()["items"]]

    def state(self) -> Path:
        return self.project / ".chalice" / "deployed" / "dev.json"


def ask(url: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    data = json.dumps(body).encode() if body else None
    request = Request(url, data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
