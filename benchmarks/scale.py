"""`make scale`: what a crowd needs beyond one machine, calculated into the tables of docs/scale.md.

People come evenly over ten minutes. Whatever takes fewer a second than come makes a queue, first
come, first served. So each answer is a few divisions: by AWS's limits, by a mail server's, and by
the benchmarks' own figures. docs/scale.md says where each number comes from, and what is left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import click

from benchmarks import product
from benchmarks.measuring import FIGURES, insert, table
from benchmarks.product import ROOT
from chalicelib import settings
from chalicelib.storage.deliveries import DUE_SHARDS

PAGE = ROOT / "docs" / "scale.md"
COSTS = ROOT / "docs" / "costs.md"

RUSH = 600.0  # seconds
DAY = 86_400.0
VCPU_MEMORY = 1769  # MB; a function with so much memory has one vCPU
API_MEMORY = 1024
PARTITION_WRITES = 1_000  # units a second
PARTITION_READS = 3_000
NEW_TABLE_WRITES = 4_000  # units a second, of a new table on demand and of each of its indexes
ACCOUNT_REQUESTS = 10_000  # a second, of API Gateway in one region
CONCURRENCY = 1_000  # invocations at once, of all functions of an account
POLL = 0.25  # seconds between two looks at a shard that had nothing
NO_LIMIT = math.inf

# Assumed; AWS says that DynamoDB answers in "single-digit milliseconds".
STORAGE_SECONDS = 0.005
# Assumed: TLS and login are some ten round trips, and the server's own work.
CONNECT_SECONDS = 0.5

# Write units of one check-in at the door, and of its mail (docs/costs.md has them by call; a test
# compares with DynamoDB's own count).
TABLE_UNITS, BY_EVENT_UNITS, BY_NUMBER_UNITS, DUE_UNITS = (1, 2), (1, 0), (1, 0), (1, 3)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds that the benchmarks measured, of one whole core."""

    check_in_cpu_ms: float
    mail_cpu_ms: float
    api_cold_start_ms: float
    mailer_cold_start_ms: float

    @classmethod
    def read(cls) -> Figures:
        return cls(**json.loads(FIGURES.read_text(encoding="utf-8")))

    @property
    def check_in_seconds(self) -> float:
        """In a warm function: CPU, one read and one write."""
        return self.check_in_cpu_ms / 1000 * VCPU_MEMORY / API_MEMORY + 2 * STORAGE_SECONDS


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail server: the mails that it takes `a_second` and `a_day`, and `seconds` for each one.

    The seconds are assumed, from MAIL to the 250 on an open connection. `dollars` buy 1,000 mails.
    """

    name: str
    seconds: float
    a_second: float = NO_LIMIT
    a_day: float = NO_LIMIT
    dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator sets, or asks AWS for. `warm_writes`: units of the table and each index."""

    rate_limit: float
    batch_size: int
    parallelization: int
    connections: int
    memory: int
    warm_writes: int = NEW_TABLE_WRITES

    @property
    def batches(self) -> int:
        """At once. A stream has about one shard for each partition of the table."""
        return round(self.warm_writes / PARTITION_WRITES) * self.parallelization

    @property
    def vcpu(self) -> float:
        return min(1.0, self.memory / VCPU_MEMORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """`people` check in at `events` at once; `due_keys` is how many keys `due_deliveries` has."""

    people: int
    chosen: Settings
    provider: Provider
    events: int = 1
    event_keys: int = 1
    due_keys: int = len(DUE_SHARDS)


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """Check-ins a second. DynamoDB raises by itself, within minutes, a limit that `grows`."""

    a_second: float
    name: str
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Waits in seconds; the `…_after` count from the first person on."""

    in_after: float
    door_longest: float
    mailed_after: float
    mail_median: float
    mail_longest: float
    dollars: float


def door_limits(crowd: Crowd, figures: Figures) -> list[Limit]:
    """The lowest first. Where mails share a limit, they have their part of it."""
    chosen, warm = crowd.chosen, crowd.chosen.warm_writes
    at_once = (CONCURRENCY - chosen.batches) / figures.check_in_seconds
    return sorted(
        [
            Limit(chosen.rate_limit, "the stage's `RateLimit`"),
            Limit(ACCOUNT_REQUESTS, "the account's API requests"),
            Limit(at_once, "Lambda's invocations at once"),
            Limit(warm / sum(TABLE_UNITS), "the table's writes", grows=True),
            Limit(warm / sum(BY_NUMBER_UNITS), "`by_number`", grows=True),
            Limit(_by_event(crowd) / sum(BY_EVENT_UNITS), "`by_event`"),
            Limit(_due(crowd) / sum(DUE_UNITS), "`due_deliveries`"),
            # One read of up to 4 KB, eventually consistent, is half a unit.
            Limit(2 * PARTITION_READS * crowd.events, "the registrations' reads", grows=True),
        ]
    )


def mail_limits(crowd: Crowd, figures: Figures) -> list[Limit]:
    """The lowest first."""
    provider = crowd.provider
    return sorted(
        [
            Limit(crowd.chosen.batches * batch_rate(crowd, figures), "the mailer"),
            Limit(provider.a_second, f"{provider.name}, a second"),
            Limit(provider.a_day / RUSH, f"{provider.name}, a day"),
        ]
    )


def batch_rate(crowd: Crowd, figures: Figures) -> float:
    """Mails a second of one batch after the other: of connections, workers or CPU."""
    chosen, seconds = crowd.chosen, crowd.provider.seconds
    cpu = figures.mail_cpu_ms / 1000 / chosen.vcpu
    # Two workers share a connection: one mails, the other claims or records.
    workers = min(chosen.batch_size, 2 * chosen.connections)
    rounds = math.ceil(chosen.batch_size / workers)
    batch = rounds * mail_seconds(crowd, figures)
    return min(chosen.connections / seconds, chosen.batch_size / batch, 1 / cpu)


def mail_seconds(crowd: Crowd, figures: Figures) -> float:
    """One mail in a warm container: CPU, two writes, and the mail server."""
    cpu = figures.mail_cpu_ms / 1000 / crowd.chosen.vcpu
    return cpu + 2 * STORAGE_SECONDS + crowd.provider.seconds


def answer(crowd: Crowd, figures: Figures) -> Answer:
    """Two queues, one after the other: the door's, then the mailer's."""
    people, comes = crowd.people, crowd.people / RUSH
    # At the door, the put alone competes for `due_deliveries`; claims take what it leaves.
    door = [each for each in door_limits(crowd, figures) if each.name != "`due_deliveries`"]
    enters = min(comes, *(each.a_second for each in door if not each.grows), _due(crowd))
    in_after = people / enters
    mailer = min(limit.a_second for limit in mail_limits(crowd, figures)[:2])
    meanwhile = min(mailer, enters, (_due(crowd) - enters) / DUE_UNITS[1])
    afterwards = min(mailer, _due(crowd) / DUE_UNITS[1])
    usual = mail_seconds(crowd, figures) + POLL / 2
    a_day = crowd.provider.a_day

    def wait(part: float) -> float:
        """Of the mail for the person at this part of the queue."""
        place = part * people
        if place > a_day:
            return DAY * (place // a_day)
        sent_at = place / meanwhile
        if sent_at > in_after:
            sent_at = in_after + (place - meanwhile * in_after) / afterwards
        return max(usual, sent_at - place / enters)

    return Answer(
        in_after=in_after,
        door_longest=max(figures.check_in_seconds, in_after - RUSH),
        mailed_after=in_after * (people <= a_day) + wait(1.0),
        mail_median=wait(0.5),
        mail_longest=wait(1.0),
        dollars=dollars(crowd, figures, enters),
    )


def dollars(crowd: Crowd, figures: Figures, enters: float) -> float:
    """The rush alone, at kiosks: one request a check-in. The month's fixed part is not in it."""
    people, chosen, provider = crowd.people, crowd.chosen, crowd.provider
    one = mail_seconds(crowd, figures)
    batch = min(chosen.batch_size, math.ceil(enters / chosen.batches * one))
    seconds = batch / batch_rate(crowd, figures) if batch == chosen.batch_size else one
    invocations = people / batch
    gigabytes = invocations * seconds * chosen.memory / 1024
    units = sum(map(sum, (TABLE_UNITS, BY_EVENT_UNITS, BY_NUMBER_UNITS, DUE_UNITS)))
    counts = {
        "API Gateway, REST requests": people,
        "Lambda, requests": people + invocations,
        "Lambda, `send_confirmations`": people * figures.check_in_seconds + gigabytes,
        "DynamoDB, write units": people * units,
        "DynamoDB, read units": people * 3 * 0.5,
        "CloudWatch Logs, taken in (GB)": people * 0.8e-6 + invocations * 1.5e-6,
        "Data out (GB)": people * 16e-6,
    }
    aws = sum(prices()[name] * count for name, count in counts.items())
    return aws + people / 1000 * provider.dollars


@cache
def prices() -> dict[str, float]:
    """Dollars for one of each item of docs/costs.md."""
    page = COSTS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\|[^|]*\| ([\d.]+) \| ([\d,]+) \|", page, re.MULTILINE)
    return {item.strip(): float(price) / float(per.replace(",", "")) for item, price, per in rows}


def as_deployed() -> Settings:
    """The settings of a stage in which nobody has changed any."""
    config = json.loads(Path(ROOT, ".chalice", "config.json").read_text(encoding="utf-8"))
    app = settings.load(product.environment(aws_port=1))
    return Settings(
        rate_limit=config["stages"]["prod"]["infrastructure"]["RateLimit"],
        batch_size=app.batch_size,
        parallelization=1,
        connections=app.mail.connections,
        memory=config["lambda_functions"]["send_confirmations"]["lambda_memory_size"],
    )


DEPLOYED = as_deployed()
LARGE = replace(DEPLOYED, rate_limit=400, batch_size=16, parallelization=2, memory=1024)
HUGE = Settings(
    rate_limit=9_500,
    batch_size=32,
    parallelization=10,
    connections=8,
    memory=VCPU_MEMORY,
    warm_writes=40_000,
)
GMAIL = Provider("Gmail", seconds=0.6, a_day=500)
WORKSPACE = Provider("Workspace", seconds=0.6, a_day=2_000)


def ses(a_second: float, a_day: float) -> Provider:
    return Provider(f"SES {a_second:,.0f}/s", 0.15, a_second, a_day, dollars=0.10)


_HUGE = Crowd(people=5_000_000, chosen=HUGE, provider=ses(10_000, 10_000_000))
CROWDS = [
    ("as deployed", Crowd(people=200, chosen=DEPLOYED, provider=GMAIL)),
    ("as deployed", Crowd(people=5_000, chosen=DEPLOYED, provider=GMAIL)),
    ("with SES", Crowd(people=5_000, chosen=DEPLOYED, provider=ses(14, 50_000))),
    ("as deployed", Crowd(people=100_000, chosen=DEPLOYED, provider=GMAIL)),
    ("chosen", Crowd(people=100_000, chosen=LARGE, provider=ses(300, 1_000_000))),
    ("as deployed", Crowd(people=5_000_000, chosen=DEPLOYED, provider=GMAIL)),
    ("chosen", _HUGE),
    ("chosen, 100 events", replace(_HUGE, events=100)),
    ("chosen, more keys in both indexes", replace(_HUGE, event_keys=16, due_keys=256)),
]
_PROVIDERS = (GMAIL, WORKSPACE, ses(1, 200), ses(14, 50_000), ses(100, 1_000_000))


def answers(figures: Figures) -> str:
    rows = []
    for name, crowd in CROWDS:
        found = answer(crowd, figures)
        door = [each for each in door_limits(crowd, figures) if not each.grows]
        rows.append(
            (
                f"{crowd.people:,}",
                name,
                _breaks(crowd, door),
                _breaks(crowd, mail_limits(crowd, figures)),
                *map(lasts, (found.door_longest, found.in_after)),
                *_mail(found),
                f"${found.dollars:,.2f}",
            )
        )
    return table(
        ("check-ins", "settings", "breaks first at the door", "for the mail",
         "longest wait at the door", "all in after", "to the mail, median", "longest",
         "all mailed after", "cost"),
        rows,
    )  # fmt: skip


def all_settings() -> str:
    columns = ("setting", "as deployed", "for 100,000", "for 5,000,000")
    each = (DEPLOYED, LARGE, HUGE)
    rows: list[tuple[str, Iterator[float]]] = [
        ("`RateLimit`", (chosen.rate_limit for chosen in each)),
        ("`BATCH_SIZE`", (chosen.batch_size for chosen in each)),
        ("`ParallelizationFactor`", (chosen.parallelization for chosen in each)),
        ("`SMTP_CONNECTIONS`", (chosen.connections for chosen in each)),
        ("memory of `send_confirmations`, MB", (chosen.memory for chosen in each)),
        ("warm write units, table and indexes", (chosen.warm_writes for chosen in each)),
        ("batches at once (shards × factor)", (chosen.batches for chosen in each)),
        (
            "connections to the mail server",
            (chosen.batches * chosen.connections for chosen in each),
        ),
    ]
    return table(columns, [(name, *(f"{value:,}" for value in values)) for name, values in rows])


def all_limits(figures: Figures) -> str:
    """Check-ins a second, of one event."""
    (_, small), (_, large) = CROWDS[0], CROWDS[6]
    most = {each.name: each for each in _limits(large, figures)}
    rows = [
        (each.name, _rate(each), _rate(most.pop(each.name, None)))
        for each in _limits(small, figures)
        if each.a_second < NO_LIMIT
    ]
    rows += [(name, "", _rate(each)) for name, each in most.items()]
    return table(("limit", "as deployed", "settings for 5,000,000"), rows)


def providers(figures: Figures) -> str:
    rows = []
    for provider in _PROVIDERS:
        found = answer(Crowd(people=5_000, chosen=DEPLOYED, provider=provider), figures)
        a_second = f"{provider.a_second:,.0f}" if provider.a_second < NO_LIMIT else "not said"
        rows.append((provider.name, a_second, f"{provider.a_day:,.0f}", *_mail(found)))
    columns = ("mail server", "a second", "a day", "to the mail, median", "longest")
    return table((*columns, "all mailed after"), rows)


def lasts(seconds: float) -> str:
    """`0.30 s`, `4.1 s`, `12 min`, `5 h`, `9 days`: up to three of a unit in the next smaller."""
    for unit, name in ((DAY, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 3 * unit:
            return f"{seconds / unit:,.0f} {name}"
    digits = 2 if seconds < 1 else int(seconds < 10)  # noqa: PLR2004  -- two digits in all
    return f"{seconds:.{digits}f} s"


def _by_event(crowd: Crowd) -> float:
    """Write units a second. One key of an index is one partition of it, unless DynamoDB splits it.

    It does not split where the sort key only grows, as times do.
    """
    keys = crowd.events * crowd.event_keys
    return min(crowd.chosen.warm_writes, keys * PARTITION_WRITES)


def _due(crowd: Crowd) -> float:
    return min(crowd.chosen.warm_writes, crowd.due_keys * PARTITION_WRITES)


def _limits(crowd: Crowd, figures: Figures) -> list[Limit]:
    return sorted(door_limits(crowd, figures) + mail_limits(crowd, figures))


def _breaks(crowd: Crowd, limits: Sequence[Limit]) -> str:
    """The lowest limit, if more come a second than it lets through."""
    lowest = limits[0]
    if lowest.a_second >= crowd.people / RUSH:
        return "nothing"
    if lowest.name.endswith("a day"):
        return f"{crowd.provider.name}: {crowd.provider.a_day:,.0f} a day"
    return f"{lowest.name}, {_rate(lowest)}/s"


def _rate(limit: Limit | None) -> str:
    if limit is None or limit.a_second == NO_LIMIT:
        return ""
    return f"{limit.a_second:,.{int(limit.a_second < 30)}f}"  # noqa: PLR2004


def _mail(found: Answer) -> tuple[str, str, str]:
    return lasts(found.mail_median), lasts(found.mail_longest), lasts(found.mailed_after)


def main() -> None:
    figures = Figures.read()
    parts = {
        "answers": answers(figures),
        "settings": all_settings(),
        "limits": all_limits(figures),
        "providers": providers(figures),
    }
    for name, text in parts.items():
        click.echo(f"{text}\n")
        insert(PAGE, name, text)


if __name__ == "__main__":
    main()
