"""What a pipeline does with a package: `aws cloudformation package`, then `deploy`."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import yaml
from running import eventually

from deployed.cloud import Cloud

STACK = "rollcall-dev"

_BUCKET = "artifacts"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST_BYTES = 51_200


def upload(cloud: Cloud, template: dict[str, Any], code: bytes) -> str:
    """The zip goes to S3, its address into the template; returns that as the CLI writes it."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    key = hashlib.md5(code, usedforsecurity=False).hexdigest()
    s3.put_object(Bucket=_BUCKET, Key=key, Body=code)
    packaged = copy.deepcopy(template)
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            assert resource["Properties"]["CodeUri"] == "./deployment.zip"
            resource["Properties"]["CodeUri"] = f"s3://{_BUCKET}/{key}"
    text: str = yaml.dump(packaged, default_flow_style=False)
    return text


def apply(cloud: Cloud, template: str, kind: str) -> str:
    """Create or update the stack; returns its status, or why there was no change."""
    assert len(template.encode()) <= _MOST_BYTES, "`deploy` takes no more without --s3-bucket"
    cloudformation = cloud.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName=f"pipeline-{kind.lower()}",
        ChangeSetType=kind,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def change_set() -> dict[str, Any]:
        found: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made["Id"])
        return found

    eventually(lambda: change_set()["Status"] in ("CREATE_COMPLETE", "FAILED"))
    if change_set()["Status"] == "FAILED":
        return str(change_set()["StatusReason"])
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    eventually(lambda: not status(cloud).endswith("_IN_PROGRESS"))
    return status(cloud)


def delete(cloud: Cloud) -> None:
    cloud.client("cloudformation").delete_stack(StackName=STACK)

    def is_gone() -> bool:
        stacks = cloud.client("cloudformation").list_stacks()["StackSummaries"]
        [state] = [each["StackStatus"] for each in stacks if each["StackName"] == STACK]
        assert not state.endswith("_FAILED"), state
        return bool(state == "DELETE_COMPLETE")

    eventually(is_gone)


def status(cloud: Cloud) -> str:
    return str(_describe(cloud)["StackStatus"])


def outputs(cloud: Cloud) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in _describe(cloud)["Outputs"]}


def _describe(cloud: Cloud) -> dict[str, Any]:
    [stack] = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    found: dict[str, Any] = stack
    return found
