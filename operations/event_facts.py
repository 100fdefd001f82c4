"""What is known of an event: as lines for organizers, and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from chalicelib.attendance.event import Event
from operations.console import print_fact
from operations.times import shown


def print_event(event: Event, now: datetime, counts: Mapping[str, int]) -> None:
    """`counts` are added to the lines: how many are registered, say."""
    opens_at = shown(event.check_in_opens_at, event.zone)
    closes_at = shown(event.check_in_closes_at, event.zone)
    lines = {
        "event": f"{event.event_code} {event.name}",
        "organization": event.organization,
        "venue": event.venue,
        "starts": f"{shown(event.starts_at, event.zone)} ({event.timezone})",
        "check-in": f"{opens_at} to {closes_at}: {event.state(now)}",
        "self check-in": "yes" if event.self_check_in else "no, only at the kiosks",
        "walk-ins": "yes" if event.walk_ins else "no",
        "language": event.locale,
        "reply to": event.reply_to or "-",
        "announcement": event.announcement.replace("\n", "\n" + " " * 16) or "-",
        "deleted on": shown(event.expires_at, event.zone),
    }
    lines |= {name.replace("_", "-"): f"{count:,}" for name, count in counts.items()}
    for label, text in lines.items():
        print_fact(label, text)


def print_json(event: Event, now: datetime, counts: Mapping[str, int]) -> None:
    facts: dict[str, Any] = {
        field.name: getattr(event, field.name) for field in dataclasses.fields(event) if field.init
    }
    facts |= {
        name: value.astimezone(event.zone).isoformat()
        for name, value in facts.items()
        if isinstance(value, datetime)
    }
    facts["state"] = event.state(now)
    click.echo(json.dumps(facts | dict(counts), ensure_ascii=False, indent=2))
