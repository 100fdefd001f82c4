"""Runs Chalice's own commands, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from chalicelib.chalice_command import ONE_STACK
from operations.deployment.aws import DeploymentError
from operations.deployment.packing import pack, tidy
from operations.deployment.stage_config import StageConfig


def deploy(stage: StageConfig) -> None:
    """Run `chalice deploy`, with the finished zip. Raises DeploymentError."""
    _run(stage, "deploy", advice="run `make deploy` again to continue")


def delete(stage: StageConfig) -> None:
    """Run `chalice delete`. Raises DeploymentError."""
    _run(stage, "delete", advice="run `make destroy` again to continue")


def package(stage: StageConfig, directory: Path, additions: Mapping[str, Any]) -> None:
    """Run `chalice package --merge-template`: writes `sam.json` and the zip to `directory`.

    Raises DeploymentError.
    """
    tidy(stage.root)
    pack(stage.chalice)
    with NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(additions, file)
        file.flush()
        options = ("--merge-template", file.name, str(directory.absolute()))
        _run(stage, "package", *options, advice="nothing was packaged", **{ONE_STACK: "1"})


def _run(stage: StageConfig, command: str, *options: str, advice: str, **variables: str) -> None:
    chalice = Path(sys.executable).with_name("chalice")
    # Modules that Python compiles while it imports the app would be packed, and would change the
    # name under which Chalice looks for the finished zip.
    environment = {**os.environ, **variables, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603  -- Chalice, from this environment
        [chalice, command, "--stage", stage.name, *options],
        cwd=stage.root,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise DeploymentError(f"`chalice {command} --stage {stage.name}` failed; {advice}")
