"""The data stack: tables, queue, alarms and dashboard, managed by CloudFormation."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from operations.deployment.aws import DeploymentError, Say, client

_WAIT = {"Delay": 2, "MaxAttempts": 900}  # half an hour: creating an index can take that long

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
# Each waiter knows its own final states: stack_rollback_complete is for updates only.
_NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS")
_WAITERS = {
    "CREATE_IN_PROGRESS": "stack_create_complete",
    "ROLLBACK_IN_PROGRESS": "stack_create_complete",
    "UPDATE_IN_PROGRESS": "stack_update_complete",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "stack_update_complete",
    "UPDATE_ROLLBACK_IN_PROGRESS": "stack_rollback_complete",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "stack_rollback_complete",
    "DELETE_IN_PROGRESS": "stack_delete_complete",
}
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")


class DataStack:
    def __init__(self, name: str) -> None:
        self.name = name

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name; empty if there is no stack."""
        stack = self._describe() or {}
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}

    def changes(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> list[str]:
        """Describe what `apply` would do, without changing anything."""
        stack = self._describe()
        if stack is None or stack["StackStatus"] in _NEVER_MADE:
            return [f"make {name} ({each['Type']})" for name, each in template["Resources"].items()]
        change_set = self._change_set(template, parameters, "UPDATE")
        try:
            return list(_words(change_set))
        finally:
            self._delete(change_set)

    def apply(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], say: Say
    ) -> dict[str, str]:
        """Create or update the stack; returns its outputs. Raises DeploymentError."""
        stack = self.settle(say)
        kind = "UPDATE" if stack else "CREATE"
        change_set = self._change_set(template, parameters, kind)
        if change_set["Status"] == "FAILED":  # nothing to change
            self._delete(change_set)
            say(f"{self.name}: unchanged")
        else:
            for words in _words(change_set):
                say(f"{self.name}: {words}")
            client("cloudformation").execute_change_set(ChangeSetName=change_set["ChangeSetId"])
            self._await(f"stack_{kind.lower()}_complete")
        return self.outputs()

    def delete(self) -> None:
        """Delete the stack. Raises DeploymentError."""
        client("cloudformation").delete_stack(StackName=self.name)
        self._await("stack_delete_complete")

    def settle(self, say: Say) -> dict[str, Any] | None:
        """Wait for a running operation, and delete a stack whose creation failed."""
        stack = self._describe()
        if stack and stack["StackStatus"] in _WAITERS:
            say(f"{self.name}: {stack['StackStatus']}; waiting for it to finish")
            self._await(_WAITERS[stack["StackStatus"]], must_succeed=False)
            stack = self._describe()
        if stack and stack["StackStatus"] in _NEVER_MADE:
            say(f"{self.name}: {stack['StackStatus']}, from a failed deployment; deleted")
            self.delete()
            return None
        if stack and stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
            say(f"{self.name}: UPDATE_ROLLBACK_FAILED, from a failed deployment; continued")
            client("cloudformation").continue_update_rollback(StackName=self.name)
            self._await("stack_rollback_complete")
            stack = self._describe()
        return stack

    def _describe(self) -> dict[str, Any] | None:
        try:
            [stack] = client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":  # it does not exist
                return None
            raise
        found: dict[str, Any] = stack
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _change_set(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], kind: str
    ) -> dict[str, Any]:
        cloudformation = client("cloudformation")
        made = cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{secrets.token_hex(6)}",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template, separators=(",", ":")),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in _known(template, parameters).items()
            ],
        )
        with suppress(WaiterError):  # an empty change set is FAILED as well
            cloudformation.get_waiter("change_set_create_complete").wait(
                ChangeSetName=made["Id"], StackName=self.name, WaiterConfig=_WAIT
            )
        change_set: dict[str, Any] = cloudformation.describe_change_set(
            ChangeSetName=made["Id"], StackName=self.name
        )
        reason = change_set.get("StatusReason") or ""
        if change_set["Status"] == "FAILED" and not (
            "didn't contain changes" in reason or "No updates" in reason
        ):
            self._delete(change_set)
            raise DeploymentError(f"{self.name}: {reason or 'the change set failed'}")
        return change_set

    def _delete(self, change_set: Mapping[str, Any]) -> None:
        client("cloudformation").delete_change_set(
            ChangeSetName=change_set["ChangeSetId"], StackName=self.name
        )

    def _await(self, waiter: str, *, must_succeed: bool = True) -> None:
        try:
            client("cloudformation").get_waiter(waiter).wait(
                StackName=self.name, WaiterConfig=_WAIT
            )
        except WaiterError as error:
            if must_succeed:
                raise DeploymentError(f"{self.name}: {self._failure()}") from error

    def _failure(self) -> str:
        """The first resource that failed in the last run, and why."""
        failure = "it did not finish"
        pages = client("cloudformation").get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=self.name):
            for event in page["StackEvents"]:  # the newest first
                status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
                if status.endswith("_FAILED") and "cancelled" not in reason:
                    failure = f"{event['LogicalResourceId']} {status}: {reason}"
                if event["PhysicalResourceId"] == event["StackId"] and status in _BEGINNINGS:
                    return failure
        return failure


def _known(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    """The value of each template parameter: the given one, or the default."""
    return {
        name: str(parameters.get(name, each.get("Default", "")))
        for name, each in template.get("Parameters", {}).items()
    }


_VERBS = {"Add": "make", "Modify": "change", "Remove": "remove"}


def _words(change_set: Mapping[str, Any]) -> Iterator[str]:
    for change in change_set.get("Changes", ()):
        resource = change["ResourceChange"]
        replaced = ", replaced by a new one" if resource.get("Replacement") == "True" else ""
        yield (
            f"{_VERBS.get(resource['Action'], resource['Action'].lower())} "
            f"{resource['LogicalResourceId']} ({resource['ResourceType']}){replaced}"
        )
