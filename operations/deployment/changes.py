"""What `chalice deploy` would change: what is there, against what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalice.app import ScheduledEventConfig

from operations.deployment import gateway
from operations.deployment.aws import client
from operations.deployment.live import Live
from operations.deployment.policies import FUNCTIONS, Policy
from operations.deployment.project import CODE_TAG, Project

SWEEP = "sweep_deliveries"


def of_app(project: Project, live: Live, policies: Mapping[str, Policy]) -> Iterator[str]:
    """In words, one thing after the other. Looks, and changes nothing."""
    for function in FUNCTIONS:
        yield from _of_function(project, function)
        yield from _of_role(project.stage.role_name(function), policies[function])
    yield from _of_schedule(project)
    yield from _of_api(project, live)
    if live.mapping(project.config.environment_variables["CHECK_IN_STREAM_ARN"]) is None:
        yield "stream mapping: made"


def _of_function(project: Project, function: str) -> Iterator[str]:
    name = project.stage.function_name(function)
    config = project.function_config(function)
    awslambda = client("lambda")
    try:
        found = awslambda.get_function(FunctionName=name)
    except awslambda.exceptions.ResourceNotFoundException:
        yield f"function {name}: made"
        return
    live = found["Configuration"]
    if found.get("Tags", {}).get(CODE_TAG) != config.tags[CODE_TAG]:
        yield f"function {name}: other code"
    variables = live.get("Environment", {}).get("Variables", {})
    for setting in sorted(variables.keys() | config.environment_variables.keys()):
        old, new = variables.get(setting), config.environment_variables.get(setting)
        if old != new:
            yield f"function {name}: {setting} from {old or 'nothing'} to {new or 'nothing'}"
    wanted = {
        "Timeout": config.lambda_timeout,
        "MemorySize": config.lambda_memory_size,
        "Runtime": config.lambda_python_version,
    }
    for setting, value in wanted.items():
        if value is not None and live[setting] != value:
            yield f"function {name}: {setting} from {live[setting]} to {value}"


def _of_role(name: str, policy: Policy) -> Iterator[str]:
    iam = client("iam")
    try:
        live = iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        yield f"role {name}: made, or its policy"
        return
    if live != policy:
        yield f"role {name}: another policy"


def _of_schedule(project: Project) -> Iterator[str]:
    [schedule] = [
        each.schedule_expression
        for each in project.app().event_sources
        if isinstance(each, ScheduledEventConfig)
    ]
    name = f"{project.stage.function_name(SWEEP)}-event"
    events = client("events")
    try:
        rule: dict[str, Any] = events.describe_rule(Name=name)
    except events.exceptions.ResourceNotFoundException:
        rule = {}
    wanted = schedule if isinstance(schedule, str) else schedule.to_string()
    has_target = bool(rule) and bool(events.list_targets_by_rule(Rule=name)["Targets"])
    if (rule.get("ScheduleExpression"), rule.get("State"), has_target) != (wanted, "ENABLED", True):
        yield f"schedule {name}: {wanted}"


def _of_api(project: Project, live: Live) -> Iterator[str]:
    api_id = live.api_id()
    if api_id is None:
        yield "REST API: made"
        return
    wanted = {
        (method, path) for path, methods in project.app().routes.items() for method in methods
    }
    there = gateway.routes(api_id)
    for method, path in sorted(wanted - there):
        yield f"REST API {api_id}: {method} {path} is new"
    for method, path in sorted(there - wanted):
        yield f"REST API {api_id}: {method} {path} goes away"
    name = project.config.api_gateway_stage
    staged = gateway.stages(api_id).get(name)
    if staged is None:
        yield f"REST API {api_id}: deployed as {name}"
    elif staged.get("description") != project.digest:
        yield f"REST API {api_id}: its last deployment did not end, or was of something else"
