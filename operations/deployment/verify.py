"""Checks that a stage works: its mapping, its functions, and a check-in with its confirmation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.wiring import Wiring
from operations.deployment import gateway, mapping, tables
from operations.deployment.aws import DeploymentError, Say, client
from operations.deployment.live import Live
from operations.deployment.probe import Probe
from operations.deployment.stage_config import StageConfig

PATIENCE = 120.0  # seconds: cold starts of two functions, and a sweep if the stream lags
_HEALTH = {
    "resource": "/health",
    "path": "/health",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
    "requestContext": {"httpMethod": "GET", "resourcePath": "/health"},
}
_SCHEDULED = {
    "version": "0",
    "id": "verify",
    "account": "",
    "region": "",
    "time": "",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "resources": [],
    "detail": {},
}
# Harmless events: a health check, an empty batch, and the sweep that runs every minute anyway.
_INVOCATIONS: dict[str, dict[str, Any]] = {
    "api_handler": _HEALTH,
    "send_confirmations": {"Records": []},
    "sweep_deliveries": _SCHEDULED,
}


def verify(
    stage: StageConfig,
    wiring: Wiring,
    live: Live,
    *,
    wanted_mapping: Mapping[str, Any],
    say: Say,
    patience: float = PATIENCE,
) -> None:
    """Raise DeploymentError for the first thing that does not work."""
    _mapping(wiring, live, wanted_mapping, say)
    for function, event in _INVOCATIONS.items():
        _start(stage.function_name(function), event)
        say(f"function {stage.function_name(function)}: starts")
    api_id = live.api_id()
    if api_id is None:
        raise DeploymentError("there is no REST API: `make deploy` creates it")
    address = gateway.address(api_id, stage.name)
    say(f"REST API: {address}")
    recipient = wiring.settings.mail.sender[1]
    Probe(wiring, address, recipient).run(patience, say)


def _mapping(wiring: Wiring, live: Live, wanted: Mapping[str, Any], say: Say) -> None:
    found = live.mapping(tables.live_stream(wiring.settings.check_in_table))
    if found is None:
        raise DeploymentError("no mapping reads the live stream: `make deploy` creates one")
    wrong = mapping.differences(found, wanted)
    if wrong:
        raise DeploymentError(
            f"wrong properties of the stream mapping: {', '.join(wrong)}. `make deploy` sets them"
        )
    say(f"stream mapping {found['UUID']}: reads the live stream, {found['State']}")


def _start(name: str, event: dict[str, Any]) -> None:
    """Invoke the function. Raises DeploymentError if it fails."""
    awslambda = client("lambda")
    try:
        answer = awslambda.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except awslambda.exceptions.ResourceNotFoundException as error:
        raise DeploymentError(f"there is no function {name}: `make deploy` creates it") from error
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise DeploymentError(f"function {name} does not start: {payload}")
    status = payload.get("statusCode", 200) if isinstance(payload, dict) else 200
    if status != 200:  # noqa: PLR2004
        raise DeploymentError(f"function {name} answers {status}: {payload['body']}")
