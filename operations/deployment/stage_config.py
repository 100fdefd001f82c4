"""A stage in .chalice/config.json: the functions' settings, and the stack's parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalice.config import Config

from operations.deployment import templates
from operations.deployment.aws import DeploymentError

_SECRETS = ("SECRET_KEY", "SMTP_PASSWORD")
# The setting with the name of each table in the template.
TABLES = {
    "EventTable": "EVENT_TABLE",
    "RegistrationTable": "REGISTRATION_TABLE",
    "CheckInTable": "CHECK_IN_TABLE",
}


class ConfigurationError(DeploymentError):
    """.chalice/config.json cannot be deployed as it is; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class StageConfig:
    """`config` is the whole config.json, and `root` is the project's directory."""

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
    def chalice(self) -> Config:
        """Chalice's view of the stage, without the app."""
        params = {"project_dir": str(self.root), "api_gateway_stage": "api"}
        return Config(self.name, default_params=params, config_from_disk=dict(self.config))

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(self.config["lambda_functions"])

    @property
    def settings(self) -> dict[str, str]:
        """The functions' settings, without this shell's variables. Raises ConfigurationError."""
        chalice = self.chalice
        scopes = [chalice, *(chalice.scope(self.name, function) for function in self.functions)]
        for name in _SECRETS:
            if any(name in scope.environment_variables for scope in scopes):
                raise ConfigurationError(
                    f"{name} is in .chalice/config.json. A secret belongs in the parameter store: "
                    f"`python -m operations --stage {self.name} secrets set {name}`"
                )
        return dict(chalice.environment_variables)

    @property
    def tables(self) -> dict[str, str]:
        """The name of each table in the template."""
        settings = self.settings
        return {resource: settings.get(name, "") for resource, name in TABLES.items()}

    @property
    def infrastructure(self) -> dict[str, str]:
        """The values of the templates' parameters. Raises ConfigurationError."""
        given = self.config["stages"][self.name].get("infrastructure", {})
        known = templates.parameters()
        if self.chalice.api_gateway_stage != self.name:
            raise ConfigurationError(
                f"api_gateway_stage is {self.chalice.api_gateway_stage}: set it to {self.name}, "
                "the name that alarms and dashboard use"
            )
        for name, value in given.items():
            if name not in known:
                raise ConfigurationError(
                    f"infrastructure has no parameter {name}: there are {', '.join(known)}"
                )
            if known[name]["Type"] == "Number" and not _is_number(value):
                raise ConfigurationError(f"{name} is {value!r}: expected a number")
        return {
            **{name: str(each["Default"]) for name, each in known.items()},
            "AppName": self.app_name,
            "Stage": self.name,
            **{
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in given.items()
            },
        }

    def function_name(self, function: str) -> str:
        """The name that Chalice gives a function; the API function's has no suffix."""
        return self.title if function == "api_handler" else f"{self.title}-{function}"

    def role_name(self, function: str) -> str:
        return f"{self.title}-{function}"

    def policy(self, function: str) -> dict[str, Any]:
        """The function's IAM policy, from the file that config.json names."""
        file = self.root / ".chalice" / self.chalice.scope(self.name, function).iam_policy_file
        policy: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return policy


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
