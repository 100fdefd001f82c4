"""Writes metrics as log lines in CloudWatch's Embedded Metric Format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

Metric = Literal[
    "CheckIns",
    "MailsSent",
    "MailsFailed",
    "MailsUnclear",
    "MailsPutOff",
    "MailsHandedBack",
    "SecondsToMail",
    "Owed",
    "OldestOwedSeconds",
]
Values = Mapping[Metric, float | Sequence[float]]

UNITS: dict[Metric, Literal["Count", "Seconds"]] = {
    "CheckIns": "Count",
    "MailsSent": "Count",
    "MailsFailed": "Count",
    "MailsUnclear": "Count",
    "MailsPutOff": "Count",
    "MailsHandedBack": "Count",
    "SecondsToMail": "Seconds",
    "Owed": "Count",
    "OldestOwedSeconds": "Seconds",
}

_MOST_VALUES = 100  # of one metric, on one line


class Metrics:
    """Writes metrics in a CloudWatch namespace. `write` takes a line; None drops all metrics.

    `now` returns aware UTC.
    """

    def __init__(
        self,
        namespace: str,
        now: Callable[[], datetime],
        write: Callable[[str], None] | None = None,
    ) -> None:
        self._namespace = namespace
        self._now = now
        self._write = write

    def put(self, values: Values) -> None:
        """Write each metric with its value or values. One with an empty list is left out."""
        if self._write is None:
            return
        left = {
            name: list(given) if isinstance(given, Sequence) else [given]
            for name, given in values.items()
        }
        while left := {name: numbers for name, numbers in left.items() if numbers}:
            self._write(
                self._line({name: numbers[:_MOST_VALUES] for name, numbers in left.items()})
            )
            left = {name: numbers[_MOST_VALUES:] for name, numbers in left.items()}

    def _line(self, values: Mapping[Metric, list[float]]) -> str:
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [[]],
            "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
        }
        milliseconds = int(self._now().timestamp() * 1000)
        return json.dumps(
            {
                "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]},
                **{name: each[0] if len(each) == 1 else each for name, each in values.items()},
            }
        )


def to_stdout(line: str) -> None:
    """Write a line to the function's log, where each line becomes an event."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
