"""The REST API: its address, its limits, and which APIs are the stage's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.deployment import gateway
from operations.deployment.aws import client

LIMITS = gateway.limits({"RateLimit": "50", "BurstLimit": "100"})


@pytest.fixture
def api_gateway() -> Iterator[Stubber]:
    with Stubber(client("apigateway")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("where", "address"),
    [
        (
            {"region_name": "ap-northeast-2"},
            "https://abc.execute-api.ap-northeast-2.amazonaws.com/dev",
        ),
        (
            {"region_name": "cn-north-1"},
            "https://abc.execute-api.cn-north-1.amazonaws.com.cn/dev",
        ),
        (
            {"endpoint_url": "http://127.0.0.1:4566"},
            "http://127.0.0.1:4566/_aws/execute-api/abc/dev",
        ),
    ],
)
def test_the_address_is_at_aws_or_under_an_emulators_endpoint(
    where: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = boto3.client("apigateway", **where)  # type: ignore[call-overload]
    monkeypatch.setattr(gateway, "client", lambda _service: there)
    assert gateway.address("abc", "dev") == address


@pytest.mark.parametrize(
    ("settings", "limited"),
    [
        ({"*/*": {"throttlingRateLimit": 50.0, "throttlingBurstLimit": 100}}, True),
        ({"*/*": {"throttlingRateLimit": 51.0, "throttlingBurstLimit": 100}}, False),
        ({"*/*": {"throttlingRateLimit": 50.0, "throttlingBurstLimit": 5000}}, False),
        ({"health/GET": {"throttlingRateLimit": 50.0, "throttlingBurstLimit": 100}}, False),
        ({}, False),
    ],
)
def test_an_api_is_limited_where_both_limits_are_the_stages(
    api_gateway: Stubber, settings: dict[str, Any], limited: bool
) -> None:
    staged = {"item": [{"stageName": "dev", "methodSettings": settings}]}
    api_gateway.add_response("get_stages", staged)
    assert gateway.is_limited("abc", "dev", LIMITS) is limited


def test_of_many_apis_those_count_that_call_the_function(api_gateway: Stubber) -> None:
    def calling(function: str) -> dict[str, Any]:
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:{function}/invocations"  # noqa: E501
        methods = {"GET": {"httpMethod": "GET", "methodIntegration": {"uri": uri}}}
        return {"items": [{"path": "/", "resourceMethods": methods}]}

    first = {"items": [{"id": "1", "name": "rollcall"}, {"id": "2", "name": "another"}]}
    second = {"items": [{"id": "3", "name": "rollcall"}, {"id": "4", "name": "rollcall"}]}
    api_gateway.add_response("get_rest_apis", {**first, "position": "next"})
    api_gateway.add_response("get_resources", calling("rollcall-prod"))
    api_gateway.add_response("get_rest_apis", second)
    api_gateway.add_response("get_resources", calling("rollcall-dev"))
    api_gateway.add_response("get_resources", {"items": [{"path": "/"}]})
    assert gateway.belonging_to("rollcall-dev", "rollcall") == ["3"]
