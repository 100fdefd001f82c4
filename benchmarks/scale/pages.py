"""The tables of docs/scale.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from benchmarks.report import FIGURES, Table, read
from benchmarks.scale import cases
from benchmarks.scale.design import Design
from benchmarks.scale.limits import Limit, Place, first_broken, limits
from benchmarks.scale.parameters import Case, Figures
from benchmarks.scale.summary import Summary, summarise

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_NO_LIMIT = 1e6  # a second: the mail server's own word is all there is
_TEN = 10
_THREE = 3  # of a unit: then the next larger one

Say = Callable[[str], None]


def answers(design: Design, figures: Figures, say: Say) -> Table:
    """`say` is told each row's name before it is reckoned."""
    rows = []
    for name, case in cases.answers(design):
        say(f"{case.check_ins:,} {name}")
        found = summarise(case, figures)
        rows.append(
            (
                f"{case.check_ins:,}",
                name,
                _broken(case, figures, "door"),
                _broken(case, figures, "mail"),
                lasts(found.door_last),
                lasts(found.in_after),
                *_mail(found),
                f"${found.dollars:,.2f}",
            )
        )
    columns = [
        "check-ins",
        "settings",
        "breaks first at the door",
        "for the mail",
        "wait at the door, p99",
        "all in after",
        "to the mail, median",
        "p99",
        "all mailed after",
        "cost",
    ]
    return Table("", columns, rows)


def choices() -> Table:
    columns = ("setting", "as deployed", "for 100,000", "for 5,000,000")
    chosen = (cases.DEFAULT, cases.LARGE, cases.HUGE)
    named = {
        "`RateLimit`": [f"{each.rate_limit:,}" for each in chosen],
        "`BATCH_SIZE`": [f"{each.batch_size}" for each in chosen],
        "`ParallelizationFactor`": [f"{each.parallelization}" for each in chosen],
        "`SMTP_CONNECTIONS`": [f"{each.connections}" for each in chosen],
        "memory of `send_confirmations`, MB": [f"{each.memory:,}" for each in chosen],
        "warm write units, table and indexes": [f"{each.warm_writes:,}" for each in chosen],
        "batches at once (shards × factor)": [f"{each.lanes}" for each in chosen],
        "connections to the mail server": [f"{each.lanes * each.connections:,}" for each in chosen],
    }
    return Table("", columns, [(name, *values) for name, values in named.items()])


def providers(design: Design, figures: Figures, say: Say) -> Table:
    rows = []
    for case in cases.at_providers(design):
        say(f"5,000 at {case.provider.name}")
        rows.append((case.provider.name, *_takes(case), *_mail(summarise(case, figures))))
    columns = ("mail server", "a second", "a day", "to the mail, median", "p99", "all mailed after")
    return Table("", columns, rows)


def all_limits(design: Design, figures: Figures) -> Table:
    """Check-ins a second, one event, as deployed with Gmail, and with the largest settings."""
    deployed, *_, largest = (
        limits(case, figures)
        for name, case in cases.answers(design)
        if name in ("as deployed", "chosen") and case.check_ins in (200, 5_000_000)
    )
    most = {each.name: each for each in largest}
    rows = [
        (each.name, _rate(each), _rate(most.get(each.name)))
        for each in deployed
        if each.a_second < _NO_LIMIT
    ]
    rows += [(name, "", _rate(each)) for name, each in most.items() if "SES" in name]
    return Table("", ("limit", "as deployed", "settings for 5,000,000"), rows)


def hot_index(design: Design, figures: Figures, say: Say) -> Table:
    rows = []
    for name, case in cases.hot_index(design):
        say(f"by_event, {name}")
        found = summarise(case, figures)
        index = case.design.by_event
        rows.append(
            (
                name,
                f"{index.units}",
                f"{case.check_ins / case.seconds * index.units:,.0f}",
                lasts(found.door_last),
                *_mail(found)[:2],
            )
        )
    columns = ("`by_event` holds", "its writes for one", "wanted a second")
    return Table("", (*columns, "wait at the door, p99", "to the mail, median", "p99"), rows)


def inputs(figures: Figures) -> Table:
    """What the tables were made with, and whether the bench measured it."""
    known = read(FIGURES)
    rows = [
        (
            f"`{each.name}`",
            f"{getattr(figures, each.name):g}",
            "the bench" if each.name in known else "assumed",
        )
        for each in fields(figures)
    ]
    return Table("", ("figure", "value", "from"), rows)


def lasts(seconds: float) -> str:
    """`0.3 s`, `4.1 s`, `12 min`, `5 h`, `9 days`."""
    for unit, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= _THREE * unit:
            return f"{seconds / unit:,.0f} {name}"
    digits = 2 if seconds < 1 else int(seconds < _TEN)
    return f"{seconds:.{digits}f} s"


def _mail(found: Summary) -> tuple[str, str, str]:
    return lasts(found.mail_median), lasts(found.mail_last), lasts(found.mailed_after)


def _broken(case: Case, figures: Figures, place: Place) -> str:
    broken = first_broken(case, figures, place)
    if broken is None:
        return "nothing"
    if broken.name.endswith("a day"):
        return f"{case.provider.name}: {case.provider.a_day:,.0f} a day"
    return f"{broken.name}, {_rate(broken)}/s"


def _rate(limit: Limit | None) -> str:
    if limit is None or limit.a_second > _NO_LIMIT:
        return ""
    digits = 1 if limit.a_second < 10 * _THREE else 0
    return f"{limit.a_second:,.{digits}f}"


def _takes(case: Case) -> tuple[str, str]:
    provider = case.provider
    a_second = f"{provider.a_second:,.0f}" if provider.a_second < _NO_LIMIT else "not said"
    return a_second, f"{provider.a_day:,.0f}"
