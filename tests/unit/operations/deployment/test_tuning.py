"""The stream mapping: what differs, and how it is set while AWS is still busy with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from operations.deployment import mapping
from operations.deployment.aws import DeploymentError, client

UUID = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
WANTED: dict[str, Any] = {
    "BatchSize": 5,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:queue"}},
    "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
}
LIVE = {**WANTED, "UUID": UUID, "State": "Enabled"}


@pytest.fixture
def awslambda(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with Stubber(client("lambda")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def states(awslambda: Stubber, *found: str) -> None:
    for state in found:
        answer = {"UUID": UUID, "State": state}
        awslambda.add_response("get_event_source_mapping", answer, {"UUID": UUID})


def test_members_that_aws_adds_are_not_a_difference() -> None:
    destinations = {**WANTED["DestinationConfig"], "OnSuccess": {}}
    live = {**LIVE, "DestinationConfig": destinations, "ParallelizationFactor": 1}
    assert mapping.differences(live, WANTED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BatchSize", 100),
        ("FunctionResponseTypes", []),
        ("FunctionResponseTypes", ["ReportBatchItemFailures", "Another"]),
        ("DestinationConfig", {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:other"}}),
        ("DestinationConfig", {}),
        ("FilterCriteria", {"Filters": [{"Pattern": '{"eventName": ["MODIFY"]}'}]}),
        ("FilterCriteria", None),
    ],
)
def test_differing_properties_are_named(name: str, value: object) -> None:
    assert mapping.differences({**LIVE, name: value}, WANTED) == [name]


def test_a_missing_setting_is_named() -> None:
    live = {name: value for name, value in LIVE.items() if name != "BatchSize"}
    assert mapping.differences(live, WANTED) == ["BatchSize"]


def test_it_is_set_once_it_is_at_rest(awslambda: Stubber) -> None:
    states(awslambda, "Creating", "Enabling", "Enabled")
    awslambda.add_response(
        "update_event_source_mapping", {}, {"UUID": UUID, "Enabled": True, **WANTED}
    )
    mapping.tune(LIVE, WANTED)


def test_a_role_whose_policy_is_new_is_given_its_time(awslambda: Stubber) -> None:
    refusals = (
        ("ResourceInUseException", "it is being updated"),
        ("InvalidParameterValueException", "The execution role does not have permissions"),
    )
    for code, message in refusals:
        states(awslambda, "Enabled")
        awslambda.add_client_error("update_event_source_mapping", code, message)
    states(awslambda, "Enabled")
    awslambda.add_response("update_event_source_mapping", {})
    mapping.tune(LIVE, WANTED)


def test_a_value_that_aws_refuses_is_not_tried_again(awslambda: Stubber) -> None:
    states(awslambda, "Enabled")
    awslambda.add_client_error(
        "update_event_source_mapping", "InvalidParameterValueException", "BatchSize is too large"
    )
    with pytest.raises(ClientError, match="BatchSize is too large"):
        mapping.tune(LIVE, WANTED)


def test_a_role_that_lacks_a_permission_is_reported_in_the_end(
    awslambda: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_PROPAGATION", -1.0)
    states(awslambda, "Enabled")
    awslambda.add_client_error(
        "update_event_source_mapping",
        "InvalidParameterValueException",
        "The execution role does not have permissions to call SendMessage on SQS",
    )
    with pytest.raises(DeploymentError, match="SendMessage on SQS"):
        mapping.tune(LIVE, WANTED)


def test_deleting_one_waits_until_it_is_gone(awslambda: Stubber) -> None:
    states(awslambda, "Disabling", "Disabled")
    awslambda.add_response("delete_event_source_mapping", {}, {"UUID": UUID})
    states(awslambda, "Deleting")
    awslambda.add_client_error("get_event_source_mapping", "ResourceNotFoundException")
    mapping.delete(UUID)
