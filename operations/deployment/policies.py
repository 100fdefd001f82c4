"""The functions' IAM policies: written once, in infrastructure/policies, in Fn::Sub's syntax."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FUNCTIONS = ("api_handler", "send_confirmations", "sweep_deliveries")

Policy = dict[str, Any]

_POLICIES = Path(__file__).parents[2] / "infrastructure" / "policies"


def resolved(function: str, values: Mapping[str, str]) -> Policy:
    """The policy with the names of one stage. Raises KeyError for a variable without a value."""
    return _policy(
        function, lambda text: re.sub(r"\$\{([^}]+)\}", lambda match: values[match[1]], text)
    )


def for_cloudformation(function: str) -> Policy:
    """The policy as part of a template that has the tables and parameters itself."""
    return _policy(function, lambda text: {"Fn::Sub": text})


def write(directory: Path, policies: Mapping[str, Policy]) -> dict[str, str]:
    """Files for Chalice's `iam_policy_file`, by function."""
    files = {}
    for function, policy in policies.items():
        file = directory / f"{function}.json"
        file.write_text(json.dumps(policy), encoding="utf-8")
        files[function] = str(file)
    return files


def _policy(function: str, name: Callable[[str], Any]) -> Policy:
    policy: Policy = json.loads((_POLICIES / f"{function}.json").read_text(encoding="utf-8"))
    for statement in policy["Statement"]:
        statement["Resource"] = [name(resource) for resource in statement["Resource"]]
    return policy
