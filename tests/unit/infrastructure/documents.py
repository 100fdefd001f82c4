"""The templates as a deployment puts them together, and what cfn-lint says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfnlint.api import lint  # type: ignore[import-untyped]

from operations.deployment import templates

ROOT = Path(__file__).parents[3]

# By Chalice's names for the resources.
FUNCTIONS = {
    "APIHandler": "${AppName}-${Stage}",
    "SendConfirmations": "${AppName}-${Stage}-send_confirmations",
    "SweepDeliveries": "${AppName}-${Stage}-sweep_deliveries",
}


def of_type(template: Any, kind: str) -> dict[str, Any]:
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource.get("Type") == kind}


def faults(template: Any) -> list[str]:
    matches = lint(json.dumps(template), regions=["us-east-1", "ap-northeast-2"])
    return [f"{match.rule.id} {match.message}" for match in matches]


DATA = templates.data()
DATA_STACK = templates.data_stack()
ADDITIONS = templates.package_additions({})
TABLES = of_type(DATA, "AWS::DynamoDB::Table")
ALARMS = of_type(DATA_STACK, "AWS::CloudWatch::Alarm")
MAPPING = ADDITIONS["Resources"]["SendConfirmations"]["Properties"]["Events"][
    "SendConfirmationsDynamodbEventSource"
]["Properties"]
