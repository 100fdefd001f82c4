"""Partial failure: "Configuring partial batch response with DynamoDB and Lambda"

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html; retries and
bisecting: "Retain discarded records for a DynamoDB event source in Lambda"
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from typing import Any

import pytest
from streams_fake import numbers, stream_record

from local.mapping.batch import Batch
from local.mapping.outcome import first_failure, sequel
from local.mapping.settings import MappingSettings

RECORDS = tuple(stream_record(number) for number in (8, 9, 10, 11))


def failures(*identifiers: object) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}


def again(batch: Batch, failed: int, **settings: Any) -> list[list[int]]:
    result = sequel(batch, failed, MappingSettings(starting_position="LATEST", **settings))
    return [numbers(each.event()) for each in result.again]


@pytest.mark.parametrize(
    "response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}, {"other": 1}]
)
def test_an_empty_response_is_complete_success(response: object) -> None:
    assert first_failure(response, RECORDS) is None


@pytest.mark.parametrize(
    "response",
    [
        failures(""),
        failures(None),
        failures("10", ""),
        failures("7"),
        failures(10),
        failures(["10"]),
        {"batchItemFailures": [{"identifier": "10"}]},
        {"batchItemFailures": ["10"]},
        {"batchItemFailures": "10"},
        "done",
    ],
    ids=str,
)
def test_an_identifier_that_cannot_be_right_fails_the_whole_batch(response: object) -> None:
    assert first_failure(response, RECORDS) == 0


def test_the_lowest_of_several_sequence_numbers_is_where_the_batch_restarts() -> None:
    assert first_failure(failures("11", "9", "10"), RECORDS) == 1


def test_sequence_numbers_are_not_compared_as_text() -> None:
    assert first_failure(failures("10", "9"), RECORDS) == 1


def test_all_records_from_the_reported_one_on_go_again() -> None:
    assert again(Batch(RECORDS), 2) == [[10, 11]]


def test_a_failed_batch_goes_again_whole() -> None:
    assert again(Batch(RECORDS), 0) == [[8, 9, 10, 11]]


def test_by_default_the_retries_have_no_end() -> None:
    assert again(Batch(RECORDS, retries=1_000_000), 0) == [[8, 9, 10, 11]]


def test_what_is_left_is_given_up_when_the_retries_are_used_up() -> None:
    settings = MappingSettings(starting_position="LATEST", maximum_retry_attempts=2)

    first = sequel(Batch(RECORDS), 0, settings)
    second = sequel(first.again[0], 1, settings)
    third = sequel(second.again[0], 1, settings)

    assert first.exhausted is second.exhausted is None
    assert third.again == ()
    assert third.exhausted
    assert numbers(third.exhausted.event()) == [10, 11]


def test_with_no_retries_a_failed_batch_is_given_up_at_once() -> None:
    settings = MappingSettings(starting_position="LATEST", maximum_retry_attempts=0)

    assert sequel(Batch(RECORDS), 0, settings).exhausted == Batch(RECORDS)


def test_a_bisected_batch_goes_again_in_two_halves() -> None:
    batch = Batch((*RECORDS, stream_record(12)))

    assert again(batch, 0, bisect_batch_on_function_error=True) == [[8, 9], [10, 11, 12]]


def test_a_batch_is_bisected_at_the_reported_number_and_only_the_rest_goes_again() -> None:
    assert again(Batch(RECORDS), 1, bisect_batch_on_function_error=True) == [[9, 10, 11]]


def test_a_batch_whose_first_record_is_reported_is_bisected_in_the_middle() -> None:
    batch = Batch(RECORDS)
    failed = first_failure(failures("8"), RECORDS)

    assert failed is not None
    assert again(batch, failed, bisect_batch_on_function_error=True) == [[8, 9], [10, 11]]


@pytest.mark.parametrize("failed", [0, 1])
def test_bisecting_does_not_consume_the_retry_quota(failed: int) -> None:
    settings = MappingSettings(
        starting_position="LATEST", bisect_batch_on_function_error=True, maximum_retry_attempts=0
    )

    result = sequel(Batch(RECORDS), failed, settings)

    assert result.exhausted is None
    assert {each.retries for each in result.again} == {0}


def test_a_batch_of_one_cannot_be_bisected_and_uses_up_its_retries() -> None:
    settings = MappingSettings(
        starting_position="LATEST", bisect_batch_on_function_error=True, maximum_retry_attempts=1
    )

    first = sequel(Batch(RECORDS[:1]), 0, settings)
    second = sequel(first.again[0], 0, settings)

    assert second.exhausted
