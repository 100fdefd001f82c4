"""An AWS emulator on this machine: ministack, in an environment and a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local import processes
from local.inbox import Inbox
from local.processes import ROOT, NotReady
from local.runtime import Knobs

HOST = "127.0.0.1"
PYTHON = ROOT / ".venv" / "emulator" / "bin" / "python"

_SERVER = ROOT / "local" / "emulator" / "server.py"
# The functions inherit the emulator's variables, but must have only those of their stage.
_KEPT = ("HOME", "LANG", "PATH", "TMPDIR")


def start(port: int, smtp_port: int) -> subprocess.Popen[bytes]:
    """Start an empty emulator on loopback. Its functions mail to `smtp_port`. Raises NotReady."""
    if not PYTHON.is_file():
        raise NotReady("the emulator is not set up: run `make emulator` once")
    own = {name: os.environ[name] for name in _KEPT if name in os.environ}
    command = [str(PYTHON), str(_SERVER), str(port), str(smtp_port)]
    server = processes.start(command, own, quiet=True)
    processes.wait_until(lambda: processes.listens(port), server, "the emulator")
    return server


def environment(port: int) -> dict[str, str]:
    """The variables that point the SDK and its tools to the emulator instead of to AWS."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


class Emulation:
    """`make emulator`: an AWS emulator and an inbox, to deploy to without an account."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._server: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[list[tuple[str, str]]]:
        """Yields the facts to print. Raises NotReady, PortInUse, SettingsError or OSError."""
        knobs = Knobs.read(self._given)
        inbox_dir = knobs.inbox_dir
        if not self._given.get("INBOX_DIR"):  # a local run has its own
            inbox_dir = knobs.run.with_name(f"emulator-{knobs.emulator_port}") / "inbox"
        processes.claim(
            {
                "EMULATOR_PORT": knobs.emulator_port,
                "INBOX_PORT": knobs.inbox_port,
                "INBOX_SMTP_PORT": knobs.inbox_smtp_port,
            }
        )
        self._server = start(knobs.emulator_port, knobs.inbox_smtp_port)
        try:
            with Inbox(
                inbox_dir, smtp_port=knobs.inbox_smtp_port, web_port=knobs.inbox_port
            ) as inbox:
                settings = environment(knobs.emulator_port)
                shell = " ".join(f"{name}={value}" for name, value in settings.items())
                yield [
                    ("aws", settings["AWS_ENDPOINT_URL"]),
                    ("inbox", f"http://{HOST}:{inbox.web_port}"),
                    ("inbox_dir", str(inbox_dir)),
                    ("deploy", f"{shell} make deploy STAGE=dev"),
                ]
        finally:
            processes.stop(self._server)

    def look_after(self) -> None:
        """Raises NotReady when the emulator has ended."""
        if self._server and self._server.poll() is not None:
            raise NotReady(f"the emulator ended with exit code {self._server.returncode}")
