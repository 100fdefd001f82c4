"""The capacity that a process's calls to DynamoDB consume, as DynamoDB tells it with each answer.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
A refused condition's answer does not tell it. It costs by the item's size, and Rollcall's are
smaller than the kilobyte of one unit.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chalicelib.storage.dynamodb import session

_REFUSED = "ConditionalCheckFailedException"
_READS = ("GetItem", "BatchGetItem", "Query", "Scan")


@dataclass(slots=True)
class Consumed:
    """Of every client that Rollcall makes from now on; `calls` counts them by operation."""

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0
    write_units: float = 0
    first_write: float | None = None  # by time.perf_counter, when its answer was there

    def __post_init__(self) -> None:
        events = session().get_component("event_emitter")
        events.register("provide-client-params.dynamodb", _ask)
        events.register("after-call.dynamodb", self._note)

    def clear(self) -> None:
        self.calls.clear()
        self.read_units = self.write_units = 0
        self.first_write = None

    def _note(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        told = parsed.get("ConsumedCapacity", [])
        units = sum(each["CapacityUnits"] for each in (told if isinstance(told, list) else [told]))
        if model.name in _READS:
            self.read_units += units
        else:
            self.write_units += 1 if parsed.get("Error", {}).get("Code") == _REFUSED else units
            self.first_write = self.first_write or time.perf_counter()


def _ask(params: dict[str, Any], model: Any, **_: Any) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params["ReturnConsumedCapacity"] = "TOTAL"
