"""`make scale`: write the tables of docs/scale.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from benchmarks.measuring import insert, table
from benchmarks.product import ROOT
from benchmarks.scale.model import (
    DAY,
    NO_LIMIT,
    RUSH,
    VCPU_MEMORY,
    Answer,
    Crowd,
    Figures,
    Limit,
    Provider,
    Settings,
    answer,
    as_deployed,
    door_limits,
    mail_limits,
)

PAGE = ROOT / "docs" / "scale.md"

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
SETTINGS = (DEPLOYED, LARGE, HUGE)
GMAIL = Provider("Gmail", seconds=0.6, a_day=500)
WORKSPACE = Provider("Workspace", seconds=0.6, a_day=2_000)


def ses(a_second: float, a_day: float) -> Provider:
    return Provider(f"SES {a_second:,.0f}/s", 0.15, a_second, a_day, dollars=0.10)


_HUGE = Crowd(people=5_000_000, chosen=HUGE, provider=ses(10_000, 10_000_000))
CROWDS = [
    ("as deployed", Crowd(people=200, chosen=DEPLOYED, provider=GMAIL)),
    ("as deployed", Crowd(people=5_000, chosen=DEPLOYED, provider=GMAIL)),
    ("Workspace", Crowd(people=5_000, chosen=DEPLOYED, provider=WORKSPACE)),
    ("SES, sandbox", Crowd(people=5_000, chosen=DEPLOYED, provider=ses(1, 200))),
    ("SES", Crowd(people=5_000, chosen=DEPLOYED, provider=ses(14, 50_000))),
    ("as deployed", Crowd(people=100_000, chosen=DEPLOYED, provider=GMAIL)),
    ("chosen", Crowd(people=100_000, chosen=LARGE, provider=ses(300, 1_000_000))),
    ("as deployed", Crowd(people=5_000_000, chosen=DEPLOYED, provider=GMAIL)),
    ("chosen", _HUGE),
    ("chosen, 100 events", replace(_HUGE, events=100)),
    ("chosen, more keys in both indexes", replace(_HUGE, event_keys=16, due_keys=256)),
]


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
    named: dict[str, list[float]] = {
        "`RateLimit`": [each.rate_limit for each in SETTINGS],
        "`BATCH_SIZE`": [each.batch_size for each in SETTINGS],
        "`ParallelizationFactor`": [each.parallelization for each in SETTINGS],
        "`SMTP_CONNECTIONS`": [each.connections for each in SETTINGS],
        "memory of `send_confirmations`, MB": [each.memory for each in SETTINGS],
        "warm write units, table and indexes": [each.warm_writes for each in SETTINGS],
        "batches at once (shards × factor)": [each.batches for each in SETTINGS],
        "connections to the mail server": [each.batches * each.connections for each in SETTINGS],
    }
    rows = [(name, *(f"{value:,}" for value in values)) for name, values in named.items()]
    return table(("setting", "as deployed", "for 100,000", "for 5,000,000"), rows)


def all_limits(figures: Figures) -> str:
    """The table of limits, in check-ins per second at one event."""
    small, large = CROWDS[0][1], _HUGE
    most = {each.name: each for each in _limits(large, figures)}
    rows = [
        (each.name, _rate(each), _rate(most.pop(each.name, None)))
        for each in _limits(small, figures)
        if each.a_second < NO_LIMIT
    ]
    rows += [(name, "", _rate(each)) for name, each in most.items()]
    return table(("limit", "as deployed", "settings for 5,000,000"), rows)


def lasts(seconds: float) -> str:
    """`0.30 s`, `4.1 s`, `12 min`, `5 h`, `9 days`. Below three of a unit, the next smaller."""
    for unit, name in ((DAY, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 3 * unit:
            return f"{seconds / unit:,.0f} {name}"
    digits = 2 if seconds < 1 else int(seconds < 10)  # noqa: PLR2004  -- two digits in all
    return f"{seconds:.{digits}f} s"


def _limits(crowd: Crowd, figures: Figures) -> list[Limit]:
    return sorted(door_limits(crowd, figures) + mail_limits(crowd, figures))


def _breaks(crowd: Crowd, limits: Sequence[Limit]) -> str:
    """The lowest limit, if it lets through fewer people per second than arrive."""
    lowest = min(limits)
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


def parts(figures: Figures) -> dict[str, str]:
    """The page's tables, by the names of their markers."""
    return {
        "answers": answers(figures),
        "settings": all_settings(),
        "limits": all_limits(figures),
    }


def main() -> None:
    for name, text in parts(Figures.read()).items():
        click.echo(f"{text}\n")
        insert(PAGE, name, text)


if __name__ == "__main__":
    main()
