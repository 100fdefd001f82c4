"""The functions' policies in .chalice/, and who may do what by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

CHALICE = Path(__file__).parents[1] / ".chalice"
FUNCTIONS = ("api_handler", "send_confirmations", "sweep_deliveries")


class Access(NamedTuple):
    """An IAM action on a resource, by or for a function of the stage dev.

    A resource is written without the ARN's head, account and region: `table/rollcall-dev-events`.
    """

    function: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"the policy of {self.function} lacks {self.action} on {self.resource}"


def text(function: str, stage: str = "dev") -> str:
    return (CHALICE / f"policy-{stage}-{function}.json").read_text(encoding="utf-8")


def statements(function: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text(function))["Statement"]
    return found


def granted() -> set[Access]:
    return {
        Access(function, action, resource.split(":", 5)[5])
        for function in FUNCTIONS
        for statement in statements(function)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def for_lambda(access: Access) -> bool:
    """Whether Lambda itself needs it: for the log, the stream and the failure queue.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    return access.action.startswith(("logs:", "sqs:")) or "/stream/" in access.resource
