"""`roster list` and `roster export`: who is registered."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from chalicelib.attendance.email import mask_email
from chalicelib.attendance.registration import Registration
from operations.console import event_code, existing_event
from operations.stage import Stage

_COLUMNS = ("name", "phone_last4", "email", "status", "source", "checked_in_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins with it


@dataclass(frozen=True, slots=True)
class Listed:
    """A registration and when the person checked in; None if they have not."""

    row: Registration
    checked_in_at: datetime | None


@click.command(name="list")
@event_code
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_obj
def list_(stage: Stage, /, code: str, *, as_json: bool) -> None:
    """List who is registered for the event CODE, and who may be on the roster twice."""
    zone = existing_event(stage, code).zone
    people = _people(stage, code)
    if as_json:
        facts = [_facts(each, zone) for each in people]
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for each in people:
        click.echo(described(each.row) + ("  checked in" if each.checked_in_at else ""))
    counting = [each.row for each in people if each.row.counts]
    others = len(people) - len(counting)
    click.echo(f"{code}: {len(counting):,} registered, {others:,} cancelled or waiting")
    for twice in _perhaps_the_same(counting):
        names = ", ".join(f"{row.name} {row.phone_last4}" for row in twice)
        click.echo(f"perhaps the same person: {names}")


@click.command()
@event_code
@click.option("--all", "everybody", is_flag=True, help="Also those who cancelled or wait.")
@click.pass_obj
def export(stage: Stage, /, code: str, *, everybody: bool) -> None:
    """Write the roster of the event CODE as CSV to standard output."""
    zone = existing_event(stage, code).zone
    people = [each for each in _people(stage, code) if everybody or each.row.counts]
    kept = sorted({header for each in people for header in each.row.kept})
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*_COLUMNS, *map(_harmless, kept)])
    for each in people:
        facts = _facts(each, zone)
        cells = [facts[name] for name in _COLUMNS] + [each.row.kept.get(name) for name in kept]
        out.writerow([_harmless(cell or "") for cell in cells])
    click.echo(text.getvalue().encode(), nl=False)  # UTF-8, whatever the terminal's encoding is


def described(row: Registration) -> str:
    """One line about a person, for organizers."""
    email = mask_email(row.email) if row.email else "no address"
    status = "" if row.counts else f"  {row.status}"
    walk_in = "  walk-in" if row.source == "walk_in" else ""
    return f"{row.name}  …{row.phone_last4}  {email}{status}{walk_in}"


def _people(stage: Stage, code: str) -> list[Listed]:
    """Everybody on the roster, by name."""
    existing_event(stage, code)
    times = {
        each.attendee_id: each.checked_at for each in stage.wiring.check_in_table.of_event(code)
    }
    rows = sorted(
        stage.wiring.registration_table.of_event(code), key=lambda row: (row.name, row.phone_last4)
    )
    return [Listed(row, times.get(row.attendee_id)) for row in rows]


def _facts(listed: Listed, zone: ZoneInfo) -> dict[str, Any]:
    row, time = listed.row, listed.checked_in_at
    return {
        "name": row.name,
        "phone_last4": row.phone_last4,
        "email": row.email,
        "status": row.status,
        "source": row.source,
        "checked_in_at": time.astimezone(zone).isoformat() if time else None,
        "kept": dict(row.kept),
    }


def _perhaps_the_same(rows: Sequence[Registration]) -> Iterator[list[Registration]]:
    """Those who share a name or an address, as somebody who changed their number does."""
    alike = defaultdict[str, list[Registration]](list)
    for row in rows:
        alike[row.name.casefold()].append(row)
        if row.email:
            alike[row.email.casefold()].append(row)
    seen = set[frozenset[str]]()
    for same in alike.values():
        ids = frozenset(row.attendee_id for row in same)
        if len(same) > 1 and ids not in seen:
            seen.add(ids)
            yield same


def _harmless(cell: str) -> str:
    """An apostrophe keeps the cell a text. The import does not take it for part of a name."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
