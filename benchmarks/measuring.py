"""How things are measured against each other: in turns, so that what drifts hits them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured, a value a run; all in the same unit."""

    values: tuple[float, ...]

    @property
    def runs(self) -> int:
        return len(self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """With `high`, the spread: the middle half of the runs."""
        return self.percentile(25)

    @property
    def high(self) -> float:
        return self.percentile(75)

    def percentile(self, percent: float) -> float:
        """The value of the run at this place (nearest rank), of 0 to 100."""
        ordered = sorted(self.values)
        place = round(percent / 100 * (len(ordered) - 1))
        return ordered[place]

    def against(self, other: Sample) -> Sample:
        """This by the other, round by round: what slowed down a whole round cancels."""
        pairs = zip(self.values, other.values, strict=True)
        return Sample(tuple(mine / theirs for mine, theirs in pairs))


def in_turns(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Sample]:
    """What each subject returns, each once a round; every other round goes backwards."""
    values: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects)
        for name in order if number % 2 == 0 else reversed(order):
            values[name].append(subjects[name]())
    return {name: Sample(tuple(each)) for name, each in values.items()}


def cpu_seconds(call: Callable[[], object], times: int) -> float:
    """CPU time of this process for one call, the mean of as many."""
    begun = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begun) / times
