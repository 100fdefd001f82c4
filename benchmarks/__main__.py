"""`make bench`: how long it takes, on this machine, now.

Row by row: from the answer to a check-in until its mail lies in the inbox, on the local runtime
with moto; alone (one after the other) and in a rush (all at once).
"""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import click

from local.runtime import Runtime

_ALONE = 20
_RUSH = 50
_PATIENCE = 120  # seconds


@click.command()
def main() -> None:
    """Measure, and print a table."""
    click.echo(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as state:
        environment = os.environ | _free_ports() | {"XDG_STATE_HOME": state}
        runtime = Runtime(environment, with_app=True, publishes=False)
        with runtime.running() as printed:
            facts = dict(printed)
            inbox = Path(facts["inbox_dir"])
            address = f"{facts['app']}/events/{facts['event']}/check-ins"
            alone = []
            for number in range(_ALONE):
                answered = _walk_in(address, number)
                alone.append(_arrivals(inbox, [answered], number)[0])
            with ThreadPoolExecutor(8) as kiosks:
                rush = list(kiosks.map(lambda n: _walk_in(address, _ALONE + n), range(_RUSH)))
            rushed = _arrivals(inbox, rush, _ALONE)
    click.echo("from the check-in's answer to the mail in the inbox, seconds:")
    _row(f"{_ALONE} check-ins, one after the other", alone)
    _row(f"{_RUSH} check-ins at 8 kiosks at once", rushed)


def _walk_in(address: str, number: int) -> float:
    """Check one person in; the moment of the answer."""
    person = {
        "phone": f"010-0001-{number:04d}",
        "name": f"Guest {number}",
        "email": f"guest{number}@example.com",
    }
    request = Request(address, json.dumps(person).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        answer.read()
    return time.time()


def _arrivals(inbox: Path, answered: list[float], before: int) -> list[float]:
    """Seconds from each answer to the mail that came at its turn."""
    deadline = time.monotonic() + _PATIENCE
    while len(mails := sorted(inbox.glob("*.eml"))) < before + len(answered):
        if time.monotonic() > deadline:
            raise click.ClickException(f"{before + len(answered) - len(mails)} mails never came")
        time.sleep(0.005)
    arrived = sorted(mail.stat().st_mtime for mail in mails[before:])
    return [came - left for came, left in zip(arrived, sorted(answered), strict=True)]


def _row(name: str, seconds: list[float]) -> None:
    median, slowest = statistics.median(seconds), max(seconds)
    click.echo(f"  {name:40} median {median:5.2f}   slowest {slowest:5.2f}   runs {len(seconds)}")


def _free_ports() -> dict[str, str]:
    names = ("PORT", "INBOX_PORT", "INBOX_SMTP_PORT", "DYNAMODB_PORT")
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return dict(zip(names, ports, strict=True))


if __name__ == "__main__":
    main()
