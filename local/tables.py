"""Creates the tables of infrastructure/data.yaml in a local DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TEMPLATE = Path(__file__).parents[1] / "infrastructure" / "data.yaml"

# Properties that CreateTable knows under the same name. The stream's differ in one member, and the
# time to live takes a call of its own.
_SHARED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


def create_tables(client: DynamoDBClient, names: Mapping[str, str]) -> str:
    """Create the tables that are missing, and return the ARN of the check-ins' stream.

    `names` maps each table of the template (`EventTable`, …) to its name. Raises ValueError if the
    check-in table exists without a stream.
    """
    for resource, properties in _tables().items():
        _create(client, names[resource], properties)
    table = names["CheckInTable"]
    arn = client.describe_table(TableName=table)["Table"].get("LatestStreamArn")
    if not arn:
        raise ValueError(f"the table {table} exists without a stream; delete it, or name another")
    return arn


def _tables() -> dict[str, dict[str, Any]]:
    resources = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def _create(client: DynamoDBClient, name: str, properties: dict[str, Any]) -> None:
    wanted = {key: properties[key] for key in _SHARED if key in properties}
    if stream := properties.get("StreamSpecification"):
        wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
    try:
        client.create_table(TableName=name, **wanted)
    except client.exceptions.ResourceInUseException:
        return
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )
