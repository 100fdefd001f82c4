"""The stage's REST API: which one it is, its address, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.deployment.aws import client


def belonging_to(function_name: str, app_name: str) -> list[str]:
    """The ids of the APIs that call this function, unfinished ones too.

    The APIs of all stages have the same name, so only the functions they call tell them apart.
    """
    gateway = client("apigateway")
    pages = gateway.get_paginator("get_rest_apis").paginate()
    return [
        api["id"]
        for page in pages
        for api in page["items"]
        if api["name"] == app_name and _calls(api["id"], function_name)
    ]


def address(api_id: str, stage: str) -> str:
    """The API's URL: on AWS, or under the endpoint of an emulator."""
    endpoint = client("apigateway").meta.endpoint_url
    if "amazonaws.com" in endpoint:
        return address_at_aws(api_id, stage)
    return f"{endpoint}/_aws/execute-api/{api_id}/{stage}"


def address_at_aws(api_id: str, stage: str) -> str:
    region = client("apigateway").meta.region_name
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{api_id}.execute-api.{region}.{suffix}/{stage}"


def stages(api_id: str) -> dict[str, dict[str, Any]]:
    """The API's stages by name."""
    found = client("apigateway").get_stages(restApiId=api_id).get("item", ())
    return {each["stageName"]: each for each in found}


def note(api_id: str, stage: str, digest: str) -> None:
    """Record the digest of a finished deployment on the API's stage."""
    client("apigateway").update_stage(
        restApiId=api_id,
        stageName=stage,
        patchOperations=[{"op": "replace", "path": "/description", "value": digest}],
    )


def noted(api_id: str, stage: str) -> str | None:
    """The digest that `note` recorded; None if no deployment has finished."""
    return stages(api_id).get(stage, {}).get("description") or None


def is_noted(api_id: str) -> bool:
    return any(each.get("description") for each in stages(api_id).values())


def limits(parameters: Mapping[str, str]) -> dict[str, float]:
    """The stage's limits, in requests per second and in requests at once."""
    return {
        "throttlingRateLimit": float(parameters["RateLimit"]),
        "throttlingBurstLimit": int(parameters["BurstLimit"]),
    }


def is_limited(api_id: str, stage: str, wanted: Mapping[str, float]) -> bool:
    live = stages(api_id).get(stage, {})
    settings = live.get("methodSettings", {}).get("*/*", {})
    return all(settings.get(name) == value for name, value in wanted.items())


def limit(api_id: str, stage: str, wanted: Mapping[str, float]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html"""
    names = {"throttlingRateLimit": "rateLimit", "throttlingBurstLimit": "burstLimit"}
    client("apigateway").update_stage(
        restApiId=api_id,
        stageName=stage,
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{names[name]}", "value": f"{value:g}"}
            for name, value in wanted.items()
        ],
    )


def _calls(api_id: str, function_name: str) -> bool:
    target = f":function:{function_name}/invocations"
    integrations = (
        method.get("methodIntegration", {}).get("uri") or ""
        for resource in _resources(api_id)
        for method in resource.get("resourceMethods", {}).values()
    )
    return any(uri.endswith(target) for uri in integrations)


def _resources(api_id: str) -> list[dict[str, Any]]:
    pages = (
        client("apigateway")
        .get_paginator("get_resources")
        .paginate(restApiId=api_id, embed=["methods"])
    )
    return [resource for page in pages for resource in page["items"]]
