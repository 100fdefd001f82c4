"""The options that describe an event, and their conversion to the event's attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from chalicelib.attendance.email import parse_email
from chalicelib.attendance.event import LOCALES
from chalicelib.attendance.registration import clean_name
from operations.console import checked
from operations.times import parse_moment, parse_timezone

Command = TypeVar("Command", bound=Callable[..., None])

_MOMENTS = {
    "starts_at": "--starts-at",
    "check_in_opens_at": "--opens-at",
    "check_in_closes_at": "--closes-at",
}


def event_options(*, creating: bool) -> Callable[[Command], Command]:
    """The options that describe an event. For `edit` they have no defaults."""

    def option(*names: str, default: Any = None, required: bool = False, **more: Any) -> Any:
        if not creating:
            more["default"] = None  # also for flags, which are then neither on nor off
        elif required:
            more["required"] = True
        elif default is not None:
            more |= {"default": default, "show_default": True}
        return click.option(*names, **more)

    line = checked(clean_name)
    options = [
        option("--name", required=True, callback=line, help="The event's name."),
        option("--organization", required=True, callback=line, help="Who organizes it."),
        option("--venue", required=True, callback=line, help="Where it is."),
        option("--starts-at", required=True, metavar="TIME", help="'2026-02-11 19:00'."),
        option(
            "--opens-at",
            "check_in_opens_at",
            metavar="TIME",
            help="When check-in opens." + (" [default: 2 hours before]" if creating else ""),
        ),
        option(
            "--closes-at",
            "check_in_closes_at",
            metavar="TIME",
            help="When check-in closes." + (" [default: 6 hours after]" if creating else ""),
        ),
        option(
            "--timezone",
            default="Asia/Seoul",
            callback=checked(parse_timezone),
            help="IANA time zone; times without an offset are read in it.",
        ),
        option(
            "--locale",
            default="ko",
            type=click.Choice(LOCALES),
            help="The language of kiosk and confirmation.",
        ),
        option(
            "--self-check-in/--no-self-check-in",
            default=True,
            help="Whether attendees can check in with their own phones, or only at the kiosks.",
        ),
        option(
            "--walk-ins/--no-walk-ins",
            default=False,
            help="Whether people who are not on the roster can check in.",
        ),
        option("--announcement", help="Text for the confirmation, such as the Wi-Fi's name."),
        option(
            "--announcement-file",
            metavar="FILE",
            callback=checked(_file_text),
            help="Read the announcement from a text file in UTF-8.",
        ),
        option(
            "--reply-to",
            metavar="ADDRESS",
            callback=checked(lambda text: parse_email(text) if text else ""),
            help="Where replies to the confirmation go."
            + ("" if creating else " An empty text removes it."),
        ),
        option(
            "--keep-days",
            default=180,
            type=click.IntRange(min=1, max=3650),
            help="How many days after check-in closes all data of the event is deleted.",
        ),
    ]

    def decorate(command: Command) -> Command:
        for add in reversed(options):
            command = add(command)
        return command

    return decorate


def given_details(options: dict[str, Any], timezone: str) -> dict[str, Any]:
    """The given options under the names of the event's attributes; times are aware UTC."""
    given = {name: value for name, value in options.items() if value is not None}
    text = given.pop("announcement_file", None)
    if text is not None:
        if "announcement" in given:
            raise click.UsageError("give --announcement or --announcement-file, not both")
        given["announcement"] = text
    if "reply_to" in given:
        given["reply_to"] = given["reply_to"] or None
    for name, option in _MOMENTS.items():
        if name in given:
            given[name] = parse_moment(given[name], ZoneInfo(timezone), option)
    return given


def _file_text(path: str) -> str:
    with click.open_file(path, encoding="utf-8-sig") as file:
        return str(file.read()).strip()
