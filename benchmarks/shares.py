"""What a call's CPU goes to: the time within some of the functions that it passes through."""

from __future__ import annotations

import functools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from benchmarks.report import Table

_REST = "the rest"

Parts = Mapping[str, tuple[Any, str]]  # a name for each function: what holds it, its attribute


def shares(title: str, parts: Parts, call: Callable[[], object], times: int, runs: int) -> Table:
    """Of a `call`, which stands for as many `times`: CPU of each part without those within it.

    Only one thread may be at work in it. Each function is timed by its own thread's clock.
    """
    found = [_shares(parts, call) for _ in range(runs)]
    rows = []
    for name in (*parts, _REST):
        seconds = statistics.median(run[name] for run in found)
        share = statistics.median(run[name] / sum(run.values()) for run in found)
        rows.append((name, f"{seconds / times * 1000:.2f}", f"{share:.0%}"))
    return Table(title, ("", "ms", "share"), rows)


def _shares(parts: Parts, call: Callable[[], object]) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    within = [_REST]

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            begun = time.thread_time()
            within.append(name)
            try:
                return function(*arguments, **options)
            finally:
                within.pop()
                seconds = time.thread_time() - begun
                spent[name] += seconds
                spent[within[-1]] -= seconds

        return measured

    with ExitStack() as stack:
        for name, (holder, attribute) in parts.items():
            replacement = timed(name, getattr(holder, attribute))
            stack.enter_context(patch.object(holder, attribute, replacement))
        begun = time.process_time()
        call()
        spent[_REST] += time.process_time() - begun
    return {name: spent[name] for name in (*parts, _REST)}
