"""What a large crowd needs: the limits, and the queues that they cause.

People arrive evenly over ten minutes. Wherever more arrive per second than a limit lets through, a
queue forms, first come, first served. So each answer is a few divisions by AWS's limits, by a mail
server's limits, and by the benchmarks' own figures. docs/scale.md has the source of each number.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import product
from benchmarks.measuring import FIGURES
from benchmarks.product import ROOT
from chalicelib import settings
from chalicelib.storage.deliveries import DUE_SHARDS

COSTS = ROOT / "docs" / "costs.md"

RUSH = 600.0  # seconds
DAY = 86_400.0
VCPU_MEMORY = 1769  # MB; a function with this much memory has one vCPU
API_MEMORY = 1024
PARTITION_WRITES = 1_000  # units a second
PARTITION_READS = 3_000
NEW_TABLE_WRITES = 4_000  # units a second, of a new on-demand table and of each of its indexes
ACCOUNT_REQUESTS = 10_000  # a second, of API Gateway in one region
CONCURRENCY = 1_000  # invocations at once, of all functions of an account
POLL = 0.25  # seconds between two polls of an empty shard
NO_LIMIT = math.inf

# Assumed; AWS says that DynamoDB answers in "single-digit milliseconds".
STORAGE_SECONDS = 0.005
# Assumed: TLS and login take about ten round trips, and the server's own work.
CONNECT_SECONDS = 0.5

# Write units of one check-in, and of its mail. docs/costs.md lists them by call; a test compares
# that page with DynamoDB's own count.
TABLE_UNITS, BY_EVENT_UNITS, BY_NUMBER_UNITS, DUE_UNITS = (1, 2), (1, 0), (1, 0), (1, 3)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of one whole core, as the benchmarks measured them."""

    check_in_cpu_ms: float
    mail_cpu_ms: float
    api_cold_start_ms: float
    mailer_cold_start_ms: float

    @classmethod
    def read(cls) -> Figures:
        return cls(**json.loads(FIGURES.read_text(encoding="utf-8")))

    @property
    def check_in_seconds(self) -> float:
        """A check-in in a warm function: CPU, one read and one write."""
        return self.check_in_cpu_ms / 1000 * VCPU_MEMORY / API_MEMORY + 2 * STORAGE_SECONDS


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail server: how many mails it takes `a_second` and `a_day`, and `seconds` for each one.

    The seconds are assumed: from MAIL to the 250, on an open connection. `dollars` is the price of
    1,000 mails.
    """

    name: str
    seconds: float
    a_second: float = NO_LIMIT
    a_day: float = NO_LIMIT
    dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """An operator sets these, or asks AWS for them. `warm_writes` is units per table and index."""

    rate_limit: float
    batch_size: int
    parallelization: int
    connections: int
    memory: int
    warm_writes: int = NEW_TABLE_WRITES

    @property
    def batches(self) -> int:
        """How many run at once. A stream has about one shard per partition of the table."""
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
    """Check-ins per second. DynamoDB itself raises a limit that `grows`, within minutes."""

    a_second: float
    name: str
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds. `…_after` counts from the first person on; the longest waits include cold starts."""

    in_after: float
    door_longest: float
    mailed_after: float
    mail_median: float
    mail_longest: float
    dollars: float


def door_limits(crowd: Crowd, figures: Figures) -> list[Limit]:
    """Sorted, the lowest first. If mails share a limit, their part is subtracted."""
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
    """The mailer's limit, and the mail server's per second and per day."""
    provider = crowd.provider
    return [
        Limit(crowd.chosen.batches * batch_rate(crowd, figures), "the mailer"),
        Limit(provider.a_second, f"{provider.name}, a second"),
        Limit(provider.a_day / RUSH, f"{provider.name}, a day"),
    ]


def batch_rate(crowd: Crowd, figures: Figures) -> float:
    """Mails per second, batch after batch. Connections, workers or CPU are the limit."""
    chosen, seconds = crowd.chosen, crowd.provider.seconds
    cpu = figures.mail_cpu_ms / 1000 / chosen.vcpu
    # Two workers share a connection: one mails while the other claims or records.
    workers = min(chosen.batch_size, 2 * chosen.connections)
    rounds = math.ceil(chosen.batch_size / workers)
    batch = rounds * mail_seconds(crowd, figures)
    return min(chosen.connections / seconds, chosen.batch_size / batch, 1 / cpu)


def mail_seconds(crowd: Crowd, figures: Figures) -> float:
    """One mail in a warm container: CPU, two writes, and the mail server's time."""
    cpu = figures.mail_cpu_ms / 1000 / crowd.chosen.vcpu
    return cpu + 2 * STORAGE_SECONDS + crowd.provider.seconds


def answer(crowd: Crowd, figures: Figures) -> Answer:
    """Calculate two queues, one after the other: the door's, then the mailer's."""
    people, due = crowd.people, _due(crowd)
    # At the door only puts count: claims get what the puts leave of `due_deliveries`.
    door = (
        each.a_second
        for each in door_limits(crowd, figures)
        if not each.grows and each.name != "`due_deliveries`"
    )
    enters = min(people / RUSH, due, *door)
    in_after = people / enters
    cold_door = figures.api_cold_start_ms / 1000 * VCPU_MEMORY / API_MEMORY
    cold_mail = figures.mailer_cold_start_ms / 1000 / crowd.chosen.vcpu + CONNECT_SECONDS

    # A daily quota is not a rate: all of it is available at once, and again a day later.
    mailer, provider = (each.a_second for each in mail_limits(crowd, figures)[:2])
    meanwhile = max(1e-9, min(mailer, provider, enters, (due - enters) / DUE_UNITS[1]))
    afterwards = min(mailer, provider, due / DUE_UNITS[1])
    usual = mail_seconds(crowd, figures) + POLL / 2

    def wait(place: float) -> float:
        """How long the person at this place in the queue waits for the mail."""
        if place >= crowd.provider.a_day:
            return DAY * (place // crowd.provider.a_day)
        sent_at = place / meanwhile
        if sent_at > in_after:
            sent_at = in_after + (place - meanwhile * in_after) / afterwards
        return max(usual, sent_at - place / enters)

    last = wait(people - 1)
    return Answer(
        in_after=in_after,
        door_longest=max(figures.check_in_seconds + cold_door, in_after - RUSH),
        mailed_after=max(in_after, DAY * (last // DAY)) + last % DAY,
        mail_median=wait(people / 2),
        mail_longest=max(last, usual + cold_mail),
        dollars=dollars(crowd, figures, enters),
    )


def dollars(crowd: Crowd, figures: Figures, enters: float) -> float:
    """The cost of the rush at kiosks, one request per check-in, without the monthly cost."""
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


def _by_event(crowd: Crowd) -> float:
    """Write units per second. Each key of the index is in one partition.

    DynamoDB does not split a key whose sort key only grows, as times do.
    """
    keys = crowd.events * crowd.event_keys
    return min(crowd.chosen.warm_writes, keys * PARTITION_WRITES)


def _due(crowd: Crowd) -> float:
    return min(crowd.chosen.warm_writes, crowd.due_keys * PARTITION_WRITES)


@cache
def prices() -> dict[str, float]:
    """The price in dollars of one unit of each item in docs/costs.md."""
    page = COSTS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\|[^|]*\| ([\d.]+) \| ([\d,]+) \|", page, re.MULTILINE)
    return {item.strip(): float(price) / float(per.replace(",", "")) for item, price, per in rows}


def as_deployed() -> Settings:
    """The settings of a new stage that nobody has changed."""
    config = json.loads(Path(ROOT, ".chalice", "config.json").read_text(encoding="utf-8"))
    app = settings.load(product.environment(aws_port=1))
    return Settings(
        rate_limit=config["stages"]["prod"]["infrastructure"]["RateLimit"],
        batch_size=app.batch_size,
        parallelization=1,
        connections=app.mail.connections,
        memory=config["lambda_functions"]["send_confirmations"]["lambda_memory_size"],
    )
