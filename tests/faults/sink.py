"""smtp-sink of Postfix: a mail server that nobody here wrote. It cannot be told anything later."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import processes

PROGRAM = Path("/usr/sbin/smtp-sink")
_RECIPIENT = re.compile(rb"^X-Rcpt-Args: <([^>]*)>", re.MULTILINE)
_ENDED = re.compile(rb"\r?\n\r?\n")


@contextmanager
def running(port: int, directory: Path, *faults: str) -> Iterator[None]:
    """Serve on `port` of loopback; what arrives lies in `directory`, one file a mail."""
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [
        str(PROGRAM),
        *as_nobody,
        *faults,
        "-d",
        f"{directory}/mail.",
        f"127.0.0.1:{port}",
        "100",
    ]
    server = processes.start(command, {}, quiet=True)
    try:
        processes.wait_until(lambda: processes.listens(port), server, "smtp-sink")
        yield
    finally:
        processes.stop(server)


def copies(directory: Path) -> Counter[str]:
    """How many mails came, by recipient."""
    found: Counter[str] = Counter()
    for file in directory.iterdir():
        found.update(address.decode() for address in _RECIPIENT.findall(file.read_bytes()))
    return found
