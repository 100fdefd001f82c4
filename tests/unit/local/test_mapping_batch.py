"""What follows from an invocation.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from typing import Any

import pytest
from streams_fake import mapping_settings, numbers, stream_record

from local.mapping.batch import Batch, first_failure, sequel

RECORDS = tuple(stream_record(number) for number in (8, 9, 10, 11))


def failures(*identifiers: object) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}


def again(batch: Batch, failed: int, *, bisects: bool = False) -> list[list[int]]:
    result = sequel(batch, failed, mapping_settings(BisectBatchOnFunctionError=bisects))
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


def test_the_batch_restarts_at_the_lowest_number_and_numbers_are_not_compared_as_text() -> None:
    assert first_failure(failures("11", "9", "10"), RECORDS) == 1


def test_all_records_from_the_reported_one_on_are_sent_again() -> None:
    assert again(Batch(RECORDS), 2) == [[10, 11]]
    assert again(Batch(RECORDS), 0) == [[8, 9, 10, 11]]


def test_the_rest_is_given_up_once_the_retries_are_used_up() -> None:
    settings = mapping_settings(MaximumRetryAttempts=2)
    first = sequel(Batch(RECORDS), 0, settings)
    second = sequel(first.again[0], 1, settings)
    third = sequel(second.again[0], 1, settings)
    assert first.exhausted is second.exhausted is None
    assert third.again == ()
    assert third.exhausted
    assert numbers(third.exhausted.event()) == [10, 11]


def test_a_failed_batch_is_bisected_in_the_middle_and_a_reported_one_at_its_number() -> None:
    five = Batch((*RECORDS, stream_record(12)))
    assert again(five, 0, bisects=True) == [[8, 9], [10, 11, 12]]
    assert again(Batch(RECORDS), 1, bisects=True) == [[9, 10, 11]]


def test_bisecting_uses_up_no_retry_and_a_single_record_does() -> None:
    settings = mapping_settings(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    assert {each.retries for each in sequel(Batch(RECORDS), 0, settings).again} == {0}
    assert sequel(Batch(RECORDS[:1]), 0, settings).exhausted


def test_a_handler_that_changes_its_event_does_not_change_the_next_try() -> None:
    batch = Batch((stream_record(1),))
    batch.event()["Records"][0]["dynamodb"].clear()
    assert numbers(batch.event()) == [1]
