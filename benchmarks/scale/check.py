"""The model against the local runtime: what it says of this machine, and what this machine does.

Two numbers are fitted to the small rush: the work of a mail, and of a check-in, which take turns
here, mostly at the stand-in for DynamoDB. The large rush is foretold with them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.clients import Crowd, Request
from benchmarks.guests import Arrivals, email, phone
from benchmarks.measuring import Sample
from benchmarks.report import Table
from benchmarks.scale.cases import DEFAULT
from benchmarks.scale.design import Design
from benchmarks.scale.model import Rush
from benchmarks.scale.parameters import PARTITION_WRITES, VCPU_MEMORY, Case, Figures, Provider
from local.loopback import free_ports
from local.runtime import Runtime

SIZES = (50, 200)
_KIOSKS = 8
_FIRST = 1_000  # the sample event has others on its roster
_PORTS = ("PORT", "INBOX_PORT", "INBOX_SMTP_PORT", "DYNAMODB_PORT")
# Nothing waits for a network here, and no container has to start.
_HERE = Figures(storage_seconds=0.0, connect_seconds=0.0, consumer_cold_start_ms=0.0, chance=0.0)


def check() -> Table:
    small, large = measure(SIZES)
    figures = fitted(*small)
    rows = []
    for stored_at, arrived_at in (small, large):
        model = foretold(stored_at, figures)
        measured = Sample(_waits(stored_at, arrived_at))
        expected = Sample(_waits(stored_at, model))
        for name, percent in (("median", 50), ("p99", 99)):
            rows.append(
                (
                    f"{len(stored_at)} at once, {name}",
                    f"{measured.percentile(percent):.2f} s",
                    f"{expected.percentile(percent):.2f} s",
                    f"{expected.percentile(percent) / measured.percentile(percent):.2f}",
                )
            )
    return Table("", ("to the mail", "measured", "model", "model / measured"), rows)


def foretold(stored_at: Sequence[float], figures: Figures) -> list[float]:
    """When the mails of these check-ins come, on one machine: one shard, one lane."""
    choice = replace(DEFAULT, memory=VCPU_MEMORY, warm_writes=PARTITION_WRITES)
    case = Case(
        check_ins=len(stored_at),
        choice=choice,
        provider=Provider(name="inbox", seconds=0.001),
        design=Design.read(),
    )
    outcome = Rush(case, figures).run(stored_at)
    return sorted(mail.sent_at for mail in outcome.mails if mail.sent_at is not None)


def fitted(stored_at: Sequence[float], arrived_at: Sequence[float]) -> Figures:
    """A mail's work from the pace at which they came when all were in; the rest was check-ins."""
    all_in = max(stored_at)
    late = [moment for moment in arrived_at if moment > all_in]
    mail = (max(late) - all_in) / len(late)
    check_in = (all_in - (len(arrived_at) - len(late)) * mail) / len(stored_at)
    return replace(_HERE, mail_cpu_ms=1000 * mail, checkin_cpu_ms=1000 * max(0.0, check_in))


def measure(sizes: Sequence[int]) -> list[tuple[list[float], list[float]]]:
    """For each size, seconds from the first answer on: when they were in, when the mails came."""
    found = []
    with tempfile.TemporaryDirectory() as state:
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        environment = os.environ | ports | {"XDG_STATE_HOME": state}
        runtime = Runtime(environment, with_app=True, publishes=False)
        with runtime.running() as printed:
            facts = dict(printed)
            address = f"{facts['app']}/events/{facts['event']}/check-ins"
            arrivals = Arrivals(Path(facts["inbox_dir"]), lambda: "")
            before = _FIRST
            for size in (1, *sizes):  # the first alone: it connects
                guests = range(before, before + size)
                requests = [_request(address, number) for number in guests]
                answered = sorted(each.at for each in Crowd(_KIOSKS).play(requests))
                arrived = sorted(arrivals.of(guests))
                start = answered[0]
                found.append(([at - start for at in answered], [at - start for at in arrived]))
                before += size
    return found[1:]


def _request(address: str, number: int) -> Request:
    """Of a walk-in."""
    person = {"phone": phone(number), "name": f"Guest {number}", "email": email(number)}
    return Request(address, person)


def _waits(stored_at: Sequence[float], arrived_at: Sequence[float]) -> tuple[float, ...]:
    return tuple(
        max(0.0, came - left)
        for came, left in zip(sorted(arrived_at), sorted(stored_at), strict=True)
    )
