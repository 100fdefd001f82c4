"""`events …`: create, show, edit and list events, and print the link that opens a kiosk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from chalicelib.attendance.event import Event
from chalicelib.web.access import kiosk_key
from operations.console import FailureError, event_code, existing_event
from operations.event_options import event_options, given_details
from operations.stage import Stage
from operations.times import shown

_OPENS_BEFORE = timedelta(hours=2)
_CLOSES_AFTER = timedelta(hours=6)


@click.group()
def events() -> None:
    """Create, show and edit events."""


@events.command()
@event_code
@event_options(creating=True)
@click.pass_obj
def create(stage: Stage, /, code: str, **options: Any) -> None:
    """Create the event CODE: month, day and three letters, such as 0211ABC."""
    table = stage.wiring.event_table
    if table.get(code):
        raise FailureError(f"the event {code} already exists: change it with `events edit {code}`")
    given = given_details(options, options["timezone"])
    starts_at = given["starts_at"]
    given.setdefault("check_in_opens_at", starts_at - _OPENS_BEFORE)
    given.setdefault("check_in_closes_at", starts_at + _CLOSES_AFTER)
    keep = timedelta(days=given.pop("keep_days"))
    event = _valid(
        lambda: Event(event_code=code, expires_at=given["check_in_closes_at"] + keep, **given)
    )
    table.put(event)
    _show(stage, event)


@events.command()
@event_code
@event_options(creating=False)
@click.pass_obj
def edit(stage: Stage, /, code: str, **options: Any) -> None:
    """Change the given details of the event CODE; the others stay as they are."""
    event = existing_event(stage, code)
    given = given_details(options, options["timezone"] or event.timezone)
    if not given:
        raise click.UsageError("nothing to change: give at least one option")
    closes_at = given.get("check_in_closes_at", event.check_in_closes_at)
    keep_days = given.pop("keep_days", None)
    keep = timedelta(days=keep_days) if keep_days else event.expires_at - event.check_in_closes_at
    changed = _valid(lambda: dataclasses.replace(event, expires_at=closes_at + keep, **given))
    stage.wiring.event_table.put(changed)
    _show(stage, changed)


@events.command()
@event_code
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_obj
def show(stage: Stage, /, code: str, *, as_json: bool) -> None:
    """Show the event CODE and how many people are registered and checked in."""
    event = existing_event(stage, code)
    counts = _counts(stage, event)
    if as_json:
        click.echo(json.dumps(_facts(stage, event) | counts, ensure_ascii=False, indent=2))
    else:
        _show(stage, event, counts)


@events.command(name="list")
@click.pass_obj
def list_(stage: Stage) -> None:
    """List all events, earliest first."""
    now = stage.wiring.now()
    for event in sorted(stage.wiring.event_table.all(), key=lambda event: event.starts_at):
        starts_at = shown(event.starts_at, event.zone)
        click.echo(f"{event.event_code}  {starts_at}  {event.state(now):8}  {event.name}")


@events.command()
@event_code
@click.option("--base-url", metavar="URL", help="The app's address, if the stage does not know it.")
@click.pass_obj
def kiosk_link(stage: Stage, /, code: str, base_url: str | None) -> None:
    """Print the link that opens the kiosk of the event CODE on the organizers' devices.

    Anyone with the link can check people in: do not publish it.
    """
    existing_event(stage, code)
    base = base_url.rstrip("/") if base_url else stage.base_url
    if not base:
        raise click.UsageError(f"stage {stage.name} is not deployed yet: give --base-url")
    click.echo(f"{base}/kiosk/{code}#key={kiosk_key(stage.wiring.secret_key, code)}")


def _valid(build: Callable[[], Event]) -> Event:
    try:
        return build()
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _facts(stage: Stage, event: Event) -> dict[str, Any]:
    """The event as JSON."""
    attributes = {
        field.name: getattr(event, field.name) for field in dataclasses.fields(event) if field.init
    }
    times = {
        name: value.astimezone(event.zone).isoformat()
        for name, value in attributes.items()
        if isinstance(value, datetime)
    }
    return attributes | times | {"state": event.state(stage.wiring.now())}


def _counts(stage: Stage, event: Event) -> dict[str, int]:
    return {
        "registrations": stage.wiring.registration_table.count(event.event_code),
        "check_ins": stage.wiring.check_in_table.count(event.event_code),
    }


def _show(stage: Stage, event: Event, counts: dict[str, int] | None = None) -> None:
    facts = _facts(stage, event)
    opens_at = shown(event.check_in_opens_at, event.zone)
    closes_at = shown(event.check_in_closes_at, event.zone)
    lines = {
        "event": f"{event.event_code} {event.name}",
        "organization": event.organization,
        "venue": event.venue,
        "starts": f"{shown(event.starts_at, event.zone)} ({event.timezone})",
        "check-in": f"{opens_at} to {closes_at}: {facts['state']}",
        "self check-in": "yes" if event.self_check_in else "no, only at the kiosks",
        "walk-ins": "yes" if event.walk_ins else "no",
        "language": event.locale,
        "reply to": event.reply_to or "-",
        "announcement": event.announcement.replace("\n", "\n" + " " * 16) or "-",
        "deleted on": shown(event.expires_at, event.zone),
    }
    for name, count in (counts or {}).items():
        lines[name.replace("_", "-")] = f"{count:,}"
    for label, text in lines.items():
        click.echo(f"{label + ':':16}{text}")
