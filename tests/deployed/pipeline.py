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


def create(cloud: Cloud, template: dict[str, Any], code: bytes) -> str:
    """Make the stack; returns the app's address on the emulator."""
    text = _uploaded(cloud, template, code)
    assert len(text.encode()) <= _MOST_BYTES, "`deploy` takes no more without --s3-bucket"
    cloudformation = cloud.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="pipeline",
        ChangeSetType="CREATE",
        TemplateBody=text,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def change_set() -> Any:
        return cloudformation.describe_change_set(ChangeSetName=made["Id"])

    eventually(lambda: change_set()["Status"] in ("CREATE_COMPLETE", "FAILED"), seconds=120)
    cloudformation.execute_change_set(ChangeSetName=made["Id"])

    def stack() -> Any:
        [found] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        return found

    eventually(lambda: not stack()["StackStatus"].endswith("_IN_PROGRESS"), seconds=120)
    assert stack()["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack()["Outputs"]}
    api, stage = outputs["RestAPIId"], outputs["EndpointURL"].rstrip("/").rpartition("/")[2]
    return f"{cloud.environment['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}/{stage}"


def _uploaded(cloud: Cloud, template: dict[str, Any], code: bytes) -> str:
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


def delete(cloud: Cloud) -> None:
    cloud.client("cloudformation").delete_stack(StackName=STACK)

    def is_gone() -> bool:
        stacks = cloud.client("cloudformation").list_stacks()["StackSummaries"]
        [state] = [each["StackStatus"] for each in stacks if each["StackName"] == STACK]
        assert not state.endswith("_FAILED"), state
        return bool(state == "DELETE_COMPLETE")

    eventually(is_gone)
