"""The local runtime in a process of its own, as a user starts it. A plugin of tests/conftest.py."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from local.loopback import free_ports
from local.processes import listens

ROOT = Path(__file__).parents[1]


@dataclass
class Running:
    """A runtime in a process of its own; `facts` are the lines that it printed."""

    process: subprocess.Popen[str]
    facts: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.facts[name][0]

    def read_facts(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            name, colon, value = line.rstrip("\n").partition(": ")
            if colon and name.isidentifier():
                self.facts.setdefault(name, []).append(value)
            if len(self.facts.get("phone", [])) == 3:
                return
        raise AssertionError(f"ended with {self.process.wait()} before all was up")

    def post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        request = Request(
            f"{self['app']}/events/{self['event']}/check-ins",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def mails(self) -> list[bytes]:
        return [mail.read_bytes() for mail in sorted(Path(self["inbox_dir"]).glob("*.eml"))]


def ports_in_use(environment: dict[str, str]) -> list[str]:
    return [
        name for name, value in environment.items() if name.endswith("PORT") and listens(int(value))
    ]


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def runtime_environment(tmp_path: Path) -> dict[str, str]:
    names = ("PORT", "INBOX_PORT", "INBOX_SMTP_PORT", "DYNAMODB_PORT")
    ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**keep, **ports, "XDG_STATE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the project, which a test may edit."""
    left_out = shutil.ignore_patterns(".*_cache", ".git", ".venv", "__pycache__", "docs", "tests")
    return Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=left_out))


@pytest.fixture
def start_runtime(clone: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def launch(
        environment: dict[str, str], *arguments: str, stderr: IO[bytes] | None = None
    ) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", *arguments],
            cwd=clone,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        started.append(Running(process))
        return started[-1]

    yield launch
    for running in started:
        running.process.terminate()
        running.process.wait(60)
        assert running.process.stdout is not None
        running.process.stdout.close()
