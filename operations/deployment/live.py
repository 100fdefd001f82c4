"""What is there of the app, whatever Chalice remembers of it.

Chalice saves its state after a full success only, and believes it: after a deployment that died,
or in a clone without the state, it would make a second REST API and a second mapping, and a mapping
on a dead stream it takes for a living one. So before each deployment the state is made anew from
what is there, and what is there twice, or reads a dead stream, is removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder

from operations.deployment import gateway, mapping
from operations.deployment.aws import Repair, client
from operations.deployment.project import Deployable

Entry = dict[str, Any]

CONSUMER = "send_confirmations"


class Live:
    def __init__(self, stage: Deployable) -> None:
        self._stage = stage
        self._file = stage.root / ".chalice" / "deployed" / f"{stage.name}.json"

    def repairs(self, stream_arn: str) -> Iterator[Repair]:
        """What has to be removed. Looks, and changes nothing."""
        kept = self.mapping(stream_arn)
        for each in mapping.of_function(self._stage.function_name(CONSUMER)):
            if each["UUID"] == (kept or {}).get("UUID"):
                continue
            why = (
                "a second mapping on the same stream"
                if each["EventSourceArn"] == stream_arn
                else f"it reads {each['EventSourceArn']}, which is not the live stream"
            )
            yield Repair(
                f"stream mapping {each['UUID']}: {why}; removed",
                lambda uuid=each["UUID"]: mapping.delete(uuid),  # type: ignore[misc]
            )
        api_id = self.api_id()
        for other in self._apis():
            if other != api_id:
                yield Repair(
                    f"REST API {other}: a second one that calls the same function; removed",
                    lambda api=other: client("apigateway").delete_rest_api(restApiId=api),  # type: ignore[misc]
                )

    def take_up(self, config: Config) -> list[str]:
        """Make Chalice's state from what is there; says what it did not know, or knew wrongly."""
        remembered = self._remembered()
        found = {entry["name"]: entry for entry in self._entries(config)}
        known = {name for name, model in self._models(config)}
        # What the app no longer has stays in the state: Chalice removes it by that.
        state = found | {name: each for name, each in remembered.items() if name not in known}
        said = [
            f"{each['resource_type']} {name}: is there, and was not in {self._file.name}; taken up"
            for name, each in found.items()
            if name not in remembered
        ]
        said += [
            f"{each['resource_type']} {name}: {self._file.name} knew it, and it is gone"
            if name not in found
            else f"{each['resource_type']} {name}: {self._file.name} was wrong; corrected"
            for name, each in remembered.items()
            if name in known and found.get(name) != each
        ]
        if said:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            content = {"resources": list(state.values()), "schema_version": "2.0", "backend": "api"}
            self._file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return said

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def mapping(self, stream_arn: str) -> dict[str, Any] | None:
        """The one to keep: on the live stream, and of several the one that Chalice knows."""
        remembered = self._remembered().get(f"{CONSUMER}-dynamodb-event-source", {})
        on_stream = [
            each
            for each in mapping.of_function(self._stage.function_name(CONSUMER))
            if each["EventSourceArn"] == stream_arn
        ]
        return min(
            on_stream,
            key=lambda each: (each["UUID"] != remembered.get("event_uuid"), each["UUID"]),
            default=None,
        )

    def api_id(self) -> str | None:
        """The one to keep: of several the one that Chalice knows, or else one that was finished."""
        remembered = self._remembered().get("rest_api", {}).get("rest_api_id")
        return min(
            self._apis(),
            key=lambda each: (each != remembered, not gateway.is_noted(each)),
            default=None,
        )

    def _apis(self) -> list[str]:
        function = self._stage.function_name("api_handler")
        return gateway.belonging_to(function, self._stage.app_name)

    def _remembered(self) -> dict[str, Entry]:
        if not self._file.is_file():
            return {}
        try:
            entries = json.loads(self._file.read_text(encoding="utf-8"))["resources"]
        except (KeyError, ValueError):  # cut off by a death while it was written
            return {}
        return {entry["name"]: entry for entry in entries}

    def _models(self, config: Config) -> Iterator[tuple[str, Any]]:
        application = ApplicationGraphBuilder().build(config, self._stage.name)
        for model in DependencyBuilder().build_dependencies(application):
            if isinstance(model, models.ManagedModel):
                yield model.resource_name, model

    def _entries(self, config: Config) -> Iterator[Entry]:
        for name, model in self._models(config):
            looked_up = self._look_up(config, model)
            if looked_up:
                kind = "cloudwatch_event" if "rule_name" in looked_up else model.resource_type
                yield {"name": name, "resource_type": kind, **looked_up}

    def _look_up(  # noqa: PLR0911  -- one for each kind
        self, config: Config, model: Any
    ) -> Mapping[str, str] | None:
        """What Chalice keeps of it; None where it is not there."""
        match model:
            case models.ManagedIAMRole():
                arn = _role_arn(model.role_name)
                return {"role_arn": arn, "role_name": model.role_name} if arn else None
            case models.LambdaFunction():
                arn = _function_arn(model.function_name)
                return {"lambda_arn": arn} if arn else None
            case models.LogGroup():
                is_there = _has_log_group(model.log_group_name)
                return {"log_group_name": model.log_group_name} if is_there else None
            case models.DynamoDBEventSource():
                live = self.mapping(model.stream_arn)
                return live and {
                    "stream_arn": live["EventSourceArn"],
                    "event_uuid": live["UUID"],
                    "lambda_arn": live["FunctionArn"],
                }
            case models.ScheduledEvent():
                return {"rule_name": model.rule_name} if _has_rule(model.rule_name) else None
            case models.RestAPI():
                api_id = self.api_id()
                if api_id is None:
                    return None
                address = gateway.address_at_aws(api_id, config.api_gateway_stage)
                return {"rest_api_id": api_id, "rest_api_url": f"{address}/"}
            case _:
                return None


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


def _has_log_group(name: str) -> bool:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _has_rule(name: str) -> bool:
    events = client("events")
    try:
        events.describe_rule(Name=name)
    except events.exceptions.ResourceNotFoundException:
        return False
    return True
