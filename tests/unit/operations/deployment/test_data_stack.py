"""The data stack in each state that CloudFormation knows, as its API describes them.

A stack's life: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from operations.deployment import data_stack
from operations.deployment.aws import DeploymentError, client
from operations.deployment.data_stack import DataStack

NAME = "rollcall-dev-data"
STACK_ID = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{NAME}/1"
CHANGE_SET = f"arn:aws:cloudformation:us-east-1:123456789012:changeSet/{NAME}/1"
TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String"}, "Days": {"Type": "Number", "Default": 30}},
    "Resources": {"FailureQueue": {"Type": "AWS::SQS::Queue"}},
}
PARAMETERS = {"Stage": "dev", "RateLimit": "50"}  # the second is another template's
NO_CHANGES = "The submitted information didn't contain changes. Submit different information."
NOW = datetime(2026, 2, 11, tzinfo=UTC)


class Cloud:
    """CloudFormation's answers, in the order in which it will be asked, and what was said."""

    def __init__(self, stub: Stubber) -> None:
        self.stub = stub
        self.said: list[str] = []

    def apply(self) -> dict[str, str]:
        return DataStack(NAME).apply(TEMPLATE, PARAMETERS, self.said.append)

    def answers(self, operation: str, answer: dict[str, Any], asked: Any = None) -> None:
        self.stub.add_response(operation, answer, asked)

    def describes(self, *statuses: str) -> None:
        for status in statuses:
            stack = {
                "StackName": NAME,
                "StackStatus": status,
                "CreationTime": NOW,
                "Parameters": [
                    {"ParameterKey": "Stage", "ParameterValue": "dev"},
                    {"ParameterKey": "Days", "ParameterValue": "30"},
                ],
            }
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
                stack["Outputs"] = [{"OutputKey": "CheckInTable", "OutputValue": "check-ins"}]
            self.answers("describe_stacks", {"Stacks": [stack]}, {"StackName": NAME})

    def has_no_stack(self) -> None:
        missing = f"Stack with id {NAME} does not exist"
        self.stub.add_client_error("describe_stacks", "ValidationError", missing)

    def makes_a_change_set(self, kind: str, status: str = "CREATE_COMPLETE", why: str = "") -> None:
        asked = {
            "StackName": NAME,
            "ChangeSetName": ANY,
            "ChangeSetType": kind,
            "TemplateBody": ANY,
            "Parameters": [
                {"ParameterKey": "Stage", "ParameterValue": "dev"},
                {"ParameterKey": "Days", "ParameterValue": "30"},
            ],
        }
        self.answers("create_change_set", {"Id": CHANGE_SET, "StackId": STACK_ID}, asked)
        change = {
            "Action": "Modify",
            "LogicalResourceId": "FailureQueue",
            "ResourceType": "AWS::SQS::Queue",
            "Replacement": "True",
        }
        changed = {"Status": status, "StatusReason": why, "ChangeSetId": CHANGE_SET}
        if status != "FAILED":
            changed["Changes"] = [{"Type": "Resource", "ResourceChange": change}]  # type: ignore[assignment]
        for _ in ("the waiter", "then"):
            self.answers("describe_change_set", changed)

    def deletes_the_change_set(self) -> None:
        asked = {"StackName": NAME, "ChangeSetName": CHANGE_SET}
        self.answers("delete_change_set", {}, asked)

    def executes_it(self) -> None:
        self.answers("execute_change_set", {}, {"ChangeSetName": CHANGE_SET})

    def clears_the_stack_away(self) -> None:
        self.answers("delete_stack", {}, {"StackName": NAME})
        self.has_no_stack()

    def makes_the_stack(self) -> None:
        self.makes_a_change_set("CREATE")
        self.executes_it()
        self.describes("CREATE_COMPLETE", "CREATE_COMPLETE")

    def updates_it(self) -> None:
        self.makes_a_change_set("UPDATE")
        self.executes_it()
        self.describes("UPDATE_COMPLETE", "UPDATE_COMPLETE")

    def tells(self, *events: tuple[str, str, str]) -> None:
        """Resource, status and reason, the newest first."""
        found = [
            {
                "StackId": STACK_ID,
                "EventId": str(number),
                "StackName": NAME,
                "LogicalResourceId": resource,
                "PhysicalResourceId": STACK_ID if resource == NAME else resource,
                "Timestamp": NOW,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for number, (resource, status, reason) in enumerate(events)
        ]
        self.answers("describe_stack_events", {"StackEvents": found})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setattr(data_stack, "_WAIT", {"Delay": 0, "MaxAttempts": 3})
    with Stubber(client("cloudformation")) as stub:
        yield Cloud(stub)
        stub.assert_no_pending_responses()


def test_a_missing_stack_is_created(cloud: Cloud) -> None:
    cloud.has_no_stack()
    cloud.makes_the_stack()
    assert cloud.apply() == {"CheckInTable": "check-ins"}


def test_another_template_is_applied_and_said(cloud: Cloud) -> None:
    cloud.describes("CREATE_COMPLETE")
    cloud.updates_it()
    cloud.apply()
    assert cloud.said == [f"{NAME}: change FailureQueue (AWS::SQS::Queue), replaced by a new one"]


def test_after_a_rollback_the_same_template_is_applied_again(cloud: Cloud) -> None:
    cloud.describes("UPDATE_ROLLBACK_COMPLETE")
    cloud.makes_a_change_set("UPDATE")
    cloud.executes_it()
    cloud.describes("UPDATE_COMPLETE", "UPDATE_COMPLETE")
    cloud.apply()


@pytest.mark.parametrize("why", [NO_CHANGES, "No updates are to be performed."])
def test_a_change_set_without_changes_is_not_a_failure(cloud: Cloud, why: str) -> None:
    cloud.describes("CREATE_COMPLETE")
    cloud.makes_a_change_set("UPDATE", "FAILED", why)
    cloud.deletes_the_change_set()
    cloud.describes("CREATE_COMPLETE")
    assert cloud.apply() == {"CheckInTable": "check-ins"}
    assert cloud.said == [f"{NAME}: unchanged"]


def test_a_failed_change_set_is_explained_and_deleted(cloud: Cloud) -> None:
    cloud.describes("CREATE_COMPLETE")
    cloud.makes_a_change_set("UPDATE", "FAILED", "Parameter Days must be a number")
    cloud.deletes_the_change_set()
    with pytest.raises(DeploymentError, match=f"{NAME}: Parameter Days must be a number"):
        cloud.apply()


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_a_stack_whose_creation_failed_is_deleted_first(cloud: Cloud, status: str) -> None:
    cloud.describes(status)
    cloud.clears_the_stack_away()
    cloud.makes_the_stack()
    cloud.apply()
    assert cloud.said[0].startswith(f"{NAME}: {status}, from a failed deployment")


@pytest.mark.parametrize(
    ("under_way", "then"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
    ],
)
def test_another_deployments_operation_is_awaited(cloud: Cloud, under_way: str, then: str) -> None:
    cloud.describes(under_way, under_way, then, then)
    cloud.updates_it()
    cloud.apply()
    assert cloud.said[0] == f"{NAME}: {under_way}; waiting for it to finish"


def test_a_creation_that_rolls_back_is_awaited_and_then_deleted(cloud: Cloud) -> None:
    cloud.describes("ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
    cloud.describes("ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE")
    cloud.clears_the_stack_away()
    cloud.makes_the_stack()
    cloud.apply()


def test_a_stack_that_is_being_deleted_is_waited_for_and_made_again(cloud: Cloud) -> None:
    cloud.describes("DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS")
    cloud.has_no_stack()
    cloud.has_no_stack()
    cloud.makes_the_stack()
    cloud.apply()


def test_a_rollback_that_got_stuck_is_continued(cloud: Cloud) -> None:
    cloud.describes("UPDATE_ROLLBACK_FAILED")
    cloud.answers("continue_update_rollback", {}, {"StackName": NAME})
    cloud.describes("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    cloud.updates_it()
    cloud.apply()
    assert cloud.said[0].endswith("from a failed deployment; continued")


def test_the_first_failure_of_the_last_run_is_the_reason(cloud: Cloud) -> None:
    cloud.describes("UPDATE_COMPLETE")
    cloud.makes_a_change_set("UPDATE")
    cloud.executes_it()
    cloud.describes("UPDATE_ROLLBACK_COMPLETE")
    cloud.tells(
        (NAME, "UPDATE_ROLLBACK_COMPLETE", ""),
        ("Dashboard", "UPDATE_FAILED", "Resource update cancelled"),
        ("AlarmTopic", "CREATE_FAILED", "not authorized to perform: SNS:CreateTopic"),
        (NAME, "UPDATE_IN_PROGRESS", "User Initiated"),
        ("FailureQueue", "CREATE_FAILED", "of last year"),
        (NAME, "CREATE_IN_PROGRESS", "User Initiated"),
    )
    with pytest.raises(DeploymentError, match=r"AlarmTopic CREATE_FAILED: not authorized"):
        cloud.apply()


def test_looking_at_the_changes_leaves_no_change_set(cloud: Cloud) -> None:
    cloud.describes("CREATE_COMPLETE")
    cloud.makes_a_change_set("UPDATE")
    cloud.deletes_the_change_set()
    assert DataStack(NAME).changes(TEMPLATE, PARAMETERS) == [
        "change FailureQueue (AWS::SQS::Queue), replaced by a new one"
    ]


@pytest.mark.parametrize("status", ["", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_everything_has_to_be_created_if_there_is_no_stack(cloud: Cloud, status: str) -> None:
    if status:
        cloud.describes(status)
    else:
        cloud.has_no_stack()
    assert DataStack(NAME).changes(TEMPLATE, PARAMETERS) == ["make FailureQueue (AWS::SQS::Queue)"]
