"""The same promises before a mail server that nobody here wrote: Postfix's smtp-sink."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import sink
from faults.conftest import ALL, SetScene
from faults.scene import HANA, Scene
from local.loopback import free_port

CROWD = 1000 if ALL else 50

pytestmark = pytest.mark.skipif(
    not sink.PROGRAM.exists(), reason=f"{sink.PROGRAM} is missing: install Debian's postfix"
)


@pytest.fixture
def mailbox() -> Iterator[Path]:
    """Where smtp-sink writes, which may run as nobody."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() == 0:
            shutil.chown(name, "nobody")
        yield Path(name)


def before_the_sink(set_scene: SetScene, port: int, **own: str) -> Scene:
    plain = {"SMTP_PORT": str(port), "SMTP_SECURITY": "none", "SMTP_USERNAME": ""}
    return set_scene(**plain, **own)


# What smtp-sink does at which commands, and how many mails in which state that leaves. At the dot
# it keeps what it refuses too: two tries of the batch, and the sweep's.
PERMANENT = [(("-f", "RCPT"), 0, "failed"), (("-f", "DATA"), 0, "failed")]
AT_THE_DOT = [
    (("-q", "."), 2, "sent"),
    (("-Q", "."), 3, "sent"),
    (("-r", "."), 3, "sent"),
    (("-f", "."), 1, "failed"),
]
OTHERS = [
    ((option, step), 1, "sent")
    for option, steps in {
        "-q": ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT"),
        "-Q": ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA"),
        "-r": ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA"),
        "-f": ("CONNECT", "EHLO", "MAIL"),
        "-W": ("RCPT:1",),
    }.items()
    for step in steps
]
BRIEF = [*AT_THE_DOT[:1], *PERMANENT[:1], *OTHERS[:-1:4]]


@pytest.mark.parametrize(
    ("fault", "mails", "state"),
    [*AT_THE_DOT, *PERMANENT, *OTHERS] if ALL else BRIEF,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_smtp_sink_does_ends_as_is_promised(
    fault: tuple[str, ...], mails: int, state: str, set_scene: SetScene, mailbox: Path
) -> None:
    port = free_port()
    scene = before_the_sink(set_scene, port)
    scene.meetup.open()
    with sink.running(port, mailbox, *fault):
        scene.meetup.deliver(scene.meetup.check_in(HANA))
    with sink.running(port, mailbox):
        scene.meetup.sweep_until_settled()
    assert scene.meetup.states() == {HANA: state}
    assert sink.copies(mailbox)[HANA] == mails


def test_smtp_sink_gets_one_mail_for_everybody(set_scene: SetScene, mailbox: Path) -> None:
    port = free_port()
    scene = before_the_sink(set_scene, port, SMTP_CONNECTIONS="4")
    scene.meetup.open()
    addresses = [f"guest-{number}@example.com" for number in range(CROWD)]
    with sink.running(port, mailbox):
        assert scene.meetup.deliver(scene.meetup.check_in(*addresses)) == []
    assert scene.meetup.states() == dict.fromkeys(addresses, "sent")
    assert sink.copies(mailbox) == dict.fromkeys(addresses, 1)
