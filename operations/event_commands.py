"""`events …`: create, show, edit, list and erase events, and print the link that opens a kiosk."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import click

from chalicelib.attendance.event import Event
from chalicelib.web.access import kiosk_key
from operations.console import FailureError, ask, event_code, existing_event, new_event_code
from operations.event_changes import change_event, create_event, create_with_new_code
from operations.event_checks import check_kept, check_new, say_what_is_odd, valid
from operations.event_facts import print_event, print_json
from operations.event_options import event_options, given_details
from operations.retention import described, erase_event, say_what_becomes_of_mails
from operations.stage import Stage
from operations.times import shown

_OPENS_BEFORE = timedelta(hours=2)
_CLOSES_AFTER = timedelta(hours=6)


@click.group()
def events() -> None:
    """Create, show, edit and erase events."""


@events.command()
@new_event_code
@event_options(creating=True)
@click.pass_obj
def create(stage: Stage, /, code: str | None, **options: Any) -> None:
    """Create the event CODE: 4 to 32 letters, digits and hyphens, such as 260211KXQ.

    Without CODE, one is made of the day of the start and three letters.
    """
    given = given_details(options, options["timezone"])
    starts_at = given["starts_at"]
    given.setdefault("check_in_opens_at", starts_at - _OPENS_BEFORE)
    given.setdefault("check_in_closes_at", starts_at + _CLOSES_AFTER)
    keep = timedelta(days=given.pop("keep_days"))
    expires_at = given["check_in_closes_at"] + keep
    event = valid(lambda: Event(event_code=code or "0000", expires_at=expires_at, **given))
    now = stage.wiring.now()
    check_new(event, now)
    say_what_is_odd(event, now, given)
    made = create_event(stage.wiring, event) if code else create_with_new_code(stage.wiring, event)
    print_event(made, now, {})


@events.command()
@event_code
@event_options(creating=False)
@click.pass_obj
def edit(stage: Stage, /, code: str, **options: Any) -> None:
    """Change the given details of the event CODE; the others stay as they are.

    If that moves the day of deletion, all registrations and check-ins move, too. It is safe to run
    this again, and needed if it stopped before that was done.
    """
    event = existing_event(stage, code)
    given = given_details(options, options["timezone"] or event.timezone)
    if not given:
        raise click.UsageError("nothing to change: give at least one option")
    moves = not given.keys().isdisjoint({"check_in_closes_at", "keep_days"})
    closes_at = given.get("check_in_closes_at", event.check_in_closes_at)
    keep_days = given.pop("keep_days", None)
    keep = timedelta(days=keep_days) if keep_days else event.expires_at - event.check_in_closes_at
    wanted = valid(lambda: dataclasses.replace(event, expires_at=closes_at + keep, **given))
    now = stage.wiring.now()
    check_kept(wanted, now)
    say_what_is_odd(wanted, now, given)
    changed, moved = change_event(stage.wiring, event, wanted, moves=moves)
    print_event(changed, now, {})
    if moved:
        click.echo(f"{described(moved)} moved to the new day of deletion")


@events.command()
@event_code
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(stage: Stage, /, code: str, *, yes: bool) -> None:
    """Delete the event CODE and all its registrations and check-ins, now and for good.

    Confirmations that are still owed are not mailed. It is safe to run this again, and needed if it
    stopped before everything was deleted.
    """
    wiring = stage.wiring
    event = wiring.event_table.get(code)
    what = described(wiring.holdings.count(code))
    if not yes:
        name = f"{code} {event.name}" if event else f"{code}, which is over or unknown,"
        ask(f"This deletes the event {name} with {what} for good.", code)
    erased = erase_event(wiring, code)
    if not erased.total():
        raise FailureError(f"nothing is stored of an event {code}")
    click.echo(f"{code}: erased, with {described(erased)}")
    say_what_becomes_of_mails(erased)


@events.command()
@event_code
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_obj
def show(stage: Stage, /, code: str, *, as_json: bool) -> None:
    """Show the event CODE and how many people are registered and checked in."""
    event = existing_event(stage, code)
    counts = {
        "registrations": stage.wiring.registration_table.count(code),
        "check_ins": stage.wiring.check_in_table.count(code),
    }
    (print_json if as_json else print_event)(event, stage.wiring.now(), counts)


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
