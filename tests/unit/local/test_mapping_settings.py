"""The mapping's settings: what package.yaml and the app say, and nothing that is not understood."""

from __future__ import annotations

from typing import Any

import pytest
from streams_fake import mapping_settings

from local.mapping.settings import read_settings, stage_properties

REMOVE = {"eventName": "REMOVE", "dynamodb": {"Keys": {"event_code": {"S": "0211ABC"}}}}
INSERT = REMOVE | {"eventName": "INSERT"}


def filtered_by(*patterns: str) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


def passes(record: dict[str, Any], *patterns: str) -> bool:
    return mapping_settings(**filtered_by(*patterns)).passes(record)


def test_a_run_has_the_mapping_of_a_stage() -> None:
    settings = read_settings(stage_properties(), batch_size=5, starting_position="LATEST")
    assert (settings.batch_size, settings.starting_position) == (5, "LATEST")
    assert settings.retries > 0
    assert settings.oldest > 0
    assert settings.bisects
    assert settings.reports_failures
    assert settings.passes(INSERT)
    assert not settings.passes(REMOVE)


@pytest.mark.parametrize(
    "property_",
    [
        {"MaximumBatchingWindowInSeconds": 5},
        {"ParallelizationFactor": 2},
        filtered_by('{"eventName": [{"prefix": "IN"}]}'),
        filtered_by('{"eventName": "INSERT"}'),
        filtered_by('{"eventName": []}'),
        filtered_by("{}"),
    ],
    ids=str,
)
def test_a_property_that_would_be_ignored_is_an_error(property_: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(property_))):
        mapping_settings(**property_)


def test_a_pattern_lists_the_texts_that_pass_at_each_key() -> None:
    keys = '"dynamodb": {"Keys": {"event_code": {"S": ["0211ABC", "0212ABC"]}}}'
    insert_there = f'{{"eventName": ["INSERT"], {keys}}}'
    assert passes(REMOVE, f"{{{keys}}}")
    assert passes(INSERT, insert_there)
    assert not passes(REMOVE, insert_there)
    assert not passes({"eventName": "INSERT", "dynamodb": {}}, insert_there)


def test_one_filter_of_several_is_enough_and_none_lets_everything_pass() -> None:
    assert passes(REMOVE, '{"eventName": ["INSERT"]}', '{"eventName": ["REMOVE"]}')
    assert passes(REMOVE)
