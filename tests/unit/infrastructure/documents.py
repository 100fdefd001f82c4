"""The templates, read and put together as a deployment does it, and what cfn-lint says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from cfnlint.api import lint  # type: ignore[import-untyped]

from operations.deployment.templates import merge

ROOT = Path(__file__).parents[3]

# By Chalice's names for the resources.
FUNCTIONS = {
    "APIHandler": "${AppName}-${Stage}",
    "SendConfirmations": "${AppName}-${Stage}-send_confirmations",
    "SweepDeliveries": "${AppName}-${Stage}-sweep_deliveries",
}


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / "infrastructure" / name).read_text(encoding="utf-8"))


def of_type(template: Any, kind: str) -> dict[str, Any]:
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource.get("Type") == kind}


def faults(template: Any) -> list[str]:
    matches = lint(json.dumps(template), regions=["us-east-1", "ap-northeast-2"])
    return [f"{match.rule.id} {match.message}" for match in matches]


DATA = read("data.yaml")
DATA_STACK = merge(DATA, read("monitoring.yaml"))
ADDITIONS = merge(DATA_STACK, read("package.yaml"))
TABLES = of_type(DATA, "AWS::DynamoDB::Table")
ALARMS = of_type(DATA_STACK, "AWS::CloudWatch::Alarm")
MAPPING = ADDITIONS["Resources"]["SendConfirmations"]["Properties"]["Events"][
    "SendConfirmationsDynamodbEventSource"
]["Properties"]
