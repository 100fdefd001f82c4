"""The stage that a command works on: its settings, tables and address."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from chalice.config import Config

from chalicelib import settings
from chalicelib.storage.dynamodb import AT_A_DESK
from chalicelib.wiring import Wiring

_PROJECT = Path(__file__).parent.parent
_LOCAL_PORT = "8000"


class UnknownStageError(Exception):
    """The message names the stages that exist."""


class Stage:
    """One of the stages in .chalice/config.json; nothing is read before it is needed."""

    def __init__(self, name: str, project: Path = _PROJECT) -> None:
        self.name = name
        self.root = project

    @cached_property
    def wiring(self) -> Wiring:
        """The app's own parts, with this stage's settings.

        A deployed stage has the settings of config.json, whatever the shell says. On this machine
        the environment wins. The SDK reads its own settings (AWS_…) from the environment.

        Raises UnknownStageError and SettingsError.
        """
        variables = self._variables()
        is_local = "SETTINGS_FILE" in variables
        for name, value in variables.items():
            if is_local or name.startswith("AWS_"):
                os.environ.setdefault(name, value)
        return Wiring(settings.load(None if is_local else variables), patience=AT_A_DESK)

    def setting(self, name: str) -> str | None:
        """One setting by itself, which is needed before the others are complete.

        Raises UnknownStageError.
        """
        variables = self._variables()
        shell = os.environ.get(name) if "SETTINGS_FILE" in variables else None
        return shell or variables.get(name) or None

    @property
    def base_url(self) -> str | None:
        """The app's URL, without a trailing slash; None before its first deployment."""
        deployed = self.root / ".chalice" / "deployed" / f"{self.name}.json"
        if deployed.is_file():
            for resource in json.loads(deployed.read_text())["resources"]:
                if "rest_api_url" in resource:
                    return str(resource["rest_api_url"]).rstrip("/")
        if self.name != "local":
            return None
        return f"http://127.0.0.1:{os.environ.get('PORT', _LOCAL_PORT)}"

    @cached_property
    def config(self) -> dict[str, Any]:
        """.chalice/config.json, which has this stage. Raises UnknownStageError."""
        path = self.root / ".chalice" / "config.json"
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stages = config.get("stages", {})
        if self.name not in stages:
            raise UnknownStageError(
                f"no stage {self.name} in .chalice/config.json; there are {', '.join(stages)}"
            )
        return config

    def _variables(self) -> dict[str, str]:
        """The functions' settings in config.json: those for all stages, and those for this one."""
        return dict(Config(self.name, config_from_disk=self.config).environment_variables)
