"""Parses and formats times for organizers: in a time zone, or with an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from operations.console import say

_YEARS = range(2000, 2100)  # an event code has two digits for it


def parse_moment(text: str, zone: ZoneInfo, option: str) -> datetime:
    """An ISO 8601 date and time as aware UTC, read in `zone` if it has no offset.

    Says so if the zone's clocks skip that time or show it twice. Raises click.BadParameter, which
    names `option`.
    """
    try:
        if ":" not in text:  # a date alone would mean midnight
            raise ValueError(text)
        moment = datetime.fromisoformat(text.strip())
        if moment.year not in _YEARS:
            raise ValueError(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a date and time such as '2026-02-11 19:00'", param_hint=option
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        if note := _clock_change(moment, zone):
            say(f"{option}: {note}")
    return moment.astimezone(UTC)


def _clock_change(local: datetime, zone: ZoneInfo) -> str | None:
    """What was taken, if a clock change skips or repeats the time (PEP 495: `fold`)."""
    change = _offset(local.replace(fold=1)) - _offset(local)
    if not change:
        return None
    taken = local.astimezone(UTC).astimezone(zone)
    if change > timedelta(0):
        return (
            f"the clocks in {zone.key} skip {local:%Y-%m-%d %H:%M}; taken as "
            f"{taken.isoformat(timespec='minutes')}"
        )
    return (
        f"the clocks in {zone.key} show {local:%Y-%m-%d %H:%M} twice; taken as the first, "
        f"{taken.isoformat(timespec='minutes')}; for the second give "
        f"{taken.replace(fold=1).isoformat(timespec='minutes')}"
    )


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)


def parse_timezone(text: str) -> str:
    """The name of an IANA time zone. Raises ValueError."""
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{text!r} is not an IANA time zone such as Asia/Seoul") from error


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """Format the time, such as `2026-02-11 19:00`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
