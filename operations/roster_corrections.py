"""`roster remove` and `roster change-number`: correct single registrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from chalicelib.attendance.registration import Registration
from chalicelib.roster.cells import same_text
from chalicelib.roster.importer import RosterImport
from operations.console import (
    FailureError,
    attendee_with,
    confirm,
    event_code,
    existing_event,
    parsed_phone,
    people,
    total,
)
from operations.roster_list import described
from operations.stage import Stage

_SHOWN = 20


@click.command()
@event_code
@click.option("--phone", "phones", multiple=True, metavar="NUMBER", help="The person with it.")
@click.option("--last4", metavar="DIGITS", help="Those whose number ends with these digits.")
@click.option("--name", help="Those with this name.")
@click.option("--all", "everybody", is_flag=True, help="The whole roster.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def remove(ctx: click.Context, /, code: str, *, yes: bool, **chosen: Any) -> None:
    """Take people off the roster of the event CODE.

    With --last4 and --name together, only those whom both describe. Those who have checked in stay.

    Exit code 0: done; 1: some stay, or were not found; 2: nothing was done.
    """
    stage: Stage = ctx.obj
    event = existing_event(stage, code)
    if not any(chosen.values()):
        raise click.UsageError("say whom: --phone, --last4, --name or --all")
    table = stage.wiring.registration_table
    phones = {attendee_with(stage, phone, "--phone"): phone for phone in chosen["phones"]}
    rows = [row for row in table.of_event(code) if _is_chosen(row, set(phones), **chosen)]
    unknown = set(phones) - {row.attendee_id for row in rows}
    attended = stage.wiring.check_in_table.checked_in(code, [row.attendee_id for row in rows])
    going = [row for row in rows if row.attendee_id not in attended]
    for row in rows:
        if row.attendee_id in attended:
            click.echo(f"stays, since they have checked in: {described(row)}")
    if not rows and not unknown:
        raise FailureError("nobody on the roster is meant by that")
    for attendee in unknown:
        click.echo(f"not on the roster: the number that ends with {phones[attendee][-4:]}")
    _show(going)
    if going and not yes:
        confirm(f"Take {people(len(going))} off the roster?")
    # Asks again who has checked in: the question may have stood for a while.
    work = RosterImport(event, table, stage.wiring.check_in_table, stage.wiring.secret_key)
    removed = total(work.remove([row.attendee_id for row in going]), "Removing", len(going))
    stay = len(rows) - removed
    click.echo(f"{code}: {removed:,} removed, {stay:,} stay, {len(unknown):,} not found")
    ctx.exit(1 if stay or unknown else 0)


@click.command()
@event_code
@click.argument("old")
@click.argument("new")
@click.pass_obj
def change_number(stage: Stage, /, code: str, old: str, new: str) -> None:
    """Change the phone number of one person on the roster of the event CODE from OLD to NEW."""
    existing_event(stage, code)
    table = stage.wiring.registration_table
    old_id, new_id = attendee_with(stage, old, "OLD"), attendee_with(stage, new, "NEW")
    if old_id == new_id:
        raise click.UsageError("both are the same number")
    row, other = table.get(code, old_id), table.get(code, new_id)
    if row is None:
        whose = f"; the new one is that of {described(other)}" if other else ""
        raise FailureError(f"nobody on the roster has the old number{whose}")
    if stage.wiring.check_in_table.get(code, old_id):
        raise FailureError("they have checked in with the old number, which therefore stays")
    if other and other.counts and other.name != row.name:
        raise FailureError(f"the new number is somebody else's: {described(other)}")
    moved = replace(row, attendee_id=new_id, phone_last4=parsed_phone(stage, new, "NEW")[-4:])
    if other and other.counts:  # the same person is there twice; what the new row says, counts
        kept = {**row.kept, **other.kept}
        moved = replace(other, email=other.email or row.email, kept=kept)
    # Stored before the old one is removed: if this breaks off in between, the same command
    # completes it.
    list(table.put_many([moved]))
    list(table.remove_many(code, [old_id]))
    click.echo(f"changed: {described(moved)}")


def _is_chosen(
    row: Registration,
    ids: set[str],
    *,
    phones: Sequence[str],
    last4: str | None,
    name: str | None,
    everybody: bool,
) -> bool:
    if everybody or (phones and row.attendee_id in ids):
        return True
    if last4 is None and name is None:
        return False
    is_named = name is None or same_text(name, row.name)
    return is_named and last4 in (None, row.phone_last4)


def _show(rows: Sequence[Registration]) -> None:
    for row in rows[:_SHOWN]:
        click.echo(f"to be removed: {described(row)}")
    if len(rows) > _SHOWN:
        click.echo(f"and {len(rows) - _SHOWN:,} more")
