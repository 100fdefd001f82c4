"""Growth, as tables, targets and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.growth_fill import owed
from benchmarks.measuring import Sample
from benchmarks.report import Report, Table, Target
from benchmarks.watched import Run

Runs = Mapping[int, Run]

_FLAT = 1.15
_FLAT_MB = 32  # over a process that has next to nothing to do
_TIMES = {"wall": "wall ms", "cpu": "CPU ms"}
_UNITS = {"rcu": "read units", "wcu": "write units"}


def check_ins(found: Mapping[str, Mapping[str, Sequence[float]]], sizes: Sequence[int]) -> Report:
    """`found` has a value a round, by "KIND SIZE" and then by what was measured."""
    rows: list[Sequence[str]] = []
    figures: dict[str, float] = {}
    growths: list[float] = []
    same = True
    for kind in dict.fromkeys(name.rpartition(" ")[0] for name in found):
        name = f"checkin_{kind.replace(' ', '_')}"
        for what, words in (_TIMES | _UNITS).items():
            samples = [Sample(tuple(found[f"{kind} {size}"][what])) for size in sizes]
            first, last = samples[0], samples[-1]
            if what in _UNITS:
                rows.append((f"{kind}: {words}", *(f"{each.median:g}" for each in samples), ""))
                figures[f"{name}_{what}"] = last.median
                # Not of each run: a container reads the event again every few seconds.
                same = same and first.median == last.median
                continue
            growth = last.against(first)
            rows.append((f"{kind}: {words}", *map(_spread, samples), _spread(growth, 2)))
            figures |= {f"{name}_{what}_ms": last.median, f"{name}_{what}_growth": growth.median}
            if what == "cpu":
                growths.append(growth.median)
    heads = [f"{size:,} rows" for size in sizes]
    title = f"A check-in ({first.runs} runs of each: median, and the middle half)"
    return Report(
        [Table(title, ("", *heads, "last ÷ first"), rows)],
        [
            _flat(f"CPU of a check-in, {_span(sizes)} rows", max(growths)),
            Target(
                f"Capacity of a check-in, median, {_span(sizes)} rows",
                "the same",
                "the same" if same else "another",
                same,
            ),
        ],
        figures,
    )


def imports(runs: Runs) -> Report:
    rows = [
        (f"{size:,}", f"{run.seconds:.1f}", f"{_per_thousand(size, run.seconds):.2f}",
         f"{_per_thousand(size, run.cpu_seconds):.2f}", f"{run.peak_mb:.0f}")
        for size, run in runs.items()
    ]  # fmt: skip
    *_, middle, most = runs
    growth = _per_thousand(most, runs[most].seconds) / _per_thousand(middle, runs[middle].seconds)
    columns = ("rows", "s", "s for 1,000", "CPU s for 1,000", "peak MiB")
    return Report(
        [Table("A roster imported, in a process of its own", columns, rows)],
        [
            _flat(f"Seconds for 1,000 rows of a roster, {middle:,} to {most:,}", growth),
            _flat_memory("Memory of an import", runs),
        ],
        {
            "import_seconds_per_1000_rows": _per_thousand(most, runs[most].seconds),
            "import_growth": growth,
            "import_peak_mb": runs[most].peak_mb,
        },
    )


def lists(runs: Runs, commands: Runs) -> Report:
    rows, figures = [], {}
    for size, run in runs.items():
        found = run.json()
        count, seconds = found["count"], found["seconds"]
        command = commands.get(size)
        rows.append(
            (f"{count:,} of {size:,}", f"{found['first']:.2f}", f"{seconds:.1f}",
             f"{_per_thousand(count, seconds):.2f}", f"{found['pages']}", f"{found['rcu']:,g}",
             f"{run.peak_mb:.0f}", f"{command.peak_mb:.0f}" if command else "")
        )  # fmt: skip
        figures = {
            "list_first_seconds": found["first"],
            "list_seconds_per_1000": _per_thousand(count, seconds),
            "list_rcu_per_1000": _per_thousand(count, found["rcu"]),
            "list_peak_mb": run.peak_mb,
        }
    columns = ("check-ins of one event", "first, s", "all, s", "s for 1,000", "pages",
               "read units", "peak MiB", "`deliveries`, peak MiB")  # fmt: skip
    return Report(
        [Table("One event's check-ins, read one after the other", columns, rows)],
        [
            _flat_memory("Memory of a list of check-ins", runs),
            _flat_memory("Memory of `operations deliveries`", commands),
        ],
        figures | {"list_command_peak_mb": max(each.peak_mb for each in commands.values())},
    )


def sweeps(runs: Runs, stopped: Runs, seconds: int) -> Report:
    rows, figures = [], {}
    for size, run in runs.items():
        found, idle = run.json(), stopped[size].json()
        sent = found["outcome"].get("sent", 0)
        rows.append(
            (f"{owed(size):,} of {size:,}", f"{found['first']:.2f}", f"{sent:,}",
             f"{found['pages']}", f"{found['rcu']:,g}", f"{run.peak_mb:.0f}",
             f"{idle['seconds']:.1f}", f"{idle['rcu']:,g}", f"{stopped[size].peak_mb:.0f}")
        )  # fmt: skip
        figures = {
            "sweep_first_mail_seconds": found["first"],
            "sweep_rcu": found["rcu"],
            "sweep_peak_mb": run.peak_mb,
            "sweep_stopped_seconds": idle["seconds"],
            "mail_wcu": found["wcu"] / sent if sent else 0,
        }
    columns = ("owed", "first mail, s", "mails", "pages", "read units", "peak MiB",
               "server away: s", "read units", "peak MiB")  # fmt: skip
    title = f"A sweep of {seconds} s, of which the first half begins mails"
    return Report([Table(title, columns, rows)], [_flat_memory("Memory of a sweep", runs)], figures)


def _per_thousand(count: int, value: float) -> float:
    return value / count * 1000


def _flat(name: str, growth: float) -> Target:
    return Target(name, f"≤ {_FLAT} ×", f"{growth:.2f} ×", growth <= _FLAT)


def _flat_memory(name: str, runs: Runs) -> Target:
    peaks = [run.peak_mb for run in runs.values()]
    more = max(peaks) - peaks[0]
    return Target(
        f"{name}, {_span(list(runs))} rows",
        f"≤ {_FLAT_MB} MiB more",
        f"{more:.0f} MiB",
        more <= _FLAT_MB,
    )


def _spread(sample: Sample, digits: int = 1) -> str:
    return f"{sample.median:.{digits}f} ({sample.low:.{digits}f}–{sample.high:.{digits}f})"


def _span(sizes: Sequence[int]) -> str:
    return f"{sizes[0]:,} to {sizes[-1]:,}"
