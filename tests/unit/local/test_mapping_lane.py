"""Delivery: "Retain discarded records for a DynamoDB event source in Lambda"

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streams_fake import FakeFunction, numbers, stream_record

from local.mapping.failure import Discard
from local.mapping.lane import FunctionError, Lane, Surroundings
from local.mapping.settings import MappingSettings

Answer = Callable[[dict[str, Any]], object]


class Bench:
    """A lane with a clock that only its pauses move."""

    def __init__(self, answer: Answer, *, stop_after: int = 1000, **settings: Any) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []
        self.discards: list[Discard] = []
        self.function = FakeFunction(answer)
        self._stop_after = stop_after
        surroundings = Surroundings(
            invoke=self.function,
            discard=self.discards.append,
            clock=lambda: self.now,
            pause=self._pause,
            backoff=lambda attempt: 10.0 * attempt,
        )
        self.lane = Lane(
            MappingSettings(**{"starting_position": "LATEST", **settings}), surroundings
        )

    def deliver(self, *places: int, created: float = 1_000.0) -> list[list[int]]:
        for place in places:
            self.lane.add(stream_record(place, created=created))
        self.lane.run(last=False)
        return self.function.batches

    @property
    def given_up(self) -> list[tuple[str, list[int]]]:
        return [(each.condition, numbers(each.batch.event())) for each in self.discards]

    def _pause(self, seconds: float) -> bool:
        if seconds:
            self.pauses.append(seconds)
        self.now += seconds
        return len(self.function.events) >= self._stop_after


def failing(*bad: int) -> Answer:
    """A function that fails whenever one of these records is in its batch."""

    def answer(event: dict[str, Any]) -> None:
        if set(bad) & set(numbers(event)):
            raise FunctionError

    return answer


def failing_first(*errors: Exception) -> Answer:
    """A function whose first invocations end in these errors."""
    left = list(errors)

    def answer(_: dict[str, Any]) -> None:
        if left:
            raise left.pop(0)

    return answer


def reporting(*bad: int) -> Answer:
    """A function that reports these records where they are in its batch."""

    def answer(event: dict[str, Any]) -> dict[str, Any]:
        found = [number for number in numbers(event) if number in bad]
        return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in found]}

    return answer


def test_a_failed_batch_holds_back_the_next_one_until_it_succeeds() -> None:
    bench = Bench(failing_first(FunctionError(), FunctionError()), batch_size=2)

    assert bench.deliver(1, 2, 3, 4) == [[1, 2], [1, 2], [1, 2], [3, 4]]
    assert bench.given_up == []


def test_without_a_limit_a_failing_batch_goes_again_until_its_records_expire() -> None:
    bench = Bench(failing(1))

    bench.deliver(1)

    assert bench.now - 1_000.0 > 86_400
    assert len(bench.function.events) > 100
    assert bench.given_up == [("RecordAgeExceeded", [1])]


def test_retries_wait_longer_each_time() -> None:
    bench = Bench(failing(1), maximum_retry_attempts=3)

    bench.deliver(1)

    assert bench.pauses == [10.0, 20.0, 30.0]


def test_the_wait_begins_anew_after_a_success() -> None:
    bench = Bench(failing(1, 4), bisect_batch_on_function_error=True, maximum_retry_attempts=0)

    assert bench.deliver(1, 2, 3, 4) == [[1, 2, 3, 4], [1, 2], [1], [2], [3, 4], [3], [4]]
    assert bench.pauses == [10.0, 20.0, 10.0]


def test_a_batch_is_given_up_after_the_maximum_retry_attempts() -> None:
    bench = Bench(failing(1), batch_size=2, maximum_retry_attempts=2)

    assert bench.deliver(1, 2, 3) == [[1, 2], [1, 2], [1, 2], [3]]
    assert bench.given_up == [("RetryAttemptsExhausted", [1, 2])]
    assert bench.discards[0].batch.invocations == 3
    assert bench.discards[0].batch.function_error


def test_bisecting_isolates_the_bad_record() -> None:
    bench = Bench(failing(3), bisect_batch_on_function_error=True, maximum_retry_attempts=1)

    assert bench.deliver(1, 2, 3, 4) == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert bench.given_up == [("RetryAttemptsExhausted", [3])]


def test_reported_failures_go_again_from_the_lowest_on() -> None:
    bench = Bench(reporting(3, 4), report_batch_item_failures=True, maximum_retry_attempts=1)

    assert bench.deliver(1, 2, 3, 4, 5) == [[1, 2, 3, 4, 5], [3, 4, 5]]
    assert bench.given_up == [("RetryAttemptsExhausted", [3, 4, 5])]
    assert not bench.discards[0].batch.function_error


def test_without_the_setting_reported_failures_are_ignored() -> None:
    """services-ddb-batchfailurereporting.html: not processed unless explicitly turned on."""
    bench = Bench(reporting(3))

    assert bench.deliver(1, 2, 3) == [[1, 2, 3]]


def test_with_both_settings_a_reported_record_is_isolated() -> None:
    bench = Bench(
        reporting(3),
        report_batch_item_failures=True,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=0,
    )

    assert bench.deliver(1, 2, 3, 4, 5) == [[1, 2, 3, 4, 5], [3, 4, 5], [3], [4, 5]]
    assert bench.given_up == [("RetryAttemptsExhausted", [3])]


def test_a_record_that_is_too_old_is_given_up_without_an_invocation() -> None:
    bench = Bench(failing(), maximum_record_age_seconds=60)

    assert bench.deliver(1, created=939.0) == []
    assert bench.given_up == [("RecordAgeExceeded", [1])]


def test_a_record_as_old_as_the_limit_is_still_delivered() -> None:
    bench = Bench(failing(), maximum_record_age_seconds=60)

    assert bench.deliver(1, created=940.0) == [[1]]


def test_records_that_get_too_old_between_retries_leave_the_younger_ones_of_their_batch() -> None:
    bench = Bench(failing_first(FunctionError()), maximum_record_age_seconds=60)
    bench.lane.add(stream_record(1, created=945.0))
    bench.lane.add(stream_record(2, created=1_000.0))

    bench.lane.run(last=False)

    assert bench.function.batches == [[1, 2], [2]]
    assert bench.given_up == [("RecordAgeExceeded", [1])]


def test_a_function_that_could_not_be_invoked_keeps_its_retry_quota(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = [ConnectionRefusedError()] * 3
    bench = Bench(failing_first(*refused, FunctionError()), maximum_retry_attempts=1)

    assert bench.deliver(1) == [[1]] * 5
    assert bench.given_up == []
    assert "could not be invoked" in caplog.text


def test_a_stop_ends_the_retries() -> None:
    bench = Bench(failing(1), batch_size=1, stop_after=2)

    assert bench.deliver(1, 2) == [[1], [1]]
    assert bench.given_up == []


def test_the_text_of_a_function_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(failing_first(FunctionError("hana@example.com is not reachable")))

    bench.deliver(1)

    assert "function failed" in caplog.text
    assert "hana" not in caplog.text
