"""What the model is fed with. Each value has its source; docs/scale.md lists the addresses."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simpy
import yaml

from benchmarks.report import FIGURES, read
from chalicelib import settings

if TYPE_CHECKING:
    from benchmarks.scale.design import Design

Steps = Generator[simpy.Event, Any, Any]  # a process of the simulation, or a part of one

ROOT = Path(__file__).parents[2]
VCPU_MEMORY = 1769  # MB of memory with which a function has one vCPU
API_VCPU = 1024 / VCPU_MEMORY

PARTITION_WRITES = 1_000  # units a second
PARTITION_READS = 3_000
NEW_TABLE_WRITES = 4_000  # a new table on demand, and each of its indexes
TABLE_QUOTA = 40_000  # write units a second of a table, or of an index, without asking
ACCOUNT_REQUESTS = 10_000  # a second, of API Gateway in one region
CONCURRENCY = 1_000  # invocations at once, of all functions of an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The bench's own figures where benchmarks/figures.json has them, by the same name.

    CPU milliseconds are those of one whole core; Lambda gives a part of one.
    """

    checkin_cpu_ms: float = 8.0  # `check_ins`
    mail_cpu_ms: float = 6.0  # `mails`: claim, letter, SMTP and record of one mail
    api_cold_start_ms: float = 1_500.0  # `cold_start`
    consumer_cold_start_ms: float = 2_000.0
    # Assumed: AWS says "single-digit milliseconds" of DynamoDB.
    storage_seconds: float = 0.005
    # Assumed: TLS and login, some ten round trips of a few milliseconds, and the server's work.
    connect_seconds: float = 0.5
    # AWS: a shard is asked four times a second where it has nothing.
    poll_seconds: float = 0.25
    # How much of each wait is by chance (exponential); the rest is always the same.
    chance: float = 0.5

    @classmethod
    def measured(cls) -> Figures:
        known = read(FIGURES)
        return cls(**{each.name: known[each.name] for each in fields(cls) if each.name in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A mail server: `a_second` and `a_day` are what it takes; `seconds` for one mail, assumed."""

    name: str
    seconds: float
    a_second: float = 1e9
    a_day: float = 1e9
    dollars: float = 0.0  # for 1,000 mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What an operator sets or asks AWS for. `warm_writes`: of the table and of each index."""

    rate_limit: float
    batch_size: int
    parallelization: int
    connections: int
    memory: int
    window: float = 0.0  # seconds
    warm_writes: float = NEW_TABLE_WRITES
    # Two workers share a connection: while one mails, the other claims or records.
    workers: int = 2

    @property
    def shards(self) -> int:
        """About one for each partition of the table."""
        return max(1, round(self.warm_writes / PARTITION_WRITES))

    @property
    def lanes(self) -> int:
        """Batches at once."""
        return self.shards * self.parallelization

    @property
    def vcpu(self) -> float:
        return min(1.0, self.memory / VCPU_MEMORY)

    @classmethod
    def default(cls, stage: str = "prod") -> Choice:
        """What is deployed where nobody sets anything."""
        app = settings.load(
            {
                "EVENT_TABLE": "events",
                "REGISTRATION_TABLE": "registrations",
                "CHECK_IN_TABLE": "check-ins",
                "CHECK_IN_STREAM_ARN": "arn:aws:dynamodb:x:1:table/check-ins/stream/y",
                "SECRET_KEY": "not used",
                "MAIL_FROM": "rollcall@example.com",
            }
        )
        config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
        return cls(
            rate_limit=config["stages"][stage]["infrastructure"]["RateLimit"],
            batch_size=app.batch_size,
            parallelization=mapping()["ParallelizationFactor"],
            connections=app.mail.connections,
            memory=config["lambda_functions"]["send_confirmations"]["lambda_memory_size"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`check_ins` come by chance, evenly spread over `seconds`, to `events` events at once.

    `share`: the part of all this that is simulated, with the same part of each limit. `horizon`:
    seconds after which the simulation ends, whatever is left.
    """

    check_ins: int
    choice: Choice
    provider: Provider
    design: Design
    seconds: float = 600.0
    events: int = 1
    share: float = 1.0
    horizon: float = 3_600.0


def mapping() -> dict[str, int]:
    """The stream mapping's properties, as they are deployed."""
    template = yaml.safe_load(
        (ROOT / "infrastructure" / "package.yaml").read_text(encoding="utf-8")
    )
    events = template["Resources"]["SendConfirmations"]["Properties"]["Events"]
    properties: dict[str, int] = events["SendConfirmationsDynamodbEventSource"]["Properties"]
    return properties
