"""AWS on this machine: ministack, in an environment and a process of its own."""

from __future__ import annotations

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
_STRANGERS = ("AWS_", "LAMBDA_")


def start(port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start it, empty, on loopback. Raises NotReady."""
    if not PYTHON.is_file():
        raise NotReady("the emulator is not set up: `make emulator` does it")
    own = {name: value for name, value in environment.items() if not name.startswith(_STRANGERS)}
    server = processes.start([str(PYTHON), str(_SERVER), str(port)], own, quiet=True)
    processes.wait_until(lambda: processes.listens(port), server, "the emulator")
    return server


def environment(port: int) -> dict[str, str]:
    """What leads the SDK and its tools there instead of to AWS."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


class Emulation:
    """What `make emulator` is: an AWS and an inbox, for a deployment without an account."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._server: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[list[tuple[str, str]]]:
        """Yields the facts to print. Raises NotReady, PortInUse, SettingsError or OSError."""
        knobs = Knobs.read(self._given)
        processes.claim(
            {
                "EMULATOR_PORT": knobs.emulator_port,
                "INBOX_PORT": knobs.inbox_port,
                "INBOX_SMTP_PORT": knobs.inbox_smtp_port,
            }
        )
        self._server = start(knobs.emulator_port, self._given)
        try:
            with Inbox(
                knobs.inbox_dir, smtp_port=knobs.inbox_smtp_port, web_port=knobs.inbox_port
            ) as inbox:
                settings = environment(knobs.emulator_port) | {
                    "SMTP_HOST": HOST,
                    "SMTP_PORT": str(knobs.inbox_smtp_port),
                    "SMTP_SECURITY": "none",
                }
                shell = " ".join(f"{name}={value}" for name, value in settings.items())
                yield [
                    ("aws", settings["AWS_ENDPOINT_URL"]),
                    ("inbox", f"http://{HOST}:{inbox.web_port}"),
                    ("inbox_dir", str(knobs.inbox_dir)),
                    ("deploy", f"{shell} make deploy STAGE=dev"),
                ]
        finally:
            processes.stop(self._server)

    def look_after(self) -> None:
        """Raises NotReady when the emulator has ended."""
        if self._server and self._server.poll() is not None:
            raise NotReady(f"the emulator ended with exit code {self._server.returncode}")
