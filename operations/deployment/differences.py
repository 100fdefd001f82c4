"""What `chalice deploy` would change: compares AWS with config.json and the code."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from operations.deployment import gateway
from operations.deployment.aws import client
from operations.deployment.live import Live, rule_targets
from operations.deployment.stage_config import StageConfig


def of_app(stage: StageConfig, live: Live, package: Path, stream_arn: str) -> Iterator[str]:
    """Yield one line for each difference, without changing anything."""
    sha256 = b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
    for function in stage.functions:
        yield from _of_function(stage, function, sha256)
        yield from _of_role(stage, function)
    if not rule_targets(live.rule_name):
        yield f"schedule {live.rule_name}: created, or switched on"
    if live.mapping(stream_arn) is None:
        yield "stream mapping: created"
    api_id = live.api_id()
    if api_id is None:
        yield "REST API: created"
    elif gateway.noted(api_id, stage.name) != digest(stage, package):
        yield f"REST API {api_id}: its last deployment by `make deploy` was different, or failed"


def digest(stage: StageConfig, package: Path) -> str:
    """A digest of all that Chalice deploys: the code, and the stage's configuration."""
    config = {**stage.config, "stages": stage.config["stages"][stage.name]}
    found = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    found.update(package.read_bytes())
    return found.hexdigest()[:32]


def _of_function(stage: StageConfig, function: str, sha256: str) -> Iterator[str]:
    name, wanted = stage.function_name(function), stage.chalice.scope(stage.name, function)
    awslambda = client("lambda")
    try:
        live = awslambda.get_function_configuration(FunctionName=name)
    except awslambda.exceptions.ResourceNotFoundException:
        yield f"function {name}: made"
        return
    if live["CodeSha256"] != sha256:
        yield f"function {name}: different code, or packed by Chalice alone"
    variables = live.get("Environment", {}).get("Variables", {})
    for setting in sorted(variables.keys() | wanted.environment_variables.keys()):
        old, new = variables.get(setting), wanted.environment_variables.get(setting)
        if old != new:
            yield f"function {name}: {setting} from {old or 'nothing'} to {new or 'nothing'}"
    for setting, value in {
        "Timeout": wanted.lambda_timeout,
        "MemorySize": wanted.lambda_memory_size,
        "Runtime": wanted.lambda_python_version,
    }.items():
        if value is not None and live[setting] != value:
            yield f"function {name}: {setting} from {live[setting]} to {value}"


def _of_role(stage: StageConfig, function: str) -> Iterator[str]:
    name, iam = stage.role_name(function), client("iam")
    try:
        live = iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        yield f"role {name}: created, or given its policy"
        return
    if live != stage.policy(function):
        yield f"role {name}: a different policy"
