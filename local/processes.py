"""Starts and stops the runtime's child processes, which never outlive it."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]

_PARENT = "ROLLCALL_RUNTIME_PID"


class PortInUse(Exception):
    """Another process listens on the port; the message names the variable that moves it."""


class NotReady(Exception):
    """A process ended, or did not answer in time."""


def start(
    command: Sequence[str], environment: Mapping[str, str], *, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start a child that Ctrl-C in the terminal does not reach; the runtime stops it itself.

    Its output goes to stderr, since stdout is for the facts that the runtime prints.
    """
    return subprocess.Popen(  # noqa: S603  -- the commands are the runtime's own
        command,
        env={**environment, _PARENT: str(os.getpid())},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else sys.__stderr__,
        stderr=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes], patience: float = 1.0) -> None:
    """Ask a child to end, and kill it after `patience` seconds."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this project."""
    return [sys.executable, "-m", module, *arguments]


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str, seconds: float = 60
) -> None:
    """Return once `ready` returns True. Raises NotReady if the process ends or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise NotReady(f"{what} ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            raise NotReady(f"{what} did not answer within {seconds:g} s")
        time.sleep(0.05)


def claim(ports: Mapping[str, int]) -> None:
    """Raise PortInUse if one of `ports`, given by the variables that move them, is taken."""
    with ExitStack() as probes:  # all at the same time, in case two are equal
        for name, port in ports.items():
            try:
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError as error:
                raise PortInUse(f"port {port} is in use; move it with {name}") from error


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep other runs out of a run's folder, which is named after its PORT. Raises PortInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PortInUse(
                f"another run of this clone uses PORT {folder.name}; choose another with PORT=…"
            ) from error
        yield


def listens(port: int) -> bool:
    """Whether a process listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_with_parent() -> None:
    """Called in a child: end this process when the runtime ends, even if it was killed."""
    parent = int(os.environ.get(_PARENT, os.getppid()))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def code_state() -> tuple[tuple[str, int], ...]:
    """The app's files with the times of their last change; the result differs after an edit."""
    return tuple(sorted(_file_times()))


def _file_times() -> Iterator[tuple[str, int]]:
    files = [str(ROOT / "app.py")]
    for directory, _, names in os.walk(ROOT / "chalicelib"):
        if not directory.endswith("__pycache__"):
            files += (os.path.join(directory, name) for name in names if not _is_an_editors(name))
    for file in files:
        with suppress(FileNotFoundError):  # an editor replaces a file, or git switches branches
            yield file, os.stat(file).st_mtime_ns


def _is_an_editors(name: str) -> bool:
    return name.startswith(".") or name.endswith(("~", ".swp"))
