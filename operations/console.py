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

from chalicelib.attendance.errors import InvalidPhone, InvalidRequest, StorageUnavailable
from chalicelib.attendance.event import NOT_A_CODE, Event, normalize_event_code
from chalicelib.attendance.phone import attendee_id, parse_phone
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
            raise FailureError(
                f"storage did not answer or refused the call: {error}; it is safe to run this again"
            ) from error


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
        raise ValueError(f"{text!r} {NOT_A_CODE}")
    return code


event_code = click.argument("code", callback=checked(_event_code))
new_event_code = click.argument("code", required=False, callback=checked(_event_code))


def existing_event(stage: Stage, code: str) -> Event:
    event = stage.wiring.event_table.get(code)
    if event is None:
        raise FailureError(f"no event has the code {code}")
    return event


def attendee_with(stage: Stage, phone: str, option: str) -> str:
    """The attendee id of a phone number. Raises click.BadParameter, which names `option`."""
    return attendee_id(parsed_phone(stage, phone, option), stage.wiring.secret_key)


def parsed_phone(stage: Stage, phone: str, option: str) -> str:
    """The number in E.164 form. Raises click.BadParameter, which names `option`."""
    try:
        return parse_phone(phone, stage.wiring.settings.default_region_code)
    except InvalidPhone as error:
        raise click.BadParameter(error.problem, param_hint=option) from error


def say(note: str) -> None:
    """Tell something beside the result, on stderr."""
    click.echo(f"Note: {note}", err=True)


def is_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _need_a_terminal() -> None:
    if not is_terminal():
        raise FailureError("nothing was changed, since nobody can be asked here; --yes goes on")


def confirm(question: str) -> None:
    """Raise FailureError unless somebody says yes."""
    _need_a_terminal()
    if not click.confirm(question):
        raise FailureError("nothing was changed")


def ask(question: str, answer: str) -> None:
    """Raise FailureError unless somebody types the answer."""
    _need_a_terminal()
    if click.prompt(f"{question} Type {answer} to go on", default="", show_default=False) != answer:
        raise FailureError("nothing was changed")


def progress(
    items: Iterable[T], label: str, length: int | None = None
) -> AbstractContextManager[Iterable[T]]:
    """The items, with a progress bar on stderr if that is a terminal."""
    return click.progressbar(
        items, length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    )


def total(batches: Iterable[int], label: str, length: int) -> int:
    """Run all batches, with a progress bar, and add up their sizes."""
    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        done = 0
        for size in batches:
            bar.update(size)
            done += size
    return done


def print_fact(label: str, text: str) -> None:
    """One line of a table of facts; without a label, it goes on with the line before."""
    click.echo(f"{label + ':' if label else '':16}{text}")


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
