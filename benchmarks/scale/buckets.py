"""A limit of so many a second, as AWS counts: a bucket that fills at its rate."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """`rate` units a second come in; it holds one second's. `ceiling`: as far as it may grow.

    The five minutes of unused capacity that DynamoDB may grant are left out: AWS promises none.
    """

    rate: float
    ceiling: float = 0.0
    refusals: int = 0
    refused_lately: bool = False
    _tokens: float = field(init=False, default=0.0)
    _filled_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._tokens = self._size()

    def holds(self, now: float, units: float) -> bool:
        """Whether so many are there. Where not, that is counted."""
        self._tokens = min(self._size(), self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens >= units:
            return True
        self.refusals += 1
        self.refused_lately = True
        return False

    def take(self, units: float) -> None:
        self._tokens -= units

    def grow(self) -> None:
        """Twice as much, where it was too little and may be more."""
        if self.refused_lately:
            self.rate = max(self.rate, min(self.ceiling, 2 * self.rate))
        self.refused_lately = False

    def _size(self) -> float:
        return max(self.rate, 4.0)  # the largest write of an item and its index entries


def took(buckets: list[tuple[Bucket, float]], now: float) -> bool:
    """Take from all of them, or from none."""
    if not all(bucket.holds(now, units) for bucket, units in buckets if units):
        return False
    for bucket, units in buckets:
        bucket.take(units)
    return True
