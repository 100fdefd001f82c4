"""The stream's mapping, as package.yaml has it for both ways of deploying."""

from __future__ import annotations

from typing import Any

from documents import DATA, FUNCTIONS, MAPPING, faults

from chalicelib.confirmation.service import _HELD_UP
from local.mapping.failure import Discard
from local.mapping.filters import compile_pattern
from local.mapping.lane import Lane, Surroundings
from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings
from operations.deployment.templates import merge


def test_the_mapping_has_only_what_lambda_knows() -> None:
    """cfn-lint does not look into an event of SAM's, so it is given Lambda's own resource."""
    own = {name: value for name, value in MAPPING.items() if name != "Stream"}
    own["DestinationConfig"] = {
        "OnFailure": {"Destination": MAPPING["DestinationConfig"]["OnFailure"]["Destination"]}
    }
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            **own,
            "EventSourceArn": MAPPING["Stream"],
            "StartingPosition": "LATEST",
            "FunctionName": {"Fn::Sub": FUNCTIONS["SendConfirmations"]},
        },
    }
    assert faults(merge(DATA, {"Resources": {"Mapping": mapping}})) == []
    mapping["Properties"]["ParallelizationFactor"] = 11  # type: ignore[index]
    assert faults(merge(DATA, {"Resources": {"Mapping": mapping}})) != []


def test_only_a_new_check_in_starts_the_consumer() -> None:
    [one] = MAPPING["FilterCriteria"]["Filters"]
    passes = compile_pattern(one["Pattern"])
    names = ("INSERT", "MODIFY", "REMOVE")
    assert [name for name in names if passes({"eventName": name, "dynamodb": {}})] == ["INSERT"]


def test_what_is_handed_back_comes_again() -> None:
    assert MAPPING["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    handed_back = _HELD_UP - 1
    assert MAPPING["MaximumRetryAttempts"] >= handed_back


def test_what_is_given_up_is_written_to_the_queue_before_the_stream_forgets_it() -> None:
    assert MAPPING["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"Fn::GetAtt": ["FailureQueue", "Arn"]},
    }
    assert 0 < MAPPING["MaximumRecordAgeInSeconds"] < 24 * 60 * 60


def given_up(batch_size: int) -> tuple[int, list[Discard]]:
    """How often a batch goes to a function that hands everything back, and what comes of it."""
    invocations = 0
    discarded: list[Discard] = []

    def hand_back(event: dict[str, Any]) -> object:
        nonlocal invocations
        invocations += 1
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}

    settings = MappingSettings(
        starting_position="LATEST",
        batch_size=batch_size,
        maximum_retry_attempts=MAPPING["MaximumRetryAttempts"],
        maximum_record_age_seconds=MAPPING["MaximumRecordAgeInSeconds"],
        bisect_batch_on_function_error=MAPPING["BisectBatchOnFunctionError"],
        parallelization_factor=MAPPING["ParallelizationFactor"],
        report_batch_item_failures="ReportBatchItemFailures" in MAPPING["FunctionResponseTypes"],
    )
    surroundings = Surroundings(
        invoke=hand_back,
        discard=discarded.append,
        clock=lambda: 0.0,
        pause=lambda _: False,
        backoff=lambda _: 0.0,
    )
    lane = Lane(settings, surroundings)
    for place in range(batch_size):
        image = {"SequenceNumber": str(place), "Keys": {}, "ApproximateCreationDateTime": 0}
        lane.add(StreamRecord({"eventName": "INSERT", "dynamodb": image}, 100))
    lane.run(last=True)
    return invocations, discarded


def test_a_wrong_password_costs_nine_logins_and_a_message_a_record_and_the_halving() -> None:
    """package.yaml and docs/runbook.md say so."""
    assert given_up(1)[0] == 9
    invocations, discarded = given_up(5)
    assert invocations == 49
    assert [len(each.batch.records) for each in discarded] == [1] * 5
