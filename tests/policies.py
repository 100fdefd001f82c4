"""The functions' policies in infrastructure/policies, and how they compare with what was used."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

POLICIES = Path(__file__).parents[1] / "infrastructure" / "policies"

_ARN = "arn:${{AWS::Partition}}:{}:${{AWS::Region}}:${{AWS::AccountId}}:{}"


class Access(NamedTuple):
    """An IAM action on a resource, as the policies spell it (Fn::Sub), by or for a function."""

    function: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {readable(self.resource)}"


def arn(service: str, resource: str) -> str:
    """The ARN of a resource in the stack's own account and region."""
    return _ARN.format(service, resource)


def readable(resource: str) -> str:
    """`EventTable` for `${EventTable.Arn}`; an ARN without its account and region."""
    local = re.sub(r"^arn:.*AWS::AccountId\}:", "", resource)
    return re.sub(r"^\$\{(\w+)\.Arn\}", r"\1", local)


def functions() -> list[str]:
    return sorted(file.stem for file in POLICIES.glob("*.json"))


def statements(function: str) -> list[dict[str, Any]]:
    document = json.loads((POLICIES / f"{function}.json").read_text(encoding="utf-8"))
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


def granted() -> set[Access]:
    return {
        Access(function, action, resource)
        for function in functions()
        for statement in statements(function)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def differences(
    used: Collection[Access], allowed: Collection[Access], *, whole: bool = True
) -> list[str]:
    """One line for each access that a policy lacks, and for each that it grants for nothing.

    Only where the `whole` suite ran can an access be called unused.
    """
    lacking = set(used) - set(allowed)
    unused = set(allowed) - set(used) if whole else set()
    return [
        *(f"the policy of {each.function} lacks {each}" for each in sorted(lacking)),
        *(f"the policy of {each.function} grants {each}: never made" for each in sorted(unused)),
    ]


# What Lambda does with the function's role, around its code: no test can record it.

_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
_STREAM = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")


def platform() -> set[Access]:
    """Every function's log, its group left out: that one is made with the stack.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    return {
        *(
            Access(function, action, arn("logs", f"log-group:{log_group(function)}:*"))
            for function in functions()
            for action in _LOG
        ),
        *_mapping("send_confirmations"),
    }


def log_group(function: str) -> str:
    """Chalice calls the API handler `<app>-<stage>`, and others `<app>-<stage>-<function>`."""
    name = "${AppName}-${Stage}"
    return f"/aws/lambda/{name}" if function == "api_handler" else f"/aws/lambda/{name}-{function}"


def _mapping(function: str) -> Iterator[Access]:
    """The event source mapping reads the stream, and reports to the queue what it gave up.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    for action in _STREAM:
        yield Access(function, f"dynamodb:{action}", "${CheckInTable.Arn}/stream/*")
    yield Access(function, "sqs:SendMessage", "${FailureQueue.Arn}")
