"""What a deployment that ended, and one that died, leave to do at the API."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import Stubber
from chalice.app import Chalice

from operations.deployment import changes
from operations.deployment.aws import client

STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/check-ins/stream/1"


@pytest.fixture
def project() -> Any:
    app = Chalice(app_name="rollcall")
    app.route("/health")(lambda: None)
    app.schedule("rate(1 minute)", name="sweep")(lambda _event: None)
    return SimpleNamespace(
        app=lambda: app,
        config=SimpleNamespace(
            api_gateway_stage="dev", environment_variables={"CHECK_IN_STREAM_ARN": STREAM}
        ),
        digest="of now",
        stage=SimpleNamespace(function_name="rollcall-dev-{}".format),
    )


@pytest.fixture
def api_gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """With the schedule as it should be, and no function to look at."""
    monkeypatch.setattr(changes, "FUNCTIONS", ())
    rule = {"ScheduleExpression": "rate(1 minute)", "State": "ENABLED"}
    targets = {"Targets": [{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:1:function:sweep"}]}
    with Stubber(client("events")) as events, Stubber(client("apigateway")) as stub:
        events.add_response("describe_rule", rule)
        events.add_response("list_targets_by_rule", targets)
        yield stub


def said(project: Any, *, api: str | None = "abc", mapped: bool = True) -> list[str]:
    live: Any = SimpleNamespace(api_id=lambda: api, mapping=lambda _arn: {} if mapped else None)
    return list(changes.of_app(project, live, {}))


def has(api_gateway: Stubber, *paths: str, **stage: str) -> None:
    resources = [{"path": path, "resourceMethods": {"GET": {}}} for path in paths]
    api_gateway.add_response("get_resources", {"items": resources})
    api_gateway.add_response("get_stages", {"item": [stage] if stage else []})


def test_after_a_deployment_that_ended_nothing_is_to_do(project: Any, api_gateway: Stubber) -> None:
    has(api_gateway, "/health", stageName="dev", description="of now")
    assert said(project) == []


@pytest.mark.parametrize("description", [{}, {"description": "of yesterday"}])
def test_a_deployment_that_died_before_its_routes_were_out_is_carried_out_again(
    project: Any, api_gateway: Stubber, description: dict[str, str]
) -> None:
    has(api_gateway, "/health", stageName="dev", **description)
    assert said(project) == [
        "REST API abc: its last deployment did not end, or was of something else"
    ]


def test_an_api_that_was_not_staged_is_deployed(project: Any, api_gateway: Stubber) -> None:
    has(api_gateway, "/health", stageName="prod", description="of now")
    assert said(project) == ["REST API abc: deployed as dev"]


def test_routes_that_come_and_go_are_named(project: Any, api_gateway: Stubber) -> None:
    has(api_gateway, "/old", stageName="dev", description="of now")
    assert said(project) == [
        "REST API abc: GET /health is new",
        "REST API abc: GET /old goes away",
    ]


def test_what_is_not_there_is_made(project: Any, api_gateway: Stubber) -> None:
    assert said(project, api=None, mapped=False) == ["REST API: made", "stream mapping: made"]
