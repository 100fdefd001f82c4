"""Each limit in closed form: how many check-ins a second it lets through, as the case has it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from benchmarks.scale.parameters import (
    ACCOUNT_REQUESTS,
    API_VCPU,
    CONCURRENCY,
    PARTITION_READS,
    PARTITION_WRITES,
    Case,
    Figures,
)

Place = Literal["door", "mail"]

_READ = 0.5  # units, of the registration: up to 4 KB, eventually consistent


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """`grows`: DynamoDB raises it by itself within minutes."""

    a_second: float
    name: str
    place: Place
    grows: bool = False


def limits(case: Case, figures: Figures) -> list[Limit]:
    """The lowest first."""
    choice, provider = case.choice, case.provider
    by_event, due = case.design.by_event, case.design.due_deliveries
    keys = by_event.keys * case.events
    at_once = (CONCURRENCY - choice.lanes) / api_seconds(figures)
    found = [
        Limit(choice.rate_limit, "the stage's `RateLimit`", "door"),
        Limit(ACCOUNT_REQUESTS, "the account's API requests", "door"),
        Limit(at_once, "Lambda's invocations at once", "door"),
        Limit(choice.warm_writes / 3, "the table's writes", "door", grows=True),
        Limit(
            min(choice.warm_writes, keys * PARTITION_WRITES) / by_event.units,
            "`by_event`",
            "door",
            grows=by_event.splits,
        ),
        Limit(
            min(choice.warm_writes, due.keys * PARTITION_WRITES) / due.units,
            "`due_deliveries`",
            "door",
        ),
        Limit(
            PARTITION_READS * case.events / _READ, "the registrations' reads", "door", grows=True
        ),
        Limit(choice.lanes * lane_rate(case, figures), "the mailers", "mail"),
        Limit(provider.a_second, f"{provider.name}, a second", "mail"),
        Limit(provider.a_day / case.seconds, f"{provider.name}, a day", "mail"),
    ]
    return sorted(found)


def first_broken(case: Case, figures: Figures, place: Place) -> Limit | None:
    """The lowest of those that do not grow, if it is below what comes."""
    lowest = next(each for each in limits(case, figures) if each.place == place and not each.grows)
    return lowest if lowest.a_second < case.check_ins / case.seconds else None


def api_seconds(figures: Figures) -> float:
    """One check-in's time in its function, warm: CPU, one read and one write."""
    return figures.checkin_cpu_ms / 1000 / API_VCPU + 2 * figures.storage_seconds


def lane_rate(case: Case, figures: Figures) -> float:
    """Mails a second of one lane with full batches: its connections, its workers, or its CPU."""
    choice = case.choice
    cpu = figures.mail_cpu_ms / 1000 / choice.vcpu
    one = cpu + 2 * figures.storage_seconds + case.provider.seconds
    workers = min(choice.batch_size, choice.workers * choice.connections)
    rounds = math.ceil(choice.batch_size / workers)
    return min(
        choice.connections / case.provider.seconds, choice.batch_size / (rounds * one), 1 / cpu
    )
