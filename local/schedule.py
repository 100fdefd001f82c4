"""A schedule rule: invokes a function at intervals, as Amazon EventBridge does."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_log = logging.getLogger(__name__)


class Schedule:
    """Calls `invoke` with a scheduled event every `seconds`, first after that time.

    `clock` returns epoch seconds. `pause` waits for that many seconds and says whether to end; by
    default `stop` decides that.

    Unlike with EventBridge, a slow invocation delays the next, and a failed one is not retried.
    """

    def __init__(
        self,
        invoke: Callable[[dict[str, Any]], object],
        seconds: float,
        rule_arn: str,
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._invoke = invoke
        self._seconds = seconds
        self._rule_arn = rule_arn
        self._clock = clock
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Invoke no more; wait for a running invocation, but no longer than `timeout` seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._pause(self._seconds):
            try:
                self._invoke(scheduled_event(self._rule_arn, self._clock()))
            except Exception as error:  # noqa: BLE001  -- whatever it was, the next one may succeed
                # Its text stays out of the log, since it may repeat personal data.
                rule = self._rule_arn.rpartition("/")[2]
                _log.warning("%s: the invocation failed: %s", rule, type(error).__name__)


def scheduled_event(rule_arn: str, now: float) -> dict[str, Any]:
    """What a scheduled rule passes to its function at `now`, in epoch seconds.

    Shape: services-cloudwatchevents.html and EventBridge's "AWS service event metadata"
    (eb-events-structure.html). `time` is UTC in whole seconds; `detail` is empty.
    """
    _, _, _, region, account, _ = rule_arn.split(":", 5)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule_arn],
        "detail": {},
    }
