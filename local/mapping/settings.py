"""The mapping's settings, from the same sources that a deployment uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

StartingPosition = Literal["TRIM_HORIZON", "LATEST"]
Event = Mapping[str, Any]  # a record as the function gets it

TEMPLATE = Path(__file__).parents[2] / "infrastructure" / "package.yaml"

# The destination of failures and the stream are different in a local run.
_ELSEWHERE = {"Stream", "DestinationConfig"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSettings:
    """`oldest` is the greatest age of a record in seconds. `passes` says what is delivered."""

    starting_position: StartingPosition
    batch_size: int
    retries: int
    oldest: float
    bisects: bool
    reports_failures: bool
    passes: Callable[[Event], bool]


def read_settings(
    properties: Mapping[str, Any], *, batch_size: int, starting_position: StartingPosition
) -> MappingSettings:
    """The settings from `properties` (those of the SAM event) and from the app.

    Raises ValueError for a property or value that this mapping does not implement: a stage would
    apply it, but a local run would silently ignore it.
    """
    given = {name: value for name, value in properties.items() if name not in _ELSEWHERE}
    if given.pop("ParallelizationFactor", 1) != 1:
        raise ValueError("ParallelizationFactor: the local mapping delivers one batch at a time")
    settings = MappingSettings(
        starting_position=starting_position,
        batch_size=batch_size,
        retries=given.pop("MaximumRetryAttempts"),
        oldest=given.pop("MaximumRecordAgeInSeconds"),
        bisects=given.pop("BisectBatchOnFunctionError", False),
        reports_failures="ReportBatchItemFailures" in given.pop("FunctionResponseTypes", []),
        passes=_any_of(given.pop("FilterCriteria", {}).get("Filters", [])),
    )
    if given:
        raise ValueError(f"the local mapping does not know {', '.join(sorted(given))}")
    return settings


def stage_properties() -> dict[str, Any]:
    """What package.yaml says about the mapping of `send_confirmations`."""
    document = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    [event] = document["Resources"]["SendConfirmations"]["Properties"]["Events"].values()
    properties: dict[str, Any] = event["Properties"]
    return properties


def _any_of(filters: list[dict[str, str]]) -> Callable[[Event], bool]:
    """invocation-eventfiltering.html: a record has to match one of the filters, if any."""
    patterns = [json.loads(each["Pattern"]) for each in filters]
    for pattern in patterns:
        _check(pattern)
    return lambda event: not patterns or any(_matches(event, pattern) for pattern in patterns)


def _check(pattern: object) -> None:
    match pattern:
        case dict() if pattern:
            for inner in pattern.values():
                _check(inner)
        case [_, *_] if all(isinstance(value, str) for value in pattern):
            pass
        case _:
            raise ValueError(
                f"FilterCriteria: {pattern!r} is neither an object nor a list of texts"
            )


def _matches(event: object, pattern: Any) -> bool:
    """All keys of an object have to match; a list names the texts that are allowed."""
    if isinstance(pattern, list):
        return event in pattern
    return isinstance(event, Mapping) and all(
        _matches(event.get(name), inner) for name, inner in pattern.items()
    )
