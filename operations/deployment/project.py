"""Chalice's view of a stage: .chalice/config.json, completed with what was provisioned.

config.json belongs to people and is never written. What a deployment knows besides (the tables'
names, the stream, the policies) is put under what stands there when Chalice asks for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalice.app import Chalice
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy.deployer import create_deletion_deployer
from chalice.utils import UI

from operations.deployment import policies
from operations.deployment.aws import DeploymentError
from operations.deployment.packing import code_digest, pack, tidy
from operations.deployment.templates import merge, parameters

_SECRETS = ("SECRET_KEY", "SMTP_PASSWORD")
# What the shell may set for a deployment, as it may for every other command. Never a secret:
# it would lie open in the functions' configuration.
_FROM_THE_SHELL = (
    "BATCH_SIZE",
    "DEFAULT_REGION_CODE",
    "DELIVERY_LEASE",
    "MAIL_FROM",
    "MAIL_REPLY_TO",
    "SMTP_CONNECTIONS",
    "SMTP_HOST",
    "SMTP_MESSAGES_PER_CONNECTION",
    "SMTP_PORT",
    "SMTP_SECURITY",
    "SMTP_TIMEOUT",
    "SMTP_USERNAME",
    "STARTING_POSITION",
    "UNCLEAR_DELIVERY",
)
CODE_TAG = "rollcall-code"


class ConfigurationError(DeploymentError):
    """.chalice/config.json says what cannot be deployed; the message says what."""


@dataclass(frozen=True, slots=True)
class Deployable:
    """A stage as config.json has it. `root` is the project's directory."""

    root: Path
    name: str
    config: Mapping[str, Any]

    @property
    def app_name(self) -> str:
        return str(self.config["app_name"])

    @property
    def title(self) -> str:
        return f"{self.app_name}-{self.name}"

    @property
    def declared(self) -> dict[str, str]:
        """The functions' settings that people wrote down. Raises ConfigurationError."""
        config = Config(self.name, config_from_disk=dict(self.config))
        variables = config.environment_variables
        given = {*variables}.union(
            *(
                config.scope(self.name, function).environment_variables
                for function in policies.FUNCTIONS
            )
        )
        for name in _SECRETS:
            if name in given:
                raise ConfigurationError(
                    f"{name} stands in .chalice/config.json: a secret belongs into the parameter "
                    f"store (`python -m operations --stage {self.name} secrets set {name}`)"
                )
        return dict(variables)

    @property
    def from_the_shell(self) -> dict[str, str]:
        return {name: os.environ[name] for name in _FROM_THE_SHELL if os.environ.get(name)}

    @property
    def infrastructure(self) -> dict[str, str]:
        """The stage's values for the templates' parameters. Raises ConfigurationError."""
        given = self.config["stages"][self.name].get("infrastructure", {})
        known = parameters()
        api_stage = Config(self.name, config_from_disk=dict(self.config)).api_gateway_stage
        if api_stage not in (None, self.name):
            raise ConfigurationError(
                f"api_gateway_stage is {api_stage}: alarms and dashboard know the API's stage as "
                f"{self.name}, so leave it out"
            )
        for name, value in given.items():
            if name not in known:
                raise ConfigurationError(
                    f"{name} is no parameter of infrastructure/: there are {', '.join(known)}"
                )
            if known[name]["Type"] == "Number" and not _is_number(value):
                raise ConfigurationError(f"{name} is {value!r}: expected a number")
        return {
            **{name: str(each["Default"]) for name, each in known.items()},
            "AppName": self.app_name,
            "Stage": self.name,
            "SecretKeyParameter": self.secret_parameters["SECRET_KEY_PARAMETER"],
            "SmtpPasswordParameter": self.secret_parameters["SMTP_PASSWORD_PARAMETER"],
            **{
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in given.items()
            },
        }

    @property
    def secret_parameters(self) -> dict[str, str]:
        """Where the stage's secrets lie, unless config.json names another place."""
        declared = self.declared
        places = {
            "SECRET_KEY_PARAMETER": f"/{self.app_name}/{self.name}/secret-key",
            "SMTP_PASSWORD_PARAMETER": f"/{self.app_name}/{self.name}/smtp-password",
        }
        return {name: declared.get(name, place) for name, place in places.items()}

    def function_name(self, function: str) -> str:
        """As Chalice names them: the API's has no suffix."""
        return self.title if function == "api_handler" else f"{self.title}-{function}"

    def role_name(self, function: str) -> str:
        return f"{self.title}-{function}"


class Project:
    """The stage as Chalice deploys it. `provisioned` are its settings from the data stack."""

    def __init__(
        self, stage: Deployable, provisioned: Mapping[str, str], files: Mapping[str, str]
    ) -> None:
        self.stage = stage
        code = code_digest(stage.root)
        self._factory = _Factory(stage, _completed(stage, provisioned, files, code))
        written = json.dumps(
            {**stage.config, "stages": stage.config["stages"][stage.name]}, sort_keys=True
        )
        # What Chalice deploys, its settings for function and API too.
        self.digest = hashlib.sha256(f"{code} {written}".encode()).hexdigest()[:32]

    @property
    def config(self) -> Config:
        return self._factory.create_config_obj(self.stage.name)

    def function_config(self, function: str) -> Config:
        config: Config = self.config.scope(self.stage.name, function)
        return config

    def app(self) -> Chalice:
        """app.py under the stage's settings. Raises SettingsError, ConfigurationError."""
        app: Chalice = self._factory.load_chalice_app(self.config.environment_variables)
        if app.app_name != self.stage.app_name:
            # The API has the one name, the alarms and the search for the API the other.
            raise ConfigurationError(
                f"app.py is {app.app_name}, .chalice/config.json {self.stage.app_name}: "
                "both have to have one app_name"
            )
        return app

    def deploy(self) -> None:
        """`chalice deploy`. Raises ChaliceDeploymentError, and leaves Chalice's state file."""
        self._pack()
        ui = UI()
        deployer = self._factory.create_default_deployer(
            self._factory.create_botocore_session(), self.config, ui
        )
        deployed = deployer.deploy(self.config, chalice_stage_name=self.stage.name)
        self._factory.create_deployment_reporter(ui).display_report(deployed)

    def delete(self) -> None:
        """`chalice delete`."""
        client = TypedAWSClient(self._factory.create_botocore_session())
        create_deletion_deployer(client, UI()).deploy(self.config, self.stage.name)

    def package(self, directory: Path, additions: Mapping[str, Any]) -> None:
        """`chalice package --merge-template`: template and zip into `directory`."""
        self._pack()
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(additions, file)
            file.flush()
            options = self._factory.create_package_options()
            packager = self._factory.create_app_packager(
                self.config, options, "cloudformation", "json", merge_template=file.name
            )
            packager.package_app(self.config, str(directory), self.stage.name)

    def _pack(self) -> None:
        tidy(self.stage.root)
        pack(self.config)


@contextmanager
def project(
    stage: Deployable,
    provisioned: Mapping[str, str],
    rendered: Mapping[str, policies.Policy],
) -> Iterator[Project]:
    """Chalice reads the policies from files, which are there for as long."""
    with tempfile.TemporaryDirectory() as directory:
        yield Project(stage, provisioned, policies.write(Path(directory), rendered))


class _Factory(CLIFactory):
    """Chalice's own, over a configuration that is completed already."""

    def __init__(self, stage: Deployable, completed: dict[str, Any]) -> None:
        super().__init__(str(stage.root), environ=os.environ)
        self._completed = completed

    def load_project_config(self) -> dict[str, Any]:
        return self._completed


def _completed(
    stage: Deployable, provisioned: Mapping[str, str], files: Mapping[str, str], code: str
) -> dict[str, Any]:
    name = stage.name
    beneath = {
        "autogen_policy": False,
        "api_gateway_stage": name,
        # What people wrote down for all stages counts more, too.
        "environment_variables": merge(provisioned, stage.config.get("environment_variables", {})),
        "lambda_functions": {
            function: {"iam_policy_file": file} for function, file in files.items()
        },
    }
    above = {
        "environment_variables": stage.from_the_shell,
        "tags": {CODE_TAG: code},
    }
    of_stage = merge(beneath, stage.config["stages"][name], above)
    return merge(stage.config, {"stages": {name: of_stage}})


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
