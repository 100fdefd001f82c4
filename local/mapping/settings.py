"""The settings of an event source mapping, as Lambda's CreateEventSourceMapping takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from local.mapping.filters import compile_pattern

StartingPosition = Literal["TRIM_HORIZON", "LATEST"]

UNLIMITED = -1
_RETENTION = 24 * 60 * 60  # seconds that a stream keeps a record
_FEWEST_AGE = 60  # seconds
_LONGEST_PATTERN = 4096  # characters

# Lambda API reference, CreateEventSourceMapping: lowest and highest value for a DynamoDB stream.
_RANGES = {
    "batch_size": (1, 10_000),
    "maximum_batching_window_seconds": (0, 300),
    "maximum_retry_attempts": (UNLIMITED, 10_000),
    "maximum_record_age_seconds": (UNLIMITED, 604_800),
    "parallelization_factor": (1, 10),
}
_MOST_FILTERS = 10  # invocation-eventfiltering.html: five, ten with a raised quota


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSettings:
    """Defaults are Lambda's (services-ddb-params.html); -1 means without end.

    `filter_patterns` are the `Pattern` texts of FilterCriteria; none lets every record pass.
    `function_name` is what the failure destination is told. Tumbling windows are not there.
    Raises ValueError where Lambda would refuse the setting.
    """

    starting_position: StartingPosition
    batch_size: int = 100
    maximum_batching_window_seconds: int = 0
    maximum_retry_attempts: int = UNLIMITED
    maximum_record_age_seconds: int = UNLIMITED
    bisect_batch_on_function_error: bool = False
    parallelization_factor: int = 1
    report_batch_item_failures: bool = False
    filter_patterns: tuple[str, ...] = ()
    function_name: str = "function"

    def __post_init__(self) -> None:
        if self.starting_position not in get_args(StartingPosition):
            raise ValueError(
                f"starting_position: {self.starting_position!r} is neither TRIM_HORIZON nor LATEST"
                " (a DynamoDB stream knows no other)"
            )
        for name, (lowest, highest) in _RANGES.items():
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise ValueError(f"{name}: {value} is not within {lowest} to {highest}")
        if UNLIMITED < self.maximum_record_age_seconds < _FEWEST_AGE:
            # API_CreateEventSourceMapping: within the parameter's range, and still not allowed.
            raise ValueError(
                f"maximum_record_age_seconds: {self.maximum_record_age_seconds} is neither"
                f" {UNLIMITED} (no limit) nor at least {_FEWEST_AGE}"
            )
        if len(self.filter_patterns) > _MOST_FILTERS:
            raise ValueError(f"filter_patterns: more than {_MOST_FILTERS}")
        for pattern in self.filter_patterns:
            if len(pattern) > _LONGEST_PATTERN:
                raise ValueError(f"filter_patterns: longer than {_LONGEST_PATTERN} characters")
            compile_pattern(pattern)

    @property
    def oldest_age(self) -> int:
        """Seconds after which a record is given up: the setting, or when the stream drops it.

        services-ddb-params.html: without a limit, records are retried until they expire.
        """
        if self.maximum_record_age_seconds == UNLIMITED:
            return _RETENTION
        return min(self.maximum_record_age_seconds, _RETENTION)
