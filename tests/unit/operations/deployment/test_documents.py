"""Policies and templates, for each of the two ways."""

from __future__ import annotations

import json

import pytest

from operations.deployment import policies, templates

VALUES = {
    "AppName": "rollcall",
    "Stage": "dev",
    "EventTable.Arn": "arn:events",
    "RegistrationTable.Arn": "arn:registrations",
    "CheckInTable.Arn": "arn:check-ins",
    "FailureQueue.Arn": "arn:queue",
    "SecretKeyParameter": "/rollcall/dev/secret-key",
    "SmtpPasswordParameter": "/rollcall/dev/smtp-password",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}


@pytest.mark.parametrize("function", policies.FUNCTIONS)
def test_a_resolved_policy_has_no_variable_left(function: str) -> None:
    policy = policies.resolved(function, VALUES)
    assert "${" not in json.dumps(policy)
    assert "arn:events" in json.dumps(policy)


@pytest.mark.parametrize("function", policies.FUNCTIONS)
def test_a_variable_without_a_value_is_an_error(function: str) -> None:
    known = {name: value for name, value in VALUES.items() if name != "EventTable.Arn"}
    with pytest.raises(KeyError, match=r"EventTable\.Arn"):
        policies.resolved(function, known)


def test_in_a_template_cloudformation_resolves_it() -> None:
    policy = policies.for_cloudformation("api_handler")
    assert policy["Statement"][0]["Resource"] == [{"Fn::Sub": "${EventTable.Arn}"}]


def test_objects_are_merged_and_anything_else_is_replaced() -> None:
    one = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    other = {"a": {"c": [3], "e": 2}, "d": {"f": 1}}
    assert templates.merge(one, other) == {"a": {"b": 1, "c": [3], "e": 2}, "d": {"f": 1}}
    assert one == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_package_has_the_stages_parameters_for_defaults() -> None:
    template = templates.package_additions({"RateLimit": "7", "Unknown": "1"})
    assert template["Parameters"]["RateLimit"]["Default"] == "7"
    assert "Unknown" not in template["Parameters"]
    assert templates.package_additions({})["Parameters"]["RateLimit"]["Default"] != "7"


def test_the_data_stack_fits_into_a_request() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    sent = json.dumps(templates.data_stack(), separators=(",", ":"))
    assert len(sent.encode()) <= 51_200
    assert sent.isascii()  # CloudFormation gives anything else back as question marks


def test_the_mapping_reports_to_the_data_stacks_queue() -> None:
    properties = templates.mapping_properties({"FailureQueueArn": "arn:queue"})
    assert properties["DestinationConfig"] == {"OnFailure": {"Destination": "arn:queue"}}
    assert "Stream" not in properties
