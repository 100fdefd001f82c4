"""Delivering: "Retain discarded records for a DynamoDB event source in Lambda"

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streams_fake import FakeFunction, mapping_settings, numbers, stream_record

from local.mapping.batch import Batch
from local.mapping.consumer import FunctionError, ShardConsumer, Surroundings
from local.mapping.failure import Condition, invocation_record
from local.mapping.settings import stage_properties

Answer = Callable[[dict[str, Any]], object]


class Bench:
    """A consumer with a clock that only its pauses move. `properties` are those of the mapping."""

    def __init__(
        self, answer: Answer, *, batch_size: int = 100, stop_after: int = 1000, **properties: Any
    ) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []
        self.given_up: list[tuple[Condition, list[int]]] = []
        self.function = FakeFunction(answer)
        self.last_batch: Batch | None = None
        self._stop_after = stop_after
        surroundings = Surroundings(
            invoke=self.function,
            give_up=self._give_up,
            clock=lambda: self.now,
            pause=self._pause,
            backoff=lambda attempt: 10.0 * attempt,
        )
        settings = mapping_settings(batch_size=batch_size, **properties)
        self.consumer = ShardConsumer(settings, surroundings)

    def deliver(self, *places: int, created: float = 1_000.0) -> list[list[int]]:
        self.consumer.deliver([stream_record(place, created=created) for place in places])
        return self.function.batches

    def _give_up(self, batch: Batch, condition: Condition) -> None:
        self.last_batch = batch
        self.given_up.append((condition, numbers(batch.event())))

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
    assert bench.deliver(1, 2, 3) == [[1, 2], [1, 2], [1, 2], [3]]
    assert bench.given_up == []


def test_a_batch_is_given_up_after_the_last_retry_and_the_next_one_goes() -> None:
    bench = Bench(failing(1), batch_size=2, MaximumRetryAttempts=2)
    assert bench.deliver(1, 2, 3) == [[1, 2], [1, 2], [1, 2], [3]]
    assert bench.given_up == [("RetryAttemptsExhausted", [1, 2])]


def test_the_wait_grows_with_each_retry_and_starts_again_after_a_success() -> None:
    bench = Bench(failing(1, 4), BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    assert bench.deliver(1, 2, 3, 4) == [[1, 2, 3, 4], [1, 2], [1], [2], [3, 4], [3], [4]]
    assert bench.pauses == [10.0, 20.0, 10.0]


def test_reported_failures_are_sent_again_from_the_lowest_on() -> None:
    reports: dict[str, Any] = {
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 1,
    }
    assert Bench(reporting(3, 4), **reports).deliver(1, 2, 3, 4) == [[1, 2, 3, 4], [3, 4]]
    assert Bench(reporting(3)).deliver(1, 2, 3) == [[1, 2, 3]]  # ignored unless it is turned on


def test_a_record_that_is_too_old_is_given_up_without_an_invocation() -> None:
    bench = Bench(failing(), MaximumRecordAgeInSeconds=60)
    assert bench.deliver(1, created=939.0) == []
    assert bench.given_up == [("RecordAgeExceeded", [1])]
    assert bench.deliver(2, created=940.0) == [[2]]


def test_records_that_get_too_old_between_retries_leave_the_younger_ones_of_their_batch() -> None:
    bench = Bench(failing_first(FunctionError()), MaximumRecordAgeInSeconds=60)
    bench.consumer.deliver([stream_record(1, created=945.0), stream_record(2)])
    assert bench.function.batches == [[1, 2], [2]]
    assert bench.given_up == [("RecordAgeExceeded", [1])]


def test_a_function_that_could_not_be_invoked_keeps_its_retry_quota(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = [ConnectionRefusedError()] * 3
    bench = Bench(failing_first(*refused, FunctionError()), MaximumRetryAttempts=1)
    assert bench.deliver(1) == [[1]] * 5
    assert bench.given_up == []
    assert "could not be invoked" in caplog.text


def test_a_stop_ends_the_retries() -> None:
    bench = Bench(failing(1), batch_size=1, stop_after=2)
    assert bench.deliver(1, 2) == [[1], [1]]
    assert bench.given_up == []


def test_the_text_of_a_function_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    Bench(failing_first(FunctionError("hana@example.com is not reachable"))).deliver(1)
    assert "function failed" in caplog.text
    assert "hana" not in caplog.text


def test_with_a_wrong_password_a_stage_logs_in_nine_times_for_each_record_and_the_halving() -> None:
    """package.yaml and docs/runbook.md say so."""
    stage = stage_properties()
    assert len(Bench(reporting(1), **stage).deliver(1)) == 9
    bench = Bench(reporting(1, 2, 3, 4, 5), **stage)
    assert len(bench.deliver(1, 2, 3, 4, 5)) == 49
    assert [len(records) for _, records in bench.given_up] == [1] * 5


def test_the_failure_destination_is_told_where_the_records_are_and_why_they_were_given_up() -> None:
    bench = Bench(failing(7), MaximumRetryAttempts=1)
    bench.deliver(7, 8)
    assert bench.last_batch
    record = invocation_record(
        bench.last_batch,
        "RetryAttemptsExhausted",
        shard_id="shardId-1",
        function_name="send_confirmations",
        now=1_770_804_000.25,
    )
    assert len(record["requestContext"].pop("requestId")) == 36
    assert record == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:ap-northeast-2:123456789012:function:send_confirmations",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-02-11T10:00:00.250Z",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "7",
            "endSequenceNumber": "8",
            "approximateArrivalOfFirstRecord": "1970-01-01T00:16:40Z",
            "approximateArrivalOfLastRecord": "1970-01-01T00:16:40Z",
            "batchSize": 2,
            "streamArn": (
                "arn:aws:dynamodb:ap-northeast-2:123456789012:table/check-ins/stream/2026-01-01"
            ),
        },
    }
