"""The CloudFormation documents of infrastructure/: written once, put together for both ways.

`chalice deploy` stands on the data stack (data.yaml and monitoring.yaml). `chalice package` makes
one stack of all: package.yaml adds to what Chalice writes.
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
    """Objects are merged member by member; of anything else the later one counts."""
    return reduce(_merged, documents, {})


def data() -> dict[str, Any]:
    """Tables and queue."""
    return _read("data.yaml")


def data_stack() -> dict[str, Any]:
    """What `make deploy` provisions: tables, queue, alarms, dashboard."""
    return merge(_read("monitoring.yaml"), data())


@cache
def parameters() -> Mapping[str, dict[str, Any]]:
    """All that a stage can choose, of both ways."""
    found: Mapping[str, dict[str, Any]] = package_additions({})["Parameters"]
    return found


def package_additions(parameters: Mapping[str, str]) -> dict[str, Any]:
    """What Chalice's own template is merged with; the stage's parameters become its defaults."""
    template = merge(data_stack(), _read("package.yaml"))
    for name, value in parameters.items():
        if name in template["Parameters"]:
            template["Parameters"][name]["Default"] = value
    return template


def mapping_properties(outputs: Mapping[str, str]) -> dict[str, Any]:
    """What UpdateEventSourceMapping is to set: package.yaml has the same for the one stack.

    `outputs` are those of the data stack.
    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    function = _read("package.yaml")["Resources"]["SendConfirmations"]
    [source] = function["Properties"]["Events"].values()
    properties = {name: value for name, value in source["Properties"].items() if name != "Stream"}
    properties["DestinationConfig"] = {"OnFailure": {"Destination": outputs["FailureQueueArn"]}}
    return properties


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_INFRASTRUCTURE / name).read_text(encoding="utf-8"))
    return document


def _merged(one: Any, other: Any) -> Any:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return other
    shared = one.keys() & other.keys()
    return {**one, **other, **{name: _merged(one[name], other[name]) for name in shared}}
