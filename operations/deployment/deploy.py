"""A deployment, step by step. Each step checks what exists already, so it can be repeated."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib import settings
from chalicelib.storage.dynamodb import AT_A_DESK
from chalicelib.wiring import Wiring
from operations.deployment import (
    chalice_cli,
    differences,
    gateway,
    mapping,
    packing,
    tables,
    templates,
)
from operations.deployment.aws import DeploymentError, Repair, Say, client, wait_for
from operations.deployment.data_stack import DataStack
from operations.deployment.live import Live
from operations.deployment.stage_config import ConfigurationError, StageConfig
from operations.deployment.verify import PATIENCE, verify

_KEY_BYTES = 32
_LISTED_AFTER = 30.0  # seconds: lists on AWS may lag behind


class Deployment:
    """Deploys one stage. `say` gets a line for each thing that was done or found."""

    def __init__(self, stage: StageConfig, say: Say) -> None:
        self.stage = stage
        self.live = Live(stage)
        self._say = say
        self._stack = DataStack(f"{stage.title}-data")

    def deploy(self, *, patience: float = PATIENCE) -> str:
        """Deploy, and return the app's address.

        Raises DeploymentError, ConfigurationError, SettingsError.
        """
        self._check_configuration()
        if not self._stack.outputs():
            self._report_nothing_owed()
        outputs = self._stack.apply(templates.data_stack(), self.stage.infrastructure, self._say)
        self._check_tables(outputs)
        self._repair(self._table_repairs())
        self._make_key()
        self._deploy_app()
        self._tune(outputs)
        self.verify(patience=patience)
        return self.address

    def verify(self, *, patience: float = PATIENCE) -> None:
        """Raise DeploymentError for the first thing that does not work."""
        verify(
            self.stage,
            Wiring(self._settings, patience=AT_A_DESK),
            self.live,
            wanted_mapping=self._wanted_mapping(self._outputs()),
            say=self._say,
            patience=patience,
        )

    def differences(self) -> Iterator[str]:
        """Describe what a deployment would change, without changing anything."""
        self._check_configuration()
        yield from (
            f"{self._stack.name}: {words}"
            for words in self._stack.changes(templates.data_stack(), self.stage.infrastructure)
        )
        outputs = self._stack.outputs()
        if not outputs:
            yield "the whole app: created"
            return
        self._check_tables(outputs)
        stream_arn = self._stream_arn()
        yield from (repair.words for repair in self._table_repairs())
        yield from (repair.words for repair in self.live.repairs(stream_arn))
        yield from differences.of_app(self.stage, self.live, self._pack(), stream_arn)
        if found := self.live.mapping(stream_arn):
            wanted = self._wanted_mapping(outputs)
            yield from (f"stream mapping: {name}" for name in mapping.differences(found, wanted))
        api_id = self.live.api_id()
        if api_id and not gateway.is_limited(api_id, self.stage.name, self._limits):
            yield f"REST API {api_id}: its limits"

    def destroy(self, *, with_data: bool) -> None:
        """Remove functions, API and alarms, and the tables too if `with_data`.

        Raises DeploymentError, also if there is nothing to remove.
        """
        self._stack.settle(self._say)
        self._outputs()
        self._repair(self.live.repairs(stream_arn=""))  # no mapping may remain
        self.live.take_up(stream_arn="")
        chalice_cli.delete(self.stage)
        self.live.forget()
        if not with_data:
            self._stack.apply(templates.data(), self.stage.infrastructure, self._say)
            return
        names = self.stage.tables.values()
        tables.delete(names)
        self._say(f"tables deleted: {', '.join(names)}")
        self._stack.delete()
        self._say(f"{self._stack.name}: removed")

    @property
    def address(self) -> str:
        api_id = self.live.api_id()
        if api_id is None:
            raise DeploymentError("there is no REST API: `make deploy` creates it")
        return gateway.address(api_id, self.stage.name)

    @property
    def _settings(self) -> settings.Settings:
        return settings.load(self.stage.settings)

    @property
    def _limits(self) -> dict[str, float]:
        return gateway.limits(self.stage.infrastructure)

    def _check_configuration(self) -> None:
        """Check it before changing anything.

        Raises SettingsError, ConfigurationError, DeploymentError.
        """
        packing.refuse_strays(self.stage.root)
        mail = self._settings.mail
        parameter = mail.password.parameter
        if mail.username and parameter and not _has_parameter(parameter):
            raise DeploymentError(
                f"the password for {mail.host} is missing: "
                f"`python -m operations --stage {self.stage.name} secrets set SMTP_PASSWORD`"
            )

    def _check_tables(self, outputs: Mapping[str, str]) -> None:
        for resource, name in self.stage.tables.items():
            if outputs[resource] != name:
                raise ConfigurationError(
                    f"config.json has {name or 'no table'} for {resource}, but the stack has "
                    f"{outputs[resource]}: use that name"
                )

    def _make_key(self) -> None:
        """Store a random key that nobody has seen, unless the stage already has one."""
        parameter = self._settings.secret_key.parameter
        if parameter is None:
            raise ConfigurationError("SECRET_KEY_PARAMETER is missing in .chalice/config.json")
        if not _has_parameter(parameter):
            key = secrets.token_urlsafe(_KEY_BYTES)
            client("ssm").put_parameter(Name=parameter, Value=key, Type="SecureString")
            self._say(f"SECRET_KEY: generated, in {parameter}")

    def _stream_arn(self) -> str:
        return tables.live_stream(self.stage.tables["CheckInTable"])

    def _table_repairs(self) -> Iterator[Repair]:
        protected = self.stage.infrastructure["DeletionProtection"] == "true"
        return tables.repairs(self.stage.tables, protected=protected)

    def _repair(self, repairs: Iterable[Repair]) -> None:
        for repair in list(repairs):
            repair.apply()
            self._say(repair.words)

    def _pack(self) -> Path:
        packing.tidy(self.stage.root)
        return packing.pack(self.stage.chalice)

    def _deploy_app(self) -> None:
        stream_arn = self._stream_arn()
        self._repair(self.live.repairs(stream_arn))
        for words in self.live.take_up(stream_arn):
            self._say(words)
        for api_id in self.live.other_apis():
            self._say(
                f"REST API {api_id} calls the same function. If nobody uses it, remove it: "
                f"`aws apigateway delete-rest-api --rest-api-id {api_id}`"
            )
        package = self._pack()
        wanted = list(differences.of_app(self.stage, self.live, package, stream_arn))
        if not wanted:
            self._say(f"{self.stage.title}: unchanged")
            return
        for words in wanted:
            self._say(words)
        if self.live.api_id() is None:
            self._report_nothing_owed()
        chalice_cli.deploy(self.stage)
        made = self.live.api_id()
        if made:
            gateway.note(made, self.stage.name, differences.digest(self.stage, package))

    def _report_nothing_owed(self) -> None:
        """Report it in place of the sweep, which does not exist yet: silence triggers an alarm."""
        client("cloudwatch").put_metric_data(
            Namespace=self._settings.metrics_namespace,
            MetricData=[{"MetricName": "OldestOwedSeconds", "Value": 0, "Unit": "Seconds"}],
        )

    def _tune(self, outputs: Mapping[str, str]) -> None:
        """Set what Chalice cannot: properties of the stream mapping, and the API's limits."""
        stream_arn = self._stream_arn()
        found = wait_for(
            "Chalice created no stream mapping",
            lambda: self.live.mapping(stream_arn),
            seconds=_LISTED_AFTER,
        )
        wanted = self._wanted_mapping(outputs)
        wrong = mapping.differences(found, wanted)
        if wrong:
            mapping.tune(found, wanted)
            self._say(f"stream mapping {found['UUID']}: set {', '.join(wrong)}")
        wait_for(
            "the stream mapping is not enabled", lambda: mapping.state(found["UUID"]) == "Enabled"
        )
        api_id = self.live.api_id()
        if api_id and not gateway.is_limited(api_id, self.stage.name, self._limits):
            gateway.limit(api_id, self.stage.name, self._limits)
            rate, burst = self._limits.values()
            self._say(f"REST API {api_id}: at most {rate:g} requests a second, {burst:g} at once")

    def _wanted_mapping(self, outputs: Mapping[str, str]) -> dict[str, Any]:
        batch_size = self._settings.batch_size
        return templates.mapping_properties(outputs["FailureQueueArn"]) | {"BatchSize": batch_size}

    def _outputs(self) -> dict[str, str]:
        outputs = self._stack.outputs()
        if not outputs:
            raise DeploymentError(
                f"stage {self.stage.name} is not deployed: `make deploy STAGE={self.stage.name}`"
            )
        return outputs


def _has_parameter(name: str) -> bool:
    ssm = client("ssm")
    try:
        ssm.get_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return False
    return True
