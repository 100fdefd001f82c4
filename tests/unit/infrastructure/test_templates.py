"""Tables, queue and package, as documents and as cfn-lint reads them."""

from __future__ import annotations

from typing import Any

import pytest
from chalice_package import package
from documents import (
    ADDITIONS,
    DATA,
    DATA_STACK,
    FUNCTIONS,
    MAPPING,
    TABLES,
    faults,
    of_type,
)

import app
from operations.deployment.templates import merge


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `chalice package --merge-template` makes of it all."""
    return package(app.app, tmp_path_factory.mktemp("project"), ADDITIONS)


# As cfn-lint reads them


@pytest.mark.parametrize("template", [DATA, DATA_STACK], ids=["data.yaml", "the data stack"])
def test_cfn_lint_finds_no_fault(template: Any) -> None:
    assert faults(template) == []


def test_cfn_lint_finds_no_fault_in_the_package(packaged: Any) -> None:
    assert faults(packaged) == []


def test_cfn_lint_is_not_content_with_anything() -> None:
    broken = merge(DATA, {"Resources": {"FailureQueue": {"Properties": {"Retention": 1}}}})
    assert [fault for fault in faults(broken) if "Retention" in fault]


# Tables and queue


@pytest.mark.parametrize("name", TABLES)
def test_a_table_can_be_restored_to_each_second_of_35_days(name: str) -> None:
    recovery = TABLES[name]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_forgets_at_expires_at(name: str) -> None:
    forgets = TABLES[name]["Properties"]["TimeToLiveSpecification"]
    assert forgets == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_encrypted(name: str) -> None:
    assert TABLES[name]["Properties"]["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_outlives_its_stack(name: str) -> None:
    policies = TABLES[name]["DeletionPolicy"], TABLES[name]["UpdateReplacePolicy"]
    assert policies == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_a_generated_name_so_that_another_can_stand_beside_it(name: str) -> None:
    assert "TableName" not in TABLES[name]["Properties"]


@pytest.mark.parametrize("name", TABLES)
def test_deletion_protection_is_the_stages_choice(name: str) -> None:
    protected = TABLES[name]["Properties"]["DeletionProtectionEnabled"]
    assert protected == {"Fn::If": ["DeletionProtected", True, False]}


def test_there_are_three_tables_and_a_stream_of_new_images() -> None:
    assert set(TABLES) == {"EventTable", "RegistrationTable", "CheckInTable"}
    streams = {
        name: table["Properties"].get("StreamSpecification") for name, table in TABLES.items()
    }
    assert streams == {
        "EventTable": None,
        "RegistrationTable": None,
        "CheckInTable": {"StreamViewType": "NEW_IMAGE"},
    }


def test_the_queue_keeps_messages_for_fourteen_days_and_encrypted() -> None:
    queue = DATA["Resources"]["FailureQueue"]["Properties"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert queue["SqsManagedSseEnabled"] is True


def test_the_outputs_are_what_a_deployment_asks_for() -> None:
    assert set(DATA["Outputs"]) == {
        "EventTable",
        "RegistrationTable",
        "CheckInTable",
        "EventTableArn",
        "RegistrationTableArn",
        "CheckInTableArn",
        "CheckInStreamArn",
        "FailureQueueArn",
        "FailureQueueUrl",
    }


# The package


def test_it_adds_to_chalices_resources_and_makes_none_that_chalice_does_not_know(
    packaged: Any,
) -> None:
    assert [name for name, each in packaged["Resources"].items() if "Type" not in each] == []
    serverless = {*of_type(packaged, "AWS::Serverless::Function"), "RestAPI"}
    assert serverless == {*FUNCTIONS, "RestAPI"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_name_that_chalice_deploy_gives_it(packaged: Any, function: str) -> None:
    properties = packaged["Resources"][function]["Properties"]
    assert properties["FunctionName"] == {"Fn::Sub": FUNCTIONS[function]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_log_group_is_there_before_it_and_forgets(packaged: Any, function: str) -> None:
    group = packaged["Resources"][packaged["Resources"][function]["DependsOn"]]
    assert group["Properties"] == {
        "LogGroupName": {"Fn::Sub": f"/aws/lambda/{FUNCTIONS[function]}"},
        "RetentionInDays": {"Ref": "LogRetentionDays"},
    }


def test_each_log_group_is_a_functions(packaged: Any) -> None:
    used = {packaged["Resources"][function]["DependsOn"] for function in FUNCTIONS}
    assert set(of_type(packaged, "AWS::Logs::LogGroup")) == used


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_stages_settings_and_what_the_stack_made(
    packaged: Any, function: str
) -> None:
    assert packaged["Resources"][function]["Properties"]["Environment"]["Variables"] == {
        "MAIL_FROM": "rollcall@example.com",
        "EVENT_TABLE": {"Ref": "EventTable"},
        "REGISTRATION_TABLE": {"Ref": "RegistrationTable"},
        "CHECK_IN_TABLE": {"Ref": "CheckInTable"},
        "CHECK_IN_STREAM_ARN": {"Fn::GetAtt": ["CheckInTable", "StreamArn"]},
        "METRICS_NAMESPACE": {"Fn::Sub": "${AppName}-${Stage}"},
    }


def test_the_api_has_the_name_that_its_metrics_go_by_and_a_limit(packaged: Any) -> None:
    api = packaged["Resources"]["RestAPI"]["Properties"]
    assert api["Name"] == api["DefinitionBody"]["info"]["title"] == {"Ref": "AppName"}
    assert ADDITIONS["Parameters"]["AppName"]["Default"] == app.app.app_name
    assert api["MethodSettings"] == [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "ThrottlingRateLimit": {"Ref": "RateLimit"},
            "ThrottlingBurstLimit": {"Ref": "BurstLimit"},
        }
    ]


def test_chalices_own_batch_size_and_position_are_kept(packaged: Any) -> None:
    events = packaged["Resources"]["SendConfirmations"]["Properties"]["Events"]
    mapping = events["SendConfirmationsDynamodbEventSource"]["Properties"]
    assert mapping == {
        **MAPPING,
        "BatchSize": 5,
        "StartingPosition": "LATEST",
        "MaximumBatchingWindowInSeconds": 0,
    }
    assert mapping["Stream"] == {"Fn::GetAtt": ["CheckInTable", "StreamArn"]}
