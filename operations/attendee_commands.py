"""`attendees erase`: deletes what is stored of one person."""

from __future__ import annotations

from collections import defaultdict

import click

from operations.console import FailureError, ask, attendee_with
from operations.retention import counted, described, say_what_becomes_of_mails
from operations.stage import Stage


@click.group()
def attendees() -> None:
    """Delete what is stored of a person."""


@attendees.command()
@click.argument("phone")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(stage: Stage, /, phone: str, *, yes: bool) -> None:
    """Delete the registrations and check-ins of the person with the number PHONE, at all events.

    Their confirmations that are still owed are not mailed. Who is in a roster that is imported
    again is stored again.
    """
    holdings = stage.wiring.holdings
    found = list(holdings.of_attendee(attendee_with(stage, phone, "PHONE")))
    if not found:
        raise FailureError("nothing is stored of a person with this number")
    kinds = defaultdict[str, list[str]](list)
    for holding in found:
        kinds[holding.event_code].append(holding.kind.replace("_", "-"))
    for code in sorted(kinds):
        click.echo(f"{code}: {' and '.join(kinds[code])}")
    if not yes:
        ask("This deletes all of that for good.", "erase")
    holdings.delete(found)
    counts = counted(found)
    click.echo(f"erased: {described(counts)}")
    say_what_becomes_of_mails(counts)
