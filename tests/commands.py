"""The commands as their user sees them: arguments in, lines and exit code out."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.attendance.event import Event
from chalicelib.wiring import Wiring
from operations.__main__ import operations
from operations.stage import Stage

REQUIRED = (
    *("--name", "서버리스 밤", "--organization", "Cloud Club", "--venue", "서울"),
    *("--starts-at", "2026-02-11 19:00"),
)


class Commands:
    """Runs `python -m operations …` on the stage `local`, over `wiring`, without its pauses."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.pauses: list[float] = []
        wiring.pause = self.pauses.append
        self.stage = Stage("local")
        self.stage.wiring = wiring

    def __call__(self, *arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(operations, arguments, obj=self.stage, **options)

    def stored(self, code: str = "0211ABC") -> Event:
        event = self.wiring.event_table.get(code)
        assert event is not None
        return event


@pytest.fixture
def run(wiring: Wiring) -> Commands:
    return Commands(wiring)


@pytest.fixture
def run_on_event(run: Commands, event: Event) -> Commands:
    run.wiring.event_table.put(event)
    return run
