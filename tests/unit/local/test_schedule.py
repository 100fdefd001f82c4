"""The schedule, and the event that it hands over.

https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchevents.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import CloudWatchEvent

from local.schedule import Schedule, scheduled_event

RULE_ARN = "arn:aws:events:ap-northeast-2:123456789012:rule/rollcall-local-sweep"
NOW = 1_770_804_000.25  # 2026-02-11T10:00:00.25Z
LONG = 30.0  # seconds; a bound for what should be done at once


class Pauses:
    """The waiting between invocations, without time: ends the schedule after `count` of them."""

    def __init__(self, count: int, log: list[object]) -> None:
        self._left = count
        self._log = log

    def __call__(self, seconds: float) -> bool:
        self._log.append(seconds)
        self._left -= 1
        return self._left < 0


def run(invoke: Callable[[dict[str, Any]], object], *, times: int, log: list[object]) -> None:
    schedule = Schedule(invoke, 30, RULE_ARN, clock=lambda: NOW, pause=Pauses(times, log))
    schedule.start()
    schedule.stop(LONG)


def test_the_first_invocation_comes_after_the_interval_and_so_does_each_next() -> None:
    log: list[object] = []

    run(lambda event: log.append(event["time"]), times=2, log=log)

    assert log == [30, "2026-02-11T10:00:00Z", 30, "2026-02-11T10:00:00Z", 30]


def test_a_failed_invocation_is_logged_without_its_text_and_the_next_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[object] = []

    def fail(event: dict[str, Any]) -> None:
        log.append("failed")
        raise RuntimeError("hana@example.com")

    run(fail, times=2, log=log)

    assert log == [30, "failed", 30, "failed", 30]
    assert [record.getMessage() for record in caplog.records] == [
        "rollcall-local-sweep: the invocation failed: RuntimeError"
    ] * 2
    assert "hana" not in caplog.text


def test_a_stop_does_not_wait_for_the_interval() -> None:
    invoked = threading.Event()
    schedule = Schedule(lambda _: invoked.set(), 86_400, RULE_ARN)
    before = set(threading.enumerate())
    schedule.start()
    started = set(threading.enumerate()) - before

    schedule.stop(LONG)

    assert [thread.name for thread in started] == ["schedule"]
    assert started.isdisjoint(threading.enumerate())
    assert not invoked.is_set()


def test_a_stop_waits_no_longer_than_it_was_told_for_an_invocation_that_hangs() -> None:
    hanging, released, ended = threading.Event(), threading.Event(), threading.Event()

    def hang(event: dict[str, Any]) -> None:
        hanging.set()
        assert released.wait(LONG)
        ended.set()

    schedule = Schedule(hang, 0.001, RULE_ARN)
    schedule.start()
    assert hanging.wait(LONG)

    schedule.stop(0)
    assert not ended.is_set()

    hanging.clear()
    released.set()
    schedule.stop(LONG)
    assert ended.is_set()
    assert not hanging.is_set()  # nothing is invoked after a stop


def test_the_event_has_the_shape_of_a_scheduled_one() -> None:
    event = scheduled_event(RULE_ARN, NOW)

    assert len(event.pop("id")) == len("53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-02-11T10:00:00Z",
        "region": "ap-northeast-2",
        "resources": [RULE_ARN],
        "detail": {},
    }


def test_each_event_has_an_id_of_its_own() -> None:
    assert scheduled_event(RULE_ARN, NOW)["id"] != scheduled_event(RULE_ARN, NOW)["id"]


def test_chalice_reads_the_event() -> None:
    event = CloudWatchEvent(scheduled_event(RULE_ARN, NOW), context=None)

    assert (event.source, event.detail_type, event.detail) == ("aws.events", "Scheduled Event", {})
