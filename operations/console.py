"""What the commands share: event codes as arguments, progress bars, and failures on one line.

Exit codes: 0 everything worked; 1 some items were left out (rows of a roster, check-ins that
changed meanwhile); 2 the command was wrong or could not be carried out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click
from botocore.exceptions import BotoCoreError

from chalicelib.attendance.errors import InvalidRequest, StorageUnavailable
from chalicelib.attendance.event import Event, normalize_event_code
from chalicelib.settings import SettingsError
from operations.deployment.aws import DeploymentError
from operations.stage import Stage, UnknownStageError

T = TypeVar("T")


class FailureError(click.ClickException):
    exit_code = 2


class Commands(click.Group):
    """A group that prints one line, not a traceback, for failures that are not bugs."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DeploymentError, SettingsError, UnknownStageError) as error:
            raise FailureError(str(error)) from error
        except (StorageUnavailable, BotoCoreError) as error:
            raise FailureError(f"storage did not answer or refused the call: {error}") from error


def checked(check: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that passes the value through `check` and reports its error for the option."""

    def callback(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Any:
        try:
            return None if value is None else check(value)
        except InvalidRequest as error:
            raise click.BadParameter(error.problem) from error
        except (KeyError, OSError, ValueError) as error:
            raise click.BadParameter(str(error)) from error

    return callback


def _event_code(text: str) -> str:
    code = normalize_event_code(text)
    if code is None:
        raise ValueError(f"{text!r} is not an event code such as 0211ABC")
    return code


event_code = click.argument("code", callback=checked(_event_code))


def existing_event(stage: Stage, code: str) -> Event:
    event = stage.wiring.event_table.get(code)
    if event is None:
        raise FailureError(f"no event has the code {code}")
    return event


def progress(
    items: Iterable[T], label: str, length: int | None = None
) -> AbstractContextManager[Iterable[T]]:
    """The items, with a progress bar on stderr if that is a terminal."""
    return click.progressbar(
        items, length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    )
