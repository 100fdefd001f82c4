"""`python -m local [services|emulator]`: `make run`, `make services` and `make emulator`."""

from __future__ import annotations

import os
import signal
import sys
import time

import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.settings import SettingsError
from local.dynamodb import MissingExtra
from local.emulator import Emulation
from local.processes import NotReady, PortInUse
from local.runtime import Runtime

_EXPECTED = (
    PortInUse,
    NotReady,
    MissingExtra,
    SettingsError,
    StorageUnavailable,
    BotoCoreError,
    ClientError,
    OSError,
    ValueError,
)


@click.command()
@click.argument("what", type=click.Choice(["all", "services", "emulator"]), default="all")
def main(what: str) -> None:
    """Run Rollcall on this machine until Ctrl-C. `services` runs everything but the app.

    `emulator` runs an AWS instead, to deploy to.
    """
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # SIGINT too, because a shell's background jobs ignore it
    try:
        runtime = (
            Emulation(os.environ)
            if what == "emulator"
            else Runtime(os.environ, with_app=what == "all")
        )
        with runtime.running() as facts:
            for name, value in facts:
                click.echo(f"{name}: {value}")
            sys.stdout.flush()
            while os.getppid() == parent:
                runtime.look_after()
                time.sleep(0.5)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from error


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
