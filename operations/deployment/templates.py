"""Combines the CloudFormation documents of infrastructure/ for both ways to deploy.

`make deploy` uses the data stack (data.yaml and monitoring.yaml). `make package` builds a single
stack: package.yaml extends the template that Chalice writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from pathlib import Path
from typing import Any

import yaml

Document = Mapping[str, Any]

_INFRASTRUCTURE = Path(__file__).parents[2] / "infrastructure"


def merge(*documents: Document) -> dict[str, Any]:
    """Merge objects member by member; any other value is replaced by the later one."""
    return reduce(_merged, documents, {})


def data() -> dict[str, Any]:
    """Tables and queue."""
    return _read("data.yaml")


def data_stack() -> dict[str, Any]:
    """What `make deploy` provisions: tables, queue, alarms, dashboard."""
    return merge(_read("monitoring.yaml"), data())


@cache
def parameters() -> Mapping[str, dict[str, Any]]:
    """Everything that a stage can choose, for both ways to deploy."""
    found: Mapping[str, dict[str, Any]] = package_additions({})["Parameters"]
    return found


def package_additions(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template to merge into Chalice's own. `parameters` become its defaults."""
    template = merge(data_stack(), _read("package.yaml"))
    for name, value in parameters.items():
        if name in template["Parameters"]:
            template["Parameters"][name]["Default"] = value
    return template


def mapping_properties(failure_queue_arn: str) -> dict[str, Any]:
    """The properties for UpdateEventSourceMapping, from the mapping in package.yaml.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    function = _read("package.yaml")["Resources"]["SendConfirmations"]
    [source] = function["Properties"]["Events"].values()
    properties = {name: value for name, value in source["Properties"].items() if name != "Stream"}
    return properties | {"DestinationConfig": {"OnFailure": {"Destination": failure_queue_arn}}}


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_INFRASTRUCTURE / name).read_text(encoding="utf-8"))
    return document


def _merged(one: Any, other: Any) -> Any:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return other
    shared = one.keys() & other.keys()
    return {**one, **other, **{name: _merged(one[name], other[name]) for name in shared}}
