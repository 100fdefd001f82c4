"""A clock that moves only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)  # 19:00 in Seoul


class Clock:
    """Returns aware UTC when called."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Since the epoch."""
        return self.now.timestamp()

    def pause(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.now += timedelta(seconds=seconds)
