"""A copy of the project and what runs in it: the local runtime, the emulator, `operations`.

As a user starts them, each in processes of its own, beside whatever runs in the developer's clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from benchmarks.guests import email, phone
from local.loopback import free_ports
from local.processes import ROOT

EVENT = "0211ABC"

_PORTS = ("PORT", "INBOX_PORT", "INBOX_SMTP_PORT", "DYNAMODB_PORT", "EMULATOR_PORT")
_KEPT = ("PATH", "PIP_", "LANG")
_LEFT_OUT = shutil.ignore_patterns(
    ".*_cache", ".git", ".venv", "__pycache__", "deployed", "deployments", "dist", "docs",
    "provisioned", "services.json", "tests",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clone:
    """`environment` is all that its processes see; `log` takes what they say."""

    directory: Path
    environment: dict[str, str]
    log: IO[bytes]

    def operations(self, stage: str, *arguments: str) -> str:
        """What `python -m operations …` printed. Raises ClickException where it fails."""
        done = subprocess.run(  # noqa: S603  -- the commands are the benchmarks' own
            [sys.executable, "-m", "operations", "--stage", stage, *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise click.ClickException(f"operations {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def make_event(self, stage: str, people: int) -> None:
        """EVENT, open now, with the guests below `people` on its roster."""
        self.operations(
            stage, "events", "create", EVENT, "--name", "Serverless Night", "--venue", "Seoul",
            "--organization", "Cloud Club", "--starts-at", "2026-02-11 19:00",
            "--opens-at", "2026-01-01 00:00", "--closes-at", "2099-01-01 00:00",
        )  # fmt: skip
        rows = (f"Guest {number},{phone(number)},{email(number)}\n" for number in range(people))
        roster = self.directory / "roster.csv"
        roster.write_text("name,phone,email\n" + "".join(rows), encoding="utf-8")
        self.operations(stage, "roster", "import", EVENT, str(roster))

    @contextmanager
    def running(self, *command: str, stdout: int | IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        """A server, by its command, until the block ends."""
        process = subprocess.Popen(  # noqa: S603  -- as above
            command,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=self.log,
        )
        with process:
            try:
                yield process
            finally:
                process.terminate()

    @contextmanager
    def local(self, what: str, last: str) -> Iterator[dict[str, str]]:
        """`python -m local WHAT`: the facts that it prints, up to the `last` one."""
        command = (sys.executable, "-m", "local", what)
        with self.running(*command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None, "a pipe"
            facts: dict[str, str] = {}
            for line in process.stdout:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                facts[name] = value
                if name == last:
                    break
            else:
                raise click.ClickException(f"`local {what}` ended:\n{self.last_words()}")
            yield facts

    def last_words(self) -> str:
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")[-3000:]


@contextmanager
def cloned(**settings: str) -> Iterator[Clone]:
    """With ports and a state of its own, and `settings` in its environment."""
    with tempfile.TemporaryDirectory() as temporary:
        directory, state = Path(temporary, "clone"), Path(temporary, "state")
        shutil.copytree(ROOT, directory, ignore=_LEFT_OUT)
        (directory / ".venv").symlink_to(ROOT / ".venv")
        ports = zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True)
        keep = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        environment = {**keep, **dict(ports), "HOME": temporary, "XDG_STATE_HOME": str(state)}
        with Path(temporary, "log").open("wb") as log:
            yield Clone(directory, environment | settings, log)
