"""Parses and formats times for organizers: in a time zone, or with an offset."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click


def parse_moment(text: str, zone: ZoneInfo, option: str) -> datetime:
    """An ISO 8601 date and time as aware UTC, read in `zone` if it has no offset.

    Raises click.BadParameter, which names `option`.
    """
    try:
        if ":" not in text:  # a date alone would mean midnight
            raise ValueError(text)
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a date and time such as '2026-02-11 19:00'", param_hint=option
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def parse_timezone(text: str) -> str:
    """The name of an IANA time zone. Raises ValueError."""
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{text!r} is not an IANA time zone such as Asia/Seoul") from error


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """Format the time, such as `2026-02-11 19:00`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
