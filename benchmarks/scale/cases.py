"""The sizes that are asked for, the mail servers, and the settings that are chosen for each."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.scale.design import FULL, INVERTED, Design, Index
from benchmarks.scale.parameters import Case, Choice, Provider

MINUTES = 10
_HALF_AN_HOUR = 1_800.0

# The seconds of a mail, from MAIL to the 250 on a connection that stands, are assumed.
GMAIL = Provider(name="Gmail", seconds=0.6, a_day=500)
WORKSPACE = Provider(name="Workspace", seconds=0.6, a_day=2_000)


def ses(a_second: float, a_day: float) -> Provider:
    name = f"SES {a_second:,.0f}/s"
    return Provider(name=name, seconds=0.15, a_second=a_second, a_day=a_day, dollars=0.10)


PROVIDERS = (GMAIL, WORKSPACE, ses(1, 200), ses(14, 50_000), ses(100, 1_000_000))
DEFAULT = Choice.default()
LARGE = replace(DEFAULT, rate_limit=400, batch_size=16, parallelization=2, memory=1024)
HUGE = Choice(
    rate_limit=9_500,
    batch_size=32,
    parallelization=10,
    connections=8,
    memory=1769,
    warm_writes=40_000,
)


def answers(design: Design) -> list[tuple[str, Case]]:
    """Each size as it is deployed, and with what is chosen for it.

    The largest are cut into equal parts, of which one is simulated.
    """
    whole = Case(check_ins=200, choice=DEFAULT, provider=GMAIL, design=design)
    part = replace(whole, share=1 / DEFAULT.lanes, horizon=_HALF_AN_HOUR)
    large = replace(whole, check_ins=100_000, choice=LARGE, provider=ses(300, 1_000_000))
    huge = Case(
        check_ins=5_000_000,
        choice=HUGE,
        provider=ses(10_000, 10_000_000),
        design=design,
        share=1 / 100,
        horizon=_HALF_AN_HOUR,
    )
    more_keys = Design(
        by_event=replace(design.by_event, keys=16),
        due_deliveries=replace(design.due_deliveries, keys=256),
    )
    return [
        ("as deployed", whole),
        ("as deployed", replace(whole, check_ins=5_000)),
        ("SES", replace(whole, check_ins=5_000, provider=PROVIDERS[3])),
        ("as deployed", replace(part, check_ins=100_000)),
        ("chosen", replace(large, share=1 / LARGE.lanes)),
        ("as deployed", replace(part, check_ins=5_000_000)),
        ("chosen", huge),
        ("chosen, 100 events", replace(huge, events=100)),
        ("chosen, indexes of more keys", replace(huge, design=more_keys)),
    ]


def at_providers(design: Design) -> list[Case]:
    """5,000 check-ins, as deployed but for the mail server."""
    case = Case(check_ins=5_000, choice=DEFAULT, provider=GMAIL, design=design)
    return [replace(case, provider=provider) for provider in PROVIDERS]


def hot_index(design: Design) -> list[tuple[str, Case]]:
    """One event, 600 check-ins a second for ten minutes, nothing else in the way."""
    case = Case(
        check_ins=360_000,
        choice=replace(HUGE, warm_writes=8_000),
        provider=ses(10_000, 10_000_000),
        design=design,
        share=1 / 20,
        horizon=_HALF_AN_HOUR,
    )
    variants: dict[str, Index] = {
        "all attributes (as it was)": FULL,
        "keys alone (as it is)": design.by_event,
        "keys alone, sorted by `attendee_id`": INVERTED,
    }
    return [
        (f"{name}, {rate:,} a second", _at(case, rate, replace(design, by_event=index)))
        for rate in (300, 600, 1_200)
        for name, index in variants.items()
    ]


def _at(case: Case, rate: int, design: Design) -> Case:
    return replace(case, check_ins=rate * MINUTES * 60, design=design)
