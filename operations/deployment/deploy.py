"""A deployment, step by step. Each step looks at what is there: dying between two loses nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from chalice.deploy.deployer import ChaliceDeploymentError
from chalice.deploy.packager import NoSuchPackageError, PackageDownloadError

from chalicelib import settings
from chalicelib.storage.dynamodb import AT_A_DESK
from chalicelib.wiring import Wiring
from operations.deployment import changes, gateway, mapping, policies, tables, templates
from operations.deployment.aws import DeploymentError, Repair, client, wait_for
from operations.deployment.data_stack import DataStack
from operations.deployment.live import Live
from operations.deployment.packing import refuse_strays
from operations.deployment.project import Deployable, Project, project
from operations.deployment.verify import PATIENCE, verify

Say = Callable[[str], None]

_TABLE_SETTINGS = {
    "EventTable": "EVENT_TABLE",
    "RegistrationTable": "REGISTRATION_TABLE",
    "CheckInTable": "CHECK_IN_TABLE",
}
_KEY_BYTES = 32
_LISTED_AFTER = 30.0  # seconds: a list at AWS may lag behind


class Deployment:
    """One stage's. `say` gets a line for each thing that is done or found."""

    def __init__(self, stage: Deployable, say: Say) -> None:
        self.stage = stage
        self.live = Live(stage)
        self._say = say
        self._stack = DataStack(f"{stage.title}-data")
        self._file = stage.root / ".chalice" / "provisioned" / f"{stage.name}.json"

    def deploy(self, *, patience: float = PATIENCE) -> str:
        """Returns the app's address. Raises DeploymentError, ConfigurationError, SettingsError."""
        self._check_configuration()
        if not self._stack.outputs():
            self._report_nothing_owed()
        outputs = self._stack.apply(templates.data_stack(), self.stage.infrastructure, self._say)
        provisioned = self._provision(outputs)
        with self._project(outputs, provisioned) as chalice:
            self._deploy_app(chalice, outputs, provisioned["CHECK_IN_STREAM_ARN"])
        self._tune(outputs, provisioned)
        self.verify(patience=patience)
        return self.address

    def verify(self, *, patience: float = PATIENCE) -> None:
        """Raises DeploymentError at the first thing that does not work."""
        outputs = self._outputs()
        provisioned = self._read_provisioned()
        verify(
            self.stage,
            self._wiring(provisioned),
            self.live,
            wanted_mapping=self._wanted_mapping(outputs, provisioned),
            say=self._say,
            patience=patience,
        )

    def differences(self) -> Iterator[str]:
        """What a deployment would change; nothing is changed."""
        self._check_configuration()
        yield from (
            f"{self._stack.name}: {words}"
            for words in self._stack.changes(templates.data_stack(), self.stage.infrastructure)
        )
        outputs = self._stack.outputs()
        if not outputs:
            yield "all of the app: made"
            return
        provisioned = self._settings_of(outputs, tables.live_stream(outputs))
        stream_arn = provisioned["CHECK_IN_STREAM_ARN"]
        yield from (repair.words for repair in self._repairs_of_tables(outputs))
        yield from (repair.words for repair in self.live.repairs(stream_arn))
        with self._project(outputs, provisioned) as chalice:
            yield from changes.of_app(chalice, self.live, self._policies(outputs))
        found = self.live.mapping(stream_arn)
        if found:
            wanted = self._wanted_mapping(outputs, provisioned)
            yield from (f"stream mapping: {name}" for name in mapping.differences(found, wanted))
        api_id = self.live.api_id()
        limits = gateway.limits(self.stage.infrastructure)
        if api_id and not gateway.is_limited(api_id, self.stage.name, limits):
            yield f"REST API {api_id}: its limits"

    def destroy(self, *, with_data: bool) -> None:
        """Remove the functions, and the alarms; the tables too where that is asked for.

        Raises DeploymentError, also where there is nothing to remove.
        """
        self._stack.settle(self._say)
        outputs = self._outputs()
        self._remove_app(outputs)
        if not with_data:
            self._stack.apply(templates.data(), self.stage.infrastructure, self._say)
            return
        # The tables first: the stack alone knows their names.
        names = [outputs[resource] for resource in tables.TABLES]
        tables.delete(names)
        self._say(f"tables deleted: {', '.join(names)}")
        self._stack.delete()
        self._say(f"{self._stack.name}: removed")
        self._file.unlink(missing_ok=True)

    @property
    def address(self) -> str:
        api_id = self.live.api_id()
        if api_id is None:
            raise DeploymentError("there is no REST API: `make deploy` makes it")
        return gateway.address(api_id, self.stage.name)

    def _check_configuration(self) -> None:
        """Before anything is made. Raises SettingsError, ConfigurationError, DeploymentError."""
        refuse_strays(self.stage.root)
        placeholders = dict.fromkeys(_TABLE_SETTINGS.values(), "not made yet")
        placeholders["CHECK_IN_STREAM_ARN"] = "arn:aws:dynamodb:::table/-/stream/-"
        checked = settings.load(
            placeholders
            | self.stage.secret_parameters
            | self.stage.declared
            | self.stage.from_the_shell
        )
        if self.stage.from_the_shell:
            self._say(f"from the environment: {', '.join(sorted(self.stage.from_the_shell))}")
        parameter = checked.mail.password.parameter
        if checked.mail.username and parameter and not _has_parameter(parameter):
            raise DeploymentError(
                f"the password of {checked.mail.host} is not there yet: "
                f"`python -m operations --stage {self.stage.name} secrets set SMTP_PASSWORD`"
            )

    def _provision(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """The settings that the data stack gives; written down for the other commands."""
        self._mend(self._repairs_of_tables(outputs))
        provisioned = self._settings_of(outputs, tables.live_stream(outputs))
        content = json.dumps(provisioned, indent=2) + "\n"
        if not self._file.is_file() or self._file.read_text(encoding="utf-8") != content:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(content, encoding="utf-8")
        self._make_key(provisioned["SECRET_KEY_PARAMETER"])
        return provisioned

    def _settings_of(self, outputs: Mapping[str, str], stream_arn: str) -> dict[str, str]:
        return {
            **{setting: outputs[resource] for resource, setting in _TABLE_SETTINGS.items()},
            "CHECK_IN_STREAM_ARN": stream_arn,
            "METRICS_NAMESPACE": self.stage.title,
            **self.stage.secret_parameters,
        }

    def _make_key(self, parameter: str) -> None:
        """A key of its own for each stage, unseen by anybody; never one in place of another."""
        if _has_parameter(parameter):
            return
        client("ssm").put_parameter(
            Name=parameter, Value=secrets.token_urlsafe(_KEY_BYTES), Type="SecureString"
        )
        self._say(f"SECRET_KEY: made, in {parameter}")

    def _repairs_of_tables(self, outputs: Mapping[str, str]) -> Iterator[Repair]:
        protected = self.stage.infrastructure["DeletionProtection"] == "true"
        return tables.repairs(outputs, protected=protected)

    def _mend(self, repairs: Iterable[Repair]) -> None:
        for repair in list(repairs):
            repair.mend()
            self._say(repair.words)

    def _deploy_app(self, chalice: Project, outputs: Mapping[str, str], stream_arn: str) -> None:
        self._mend(self.live.repairs(stream_arn))
        for words in self.live.take_up(chalice.config):
            self._say(words)
        wanted = list(changes.of_app(chalice, self.live, self._policies(outputs)))
        if not wanted:
            self._say(f"{self.stage.title}: unchanged")
            return
        for words in wanted:
            self._say(words)
        if self.live.api_id() is None:
            self._report_nothing_owed()
        with _chalice_in_words("`make deploy` again takes up what is there"):
            chalice.deploy()
        api_id = self.live.api_id()
        if api_id:
            gateway.note(api_id, self.stage.name, chalice.digest)

    def _report_nothing_owed(self) -> None:
        """In place of the sweep, which is not there yet: its silence would ring an alarm."""
        client("cloudwatch").put_metric_data(
            Namespace=self.stage.title,
            MetricData=[{"MetricName": "OldestOwedSeconds", "Value": 0, "Unit": "Seconds"}],
        )

    def _tune(self, outputs: Mapping[str, str], provisioned: Mapping[str, str]) -> None:
        found = wait_for(
            "Chalice made no stream mapping",
            lambda: self.live.mapping(provisioned["CHECK_IN_STREAM_ARN"]),
            seconds=_LISTED_AFTER,
        )
        wanted = self._wanted_mapping(outputs, provisioned)
        wrong = mapping.differences(found, wanted)
        if wrong:
            mapping.tune(found, wanted)
            self._say(f"stream mapping {found['UUID']}: set {', '.join(wrong)}")
        wait_for(
            "the stream mapping is not enabled", lambda: mapping.state(found["UUID"]) == "Enabled"
        )
        api_id = self.live.api_id()
        limits = gateway.limits(self.stage.infrastructure)
        if api_id and not gateway.is_limited(api_id, self.stage.name, limits):
            gateway.limit(api_id, self.stage.name, limits)
            rate, burst = limits.values()
            self._say(f"REST API {api_id}: at most {rate:g} requests a second, {burst} at once")

    def _remove_app(self, outputs: Mapping[str, str]) -> None:
        stream_arn = outputs["CheckInStreamArn"]  # live or not: every mapping goes
        self._mend(self.live.repairs(stream_arn))
        with self._project(outputs, self._settings_of(outputs, stream_arn)) as chalice:
            self.live.take_up(chalice.config)
            with _chalice_in_words("`make destroy` again goes on"):
                chalice.delete()
        self.live.forget()

    def _project(
        self, outputs: Mapping[str, str], provisioned: Mapping[str, str]
    ) -> AbstractContextManager[Project]:
        return project(self.stage, provisioned, self._policies(outputs))

    def _policies(self, outputs: Mapping[str, str]) -> dict[str, policies.Policy]:
        values = {
            **self.stage.infrastructure,
            **{f"{resource}.Arn": outputs[f"{resource}Arn"] for resource in tables.TABLES},
            "FailureQueue.Arn": outputs["FailureQueueArn"],
            "AWS::Partition": self._identity["Arn"].split(":")[1],
            "AWS::AccountId": self._identity["Account"],
            "AWS::Region": client("lambda").meta.region_name,
        }
        return {name: policies.resolved(name, values) for name in policies.FUNCTIONS}

    @cached_property
    def _identity(self) -> Mapping[str, str]:
        identity: Mapping[str, str] = client("sts").get_caller_identity()
        return identity

    def _wanted_mapping(
        self, outputs: Mapping[str, str], provisioned: Mapping[str, str]
    ) -> dict[str, Any]:
        batch_size = self._wiring(provisioned).settings.batch_size
        return templates.mapping_properties(outputs) | {"BatchSize": batch_size}

    def _wiring(self, provisioned: Mapping[str, str]) -> Wiring:
        environment = dict(provisioned) | self.stage.declared | self.stage.from_the_shell
        return Wiring(settings.load(environment), patience=AT_A_DESK)

    def _outputs(self) -> dict[str, str]:
        outputs = self._stack.outputs()
        if not outputs:
            raise DeploymentError(
                f"stage {self.stage.name} is not deployed: `make deploy STAGE={self.stage.name}`"
            )
        return outputs

    def _read_provisioned(self) -> dict[str, str]:
        if self._file.is_file():
            found: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
            return found
        outputs = self._outputs()
        return self._settings_of(outputs, tables.live_stream(outputs))


@contextmanager
def _chalice_in_words(advice: str) -> Iterator[None]:
    try:
        yield
    except (
        ChaliceDeploymentError,
        ClientError,
        NoSuchPackageError,
        PackageDownloadError,
    ) as error:
        raise DeploymentError(f"{error}\n{advice}") from error


def _has_parameter(name: str) -> bool:
    ssm = client("ssm")
    try:
        ssm.get_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return False
    return True
