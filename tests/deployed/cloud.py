"""A clone of the project that is deployed to an emulator, and what is there afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
from smtp_server import SmtpServer

_COMMAND = Path(__file__).parent / "command.py"
_PATIENCE = 300  # seconds, for one command


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

    def run(
        self, *arguments: str, die_after: str = "", typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """`python -m operations --stage dev …`; with `die_after` killed after that AWS call."""
        last = [die_after] if die_after else []
        return subprocess.run(
            [sys.executable, _COMMAND, *last, "--", "--stage", "dev", *arguments],
            cwd=self.project,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )

    def make_event(self, code: str) -> None:
        """Open now, with walk-ins."""
        made = self.run(
            "events", "create", code, "--name", "Serverless Night", "--organization", "Cloud Club",
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

    def stack(self) -> dict[str, str]:
        """The data stack's outputs."""
        [stack] = self.client("cloudformation").describe_stacks(StackName="rollcall-dev-data")[
            "Stacks"
        ]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def mappings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client("lambda").list_event_source_mappings(
            FunctionName="rollcall-dev-send_confirmations"
        )["EventSourceMappings"]
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
