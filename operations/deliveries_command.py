"""`deliveries`: the state of an event's confirmations."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

import click

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.delivery import DeliveryStatus
from chalicelib.attendance.event import Event
from operations.console import event_code, existing_event, progress
from operations.stage import Stage
from operations.standing import LISTS, WORDS, described, facts, is_owed
from operations.times import shown

_PATIENCE = timedelta(minutes=5)  # a few sweeps


@click.command()
@event_code
@click.option("--failed", is_flag=True, help="List the mails that were refused for good.")
@click.option("--unclear", is_flag=True, help="List the mails that may have gone out.")
@click.option("--owed", is_flag=True, help="List the mails that are still to be sent.")
@click.option("--all", is_flag=True, help="List every check-in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_obj
def deliveries(stage: Stage, /, code: str, *, as_json: bool, **wanted: bool) -> None:
    """Count the confirmations of the event CODE by their state, or list some of them.

    A list has names and addresses: it is for organizers only.
    """
    event = existing_event(stage, code)
    lists = [LISTS[name] for name, is_wanted in wanted.items() if is_wanted]
    counts: Counter[DeliveryStatus] = Counter()
    owed: list[datetime] = []
    listed: list[CheckIn] = []
    with progress(stage.wiring.check_in_table.of_event(code), "Reading") as found:
        for check_in in found:  # there may be many, so only the wanted ones are kept
            counts[check_in.delivery] += 1
            if is_owed(check_in):
                owed.append(check_in.checked_at)
            if any(has(check_in) for has in lists):
                listed.append(check_in)
    if not lists:
        _count(event, counts, owed, stage.wiring.now(), as_json=as_json)
        return
    if as_json:
        rows = [facts(check_in, event.zone) for check_in in listed]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    now = stage.wiring.now()
    for check_in in listed:
        click.echo(described(check_in, event.zone, now))
    click.echo(f"{code}: {len(listed):,} of {counts.total():,} check-ins")


def _count(
    event: Event,
    counts: Counter[DeliveryStatus],
    owed: list[datetime],
    now: datetime,
    *,
    as_json: bool,
) -> None:
    """`owed` holds the times of the check-ins whose mail is owed."""
    oldest = min(owed, default=None)
    if as_json:
        answer = {
            "event_code": event.event_code,
            "check_ins": counts.total(),
            "deliveries": {state: counts[state] for state in WORDS},
            "owed": len(owed),
            "owed_since": oldest.astimezone(event.zone).isoformat() if oldest else None,
        }
        click.echo(json.dumps(answer, indent=2))
        return
    click.echo(f"{event.event_code}: {counts.total():,} check-ins")
    for state, words in WORDS.items():
        click.echo(f"{state:10} {counts[state]:>7,}  {words}")
    if oldest:
        click.echo(f"{len(owed):,} still owed, the oldest since {shown(oldest, event.zone)}")
        if now - oldest > _PATIENCE:
            click.echo("If none is sent, the functions' log says why, in lines with `stopped:`")
    else:
        click.echo("nothing is owed")
