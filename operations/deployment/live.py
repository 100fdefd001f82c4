"""The parts of the app that exist on AWS, whatever Chalice's state file says.

Chalice writes its state file only after a full success, and trusts it. After a failed deployment,
or in a clone without the file, it would create a second REST API and a second mapping. It also
accepts a mapping that reads a dead stream. So each deployment first rewrites the file from what
exists. Every name in it is derived from the stage's name (`StageConfig`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from operations.deployment import gateway, mapping
from operations.deployment.aws import Repair, client
from operations.deployment.stage_config import StageConfig

Entry = dict[str, Any]

CONSUMER = "send_confirmations"

_MAPPING = f"{CONSUMER}-dynamodb-event-source"
_SCHEDULE = "sweep_deliveries-event"


class Live:
    def __init__(self, stage: StageConfig) -> None:
        self._stage = stage
        self._file = stage.root / ".chalice" / "deployed" / f"{stage.name}.json"

    @property
    def rule_name(self) -> str:
        return f"{self._stage.title}-{_SCHEDULE}"

    def mapping(self, stream_arn: str) -> dict[str, Any] | None:
        """The mapping to keep: on the live stream; of several, the one that Chalice knows."""
        remembered = self._remembered().get(_MAPPING, {})
        return min(
            (each for each in self._mappings() if each["EventSourceArn"] == stream_arn),
            key=lambda each: (each["UUID"] != remembered.get("event_uuid"), each["UUID"]),
            default=None,
        )

    def repairs(self, stream_arn: str) -> Iterator[Repair]:
        """A repair for each mapping that has to be removed. This changes nothing yet."""
        kept = (self.mapping(stream_arn) or {}).get("UUID")
        for each in self._mappings():
            uuid, source = each["UUID"], each["EventSourceArn"]
            if uuid == kept:
                continue
            why = (
                "a second one on the same stream"
                if source == stream_arn
                else f"reads {source}, which is not the live stream"
            )
            yield Repair(
                f"stream mapping {uuid}: {why}; removed",
                lambda uuid=uuid: mapping.delete(uuid),  # type: ignore[misc]
            )

    def api_id(self) -> str | None:
        """The API to keep: of several, the one that Chalice knows, or else a finished one."""
        remembered = self._remembered().get("rest_api", {}).get("rest_api_id")
        return min(
            self._apis(),
            key=lambda each: (each != remembered, not gateway.is_noted(each)),
            default=None,
        )

    def other_apis(self) -> list[str]:
        """Other APIs that call the stage's function. Somebody may use them, so they are kept."""
        kept = self.api_id()
        return [each for each in self._apis() if each != kept]

    def take_up(self, stream_arn: str) -> list[str]:
        """Rewrite Chalice's state file from what exists; returns what was wrong in it."""
        remembered = self._remembered()
        found = {entry["name"]: entry for entry in self._entries(stream_arn)}
        # Chalice removes parts that the app no longer has, and finds them only in its state.
        others = {name: entry for name, entry in remembered.items() if name not in self._names()}
        changed = [name for name in found if found[name] != remembered.get(name)]
        gone = [name for name in remembered if name not in found | others]
        if changed or gone:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            entries = [*found.values(), *others.values()]
            content = {"resources": entries, "schema_version": "2.0", "backend": "api"}
            self._file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return [
            *(f"{name}: exists; corrected in {self._file.name}" for name in changed),
            *(f"{name}: does not exist; removed from {self._file.name}" for name in gone),
        ]

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def _mappings(self) -> list[dict[str, Any]]:
        return mapping.of_function(self._stage.function_name(CONSUMER))

    def _apis(self) -> list[str]:
        function = self._stage.function_name("api_handler")
        return gateway.belonging_to(function, self._stage.app_name)

    def _remembered(self) -> dict[str, Entry]:
        if not self._file.is_file():
            return {}
        try:
            entries = json.loads(self._file.read_text(encoding="utf-8"))["resources"]
        except (KeyError, ValueError):  # Chalice was killed while writing the file
            return {}
        return {entry["name"]: entry for entry in entries}

    def _names(self) -> set[str]:
        """Chalice's names for all parts of the app."""
        functions = self._stage.functions
        roles = {f"{function}_role" for function in functions}
        return {*functions, *roles, _MAPPING, _SCHEDULE, "rest_api"}

    def _entries(self, stream_arn: str) -> Iterator[Entry]:
        """The entries in the format of Chalice's state file, schema_version 2.0."""
        for function in self._stage.functions:
            role = self._stage.role_name(function)
            if arn := _role_arn(role):
                yield _entry(f"{function}_role", "iam_role", role_arn=arn, role_name=role)
            if arn := _function_arn(self._stage.function_name(function)):
                yield _entry(function, "lambda_function", lambda_arn=arn)
        if live := self.mapping(stream_arn):
            yield _entry(
                _MAPPING,
                "dynamodb_event",
                stream_arn=live["EventSourceArn"],
                event_uuid=live["UUID"],
                lambda_arn=live["FunctionArn"],
            )
        if rule_targets(self.rule_name) is not None:
            yield _entry(_SCHEDULE, "cloudwatch_event", rule_name=self.rule_name)
        if api_id := self.api_id():
            url = f"{gateway.address_at_aws(api_id, self._stage.name)}/"
            yield _entry("rest_api", "rest_api", rest_api_id=api_id, rest_api_url=url)


def rule_targets(rule: str) -> list[Any] | None:
    """The schedule's targets; empty if it is switched off, None if there is no rule."""
    events = client("events")
    try:
        state = events.describe_rule(Name=rule)["State"]
        targets: list[Any] = events.list_targets_by_rule(Rule=rule)["Targets"]
    except events.exceptions.ResourceNotFoundException:
        return None
    return targets if state == "ENABLED" else []


def _entry(name: str, resource_type: str, **values: str) -> Entry:
    return {"name": name, "resource_type": resource_type, **values}


def _role_arn(name: str) -> str | None:
    iam = client("iam")
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        return None


def _function_arn(name: str) -> str | None:
    awslambda = client("lambda")
    try:
        return str(awslambda.get_function_configuration(FunctionName=name)["FunctionArn"])
    except awslambda.exceptions.ResourceNotFoundException:
        return None
