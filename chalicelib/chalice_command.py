"""Support for Chalice's commands (`local`, `deploy`, `package`) while they import app.py.

It provides the stage's settings, the stream's ARN, and errors on one line. A running function needs
none of this. Chalice sets AWS_CHALICE_CLI_MODE in its commands, and Lambda does not.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# `make package` sets this for its own `chalice package`, whose stack creates the table as well, so
# that the template can refer to the stream.
ONE_STACK = "ROLLCALL_ONE_STACK"

_PLACEHOLDER = "arn:aws:dynamodb:us-east-1:000000000000:table/{}/stream/looked-up-when-deployed"
_FIRST_SECONDS = 5
_SERVICES = "Type `make services` first, in another terminal"


class CommandError(Exception):
    """The command cannot go on; the message says what to type."""


def settings_source() -> Mapping[str, str] | None:
    """The settings of the command's stage, or None to read them from the process.

    A deployed stage gets only what .chalice/config.json says, nothing from the shell. The stage
    `local` names a SETTINGS_FILE, and the environment counts there too. Raises CommandError.
    """
    if not _is_running():
        return None
    declared = _declared()
    return None if "SETTINGS_FILE" in declared else declared


def stream_arn(table: str) -> str:
    """The ARN of the table's live stream in a command; anywhere else, a well-formed placeholder.

    Raises CommandError.
    """
    if not _is_running() or os.environ.get(ONE_STACK):
        return _PLACEHOLDER.format(table)
    # Imported here, so that the functions do not load it for this.
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.storage.dynamodb import AT_A_DESK, client

    logging.getLogger("botocore").setLevel(logging.WARNING)  # it logs where credentials come from
    patience = AT_A_DESK.merge(
        Config(connect_timeout=_FIRST_SECONDS, retries={"total_max_attempts": 2})
    )
    try:
        dynamodb = client(patience)
        found = dynamodb.describe_table(TableName=table)["Table"].get("LatestStreamArn")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise CommandError(f"there is no table {table} yet. {_advice()}") from error
        raise CommandError(f"AWS refused: {error}") from error
    except BotoCoreError as error:
        raise CommandError(f"{str(error).rstrip('.')}. {_advice(reached=False)}") from error
    if not found:
        raise CommandError(f"the table {table} has no stream. {_advice()}")
    return found


@contextmanager
def missing_packages_in_one_line() -> Iterator[None]:
    """End a command with one line if a package is not installed. In a function, just raise."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not _is_running() or str(error.name).startswith("chalicelib"):
            raise
        _end(f"rollcall: {error.name} is missing. Type `pip install -r requirements.txt` first")


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """End a command with one line if something it needs is missing. In a function, just raise."""
    from chalicelib.settings import SettingsError  # which needs packages of requirements.txt

    try:
        yield
    except CommandError as error:
        _end(f"rollcall: {error}")
    except SettingsError as error:
        if not _is_running():
            raise
        if "SETTINGS_FILE" in _declared() and "EVENT_TABLE is missing" in str(error):
            _end(f"rollcall: the services are not running. {_SERVICES}")
        _end(f"rollcall, stage {_stage()} in .chalice/config.json: {error}")


def _is_running() -> bool:
    return bool(os.environ.get("AWS_CHALICE_CLI_MODE"))


def _end(line: str) -> None:
    """Exit with this line. Chalice prints a traceback for an Exception, but not for SystemExit."""
    if threading.current_thread() is threading.main_thread():
        raise SystemExit(line)
    # `chalice local` imports the app in a thread, where Python ignores SystemExit.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    os._exit(1)


@cache
def _stage() -> str:
    """Read the stage from --stage, because Chalice does not tell the app."""
    from argparse import ArgumentParser

    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stage", default="dev")  # Chalice's own default
    return str(parser.parse_known_args(sys.argv[1:])[0].stage)


@cache
def _declared() -> Mapping[str, str]:
    """The stage's environment_variables. Chalice has already changed to the project's directory."""
    from chalice.config import Config

    config = json.loads(Path(".chalice/config.json").read_text(encoding="utf-8"))
    stages = config.get("stages", {})
    if _stage() not in stages:
        raise CommandError(
            f"no stage {_stage()} in .chalice/config.json; there are {', '.join(stages)}"
        )
    declared: Mapping[str, str] = Config(_stage(), config_from_disk=config).environment_variables
    return declared


def _advice(*, reached: bool = True) -> str:
    if "SETTINGS_FILE" in _declared():
        return _SERVICES
    if "local" in sys.argv[1:]:
        return (
            f"The stage {_stage()} is on AWS. For this machine type `make services`, and in "
            "another terminal `chalice local --stage local`"
        )
    if not reached:
        return "Set region and credentials as the AWS SDK wants them, such as AWS_PROFILE"
    return f"Type `make deploy STAGE={_stage()}` first"
