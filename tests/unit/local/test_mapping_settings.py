"""Limits and defaults: "Lambda parameters for Amazon DynamoDB event source mappings"

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html and
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from __future__ import annotations

from typing import Any

import pytest

from local.mapping.settings import MappingSettings


def test_the_defaults_are_those_of_lambda() -> None:
    settings = MappingSettings(starting_position="LATEST")

    assert settings.batch_size == 100
    assert settings.maximum_batching_window_seconds == 0
    assert settings.maximum_retry_attempts == -1
    assert settings.maximum_record_age_seconds == -1
    assert settings.bisect_batch_on_function_error is False
    assert settings.parallelization_factor == 1
    assert settings.report_batch_item_failures is False
    assert settings.filter_patterns == ()


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_size": 0},
        {"batch_size": 10_001},
        {"maximum_batching_window_seconds": -1},
        {"maximum_batching_window_seconds": 301},
        {"maximum_retry_attempts": -2},
        {"maximum_retry_attempts": 10_001},
        {"maximum_record_age_seconds": 0},
        {"maximum_record_age_seconds": 59},
        {"maximum_record_age_seconds": 604_801},
        {"parallelization_factor": 0},
        {"parallelization_factor": 11},
        {"starting_position": "AT_TIMESTAMP"},
        {"filter_patterns": ('{"eventName": ["INSERT"]}',) * 11},
        {"filter_patterns": ('{"eventName": ["' + "x" * 4096 + '"]}',)},
        {"filter_patterns": ("INSERT",)},
    ],
    ids=str,
)
def test_what_lambda_refuses_is_refused_by_name(setting: dict[str, Any]) -> None:
    [name] = setting

    with pytest.raises(ValueError, match=name.replace("filter_patterns", "filter.pattern")):
        MappingSettings(**{"starting_position": "LATEST", **setting})


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_size": 1, "maximum_batching_window_seconds": 300, "maximum_retry_attempts": 0},
        {"batch_size": 10_000, "maximum_retry_attempts": 10_000, "parallelization_factor": 10},
        {"maximum_record_age_seconds": 60},
        {"maximum_record_age_seconds": 604_800},
    ],
    ids=str,
)
def test_what_lambda_takes_is_taken(setting: dict[str, Any]) -> None:
    assert MappingSettings(starting_position="TRIM_HORIZON", **setting)


@pytest.mark.parametrize(
    ("setting", "seconds"), [(-1, 86_400), (60, 60), (604_800, 86_400)], ids=str
)
def test_no_record_outlives_the_stream_that_keeps_it_for_24_hours(
    setting: int, seconds: int
) -> None:
    settings = MappingSettings(starting_position="LATEST", maximum_record_age_seconds=setting)

    assert settings.oldest_age == seconds
