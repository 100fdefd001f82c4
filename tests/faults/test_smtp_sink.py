"""The same promises against a third-party mail server: Postfix's smtp-sink."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.conftest import SetScene
from faults.scene import HANA, Scene
from local import processes
from local.loopback import free_port

PROGRAM = Path("/usr/sbin/smtp-sink")
PLAIN = {"SMTP_SECURITY": "none", "SMTP_USERNAME": ""}

_RECIPIENT = re.compile(rb"^X-Rcpt-Args: <([^>]*)>", re.MULTILINE)

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason=f"{PROGRAM} is missing: install Debian's postfix"
)


@pytest.fixture
def mailbox() -> Iterator[Path]:
    """Where smtp-sink writes one file for each mail; it may run as nobody."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() == 0:
            shutil.chown(name, "nobody")
        yield Path(name)


@contextmanager
def sink(scene: Scene, mailbox: Path, *faults: str) -> Iterator[None]:
    """Serve at the scene's port, always with these faults."""
    port = scene.meetup.settings.mail.port
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    where = ["-d", f"{mailbox}/mail.", f"127.0.0.1:{port}", "100"]
    server = processes.start([str(PROGRAM), *as_nobody, *faults, *where], {}, quiet=True)
    try:
        processes.wait_until(lambda: processes.listens(port), server, "smtp-sink")
        yield
    finally:
        processes.stop(server)


def copies(mailbox: Path) -> Counter[str]:
    """How many mails came, by recipient."""
    files = (file.read_bytes() for file in mailbox.iterdir())
    return Counter(address.decode() for file in files for address in _RECIPIENT.findall(file))


@pytest.mark.parametrize(
    ("fault", "mails", "state"),
    [
        (("-q", "CONNECT"), 1, "sent"),
        (("-Q", "RCPT"), 1, "sent"),
        (("-r", "DATA"), 1, "sent"),
        (("-f", "RCPT"), 0, "failed"),
        (("-q", "."), 2, "sent"),
        # It also stores mails that it refuses after the data: two batch tries and one sweep.
        (("-r", "."), 3, "sent"),
        (("-f", "."), 1, "failed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_every_smtp_sink_fault_ends_as_promised(
    fault: tuple[str, ...], mails: int, state: str, set_scene: SetScene, mailbox: Path
) -> None:
    scene = set_scene(SMTP_PORT=str(free_port()), **PLAIN)
    scene.meetup.open()
    with sink(scene, mailbox, *fault):
        scene.meetup.deliver(scene.meetup.check_in(HANA))
    with sink(scene, mailbox):
        scene.meetup.sweep_until_settled()
    assert scene.meetup.states() == {HANA: state}
    assert copies(mailbox)[HANA] == mails


def test_smtp_sink_gets_one_mail_for_everybody(set_scene: SetScene, mailbox: Path) -> None:
    scene = set_scene(SMTP_PORT=str(free_port()), SMTP_CONNECTIONS="4", **PLAIN)
    scene.meetup.open()
    addresses = [f"guest-{number}@example.com" for number in range(50)]
    with sink(scene, mailbox):
        assert scene.meetup.deliver(scene.meetup.check_in(*addresses)) == []
    assert scene.meetup.states() == dict.fromkeys(addresses, "sent")
    assert copies(mailbox) == dict.fromkeys(addresses, 1)
