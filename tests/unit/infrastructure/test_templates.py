"""Tables, queue and mapping, as documents and as cfn-lint reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from documents import DATA, DATA_STACK, FUNCTIONS, MAPPING, TABLES, faults

from operations.deployment.templates import merge, package_additions


@pytest.mark.parametrize("template", [DATA, DATA_STACK], ids=["data.yaml", "the data stack"])
def test_cfn_lint_finds_no_fault(template: Any) -> None:
    assert faults(template) == []
    broken = merge(template, {"Resources": {"FailureQueue": {"Properties": {"Retention": 1}}}})
    assert [fault for fault in faults(broken) if "Retention" in fault]


def test_the_data_stack_fits_into_a_request() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    sent = json.dumps(DATA_STACK, separators=(",", ":"))
    assert len(sent.encode()) <= 51_200
    assert sent.isascii()  # CloudFormation gives anything else back as question marks


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_backed_up_encrypted_forgets_and_outlives_its_stack(name: str) -> None:
    table, properties = TABLES[name], TABLES[name]["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["DeletionProtected", True, False]}
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == (
        "RetainExceptOnCreate",
        "Retain",
    )


def test_the_check_ins_alone_have_a_stream_and_it_has_new_images() -> None:
    streams = {name: each["Properties"].get("StreamSpecification") for name, each in TABLES.items()}
    assert streams.pop("CheckInTable") == {"StreamViewType": "NEW_IMAGE"}
    assert set(streams.values()) == {None}


def test_the_queue_keeps_messages_for_fourteen_days_and_encrypted() -> None:
    queue = DATA["Resources"]["FailureQueue"]["Properties"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert queue["SqsManagedSseEnabled"] is True


def test_the_mapping_has_only_what_lambda_knows() -> None:
    """cfn-lint does not look into an event of SAM's, so it gets Lambda's own resource."""
    own = {name: value for name, value in MAPPING.items() if name != "Stream"}
    failed = MAPPING["DestinationConfig"]["OnFailure"]
    own["DestinationConfig"] = {"OnFailure": {"Destination": failed["Destination"]}}
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


def test_objects_are_merged_and_anything_else_is_replaced() -> None:
    one = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    other = {"a": {"c": [3], "e": 2}, "d": {"f": 1}}
    assert merge(one, other) == {"a": {"b": 1, "c": [3], "e": 2}, "d": {"f": 1}}
    assert one == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_package_has_the_stages_parameters_for_defaults() -> None:
    template = package_additions({"RateLimit": "7", "Unknown": "1"})
    assert template["Parameters"]["RateLimit"]["Default"] == "7"
    assert "Unknown" not in template["Parameters"]
