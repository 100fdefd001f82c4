"""`deploy`, `diff`, `destroy` as their user sees them: lines, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError
from click.testing import CliRunner, Result

from chalicelib.settings import SettingsError
from operations import deploy_commands
from operations.__main__ import operations
from operations.deployment.aws import DeploymentError
from operations.stage import Stage

CONFIG = {"app_name": "rollcall", "stages": {"local": {}, "dev": {}}}
EXPIRED = ClientError(
    {"Error": {"Code": "ExpiredToken", "Message": "The security token is expired"}}, "GetRole"
)


class Deployment:
    """In place of the real one: what it finds, or fails with."""

    found: tuple[str, ...] = ()
    fails: Exception | None = None
    destroyed: list[bool]

    def __init__(self, _stage: Any, _say: Any) -> None:
        if self.fails:
            raise self.fails

    def differences(self) -> Iterator[str]:
        yield from self.found

    def destroy(self, *, with_data: bool) -> None:
        self.destroyed.append(with_data)

    def deploy(self, **_options: float) -> str:
        return "https://api.example.com/dev"


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> type[Deployment]:
    class Fresh(Deployment):
        destroyed: list[bool] = []  # noqa: RUF012

    monkeypatch.setattr(deploy_commands, "Deployment", Fresh)
    return Fresh


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def run(project: Path, *arguments: str, stage: str = "dev", typed: str = "") -> Result:
    return CliRunner().invoke(operations, arguments, obj=Stage(stage, project), input=typed)


def test_a_diff_without_anything_exits_with_0(deployment: type[Deployment], project: Path) -> None:
    shown = run(project, "diff")
    assert (shown.exit_code, shown.output) == (0, "nothing to change\n")


def test_a_diff_with_something_exits_with_1(deployment: type[Deployment], project: Path) -> None:
    deployment.found = ("REST API: made", "stream mapping: made")
    shown = run(project, "diff")
    assert shown.exit_code == 1
    assert shown.output.splitlines() == [*deployment.found, "stage dev: 2 to change"]


@pytest.mark.parametrize("command", ["deploy", "diff", "verify"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "Unable to locate credentials"),
        (NoRegionError(), "You must specify a region."),
        (EXPIRED, "The security token is expired"),
        (DeploymentError("the table is gone"), "the table is gone"),
        (SettingsError("MAIL_FROM is missing"), "MAIL_FROM is missing"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    deployment: type[Deployment], project: Path, command: str, error: Exception, said: str
) -> None:
    deployment.fails = error
    failed = run(project, command)
    assert failed.exit_code == 2
    [line] = failed.output.splitlines()
    assert line.startswith("Error: ")
    assert said in line


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "yes\n", "prod\n"])
def test_without_the_stages_name_nothing_is_destroyed(
    deployment: type[Deployment], project: Path, typed: str
) -> None:
    refused = run(project, "destroy", typed=typed)
    assert refused.exit_code != 0
    assert deployment.destroyed == []


@pytest.mark.parametrize(
    ("arguments", "typed", "with_data"),
    [
        ((), "dev\n", False),
        (("--delete-data",), "dev\n", True),
        (("--yes",), "", False),
        (("--delete-data", "--yes"), "", True),
    ],
)
def test_data_is_destroyed_where_that_was_said(
    deployment: type[Deployment],
    project: Path,
    arguments: tuple[str, ...],
    typed: str,
    with_data: bool,
) -> None:
    done = run(project, "destroy", *arguments, typed=typed)
    assert done.exit_code == 0, done.output
    assert deployment.destroyed == [with_data]
    assert ("ALL DATA" in done.output) is with_data


def test_the_question_says_that_all_data_goes(deployment: type[Deployment], project: Path) -> None:
    assert "ALL DATA" in run(project, "destroy", "--delete-data", typed="\n").output
    assert "all but its data" in run(project, "destroy", typed="\n").output


def test_a_deployment_ends_with_the_apps_address(
    deployment: type[Deployment], project: Path
) -> None:
    assert run(project, "deploy").output.endswith(": https://api.example.com/dev\n")


@pytest.mark.parametrize("command", ["deploy", "diff", "verify", "destroy"])
def test_the_stage_on_this_machine_is_not_deployed(
    deployment: type[Deployment], project: Path, command: str
) -> None:
    refused = run(project, command, *(["--yes"] if command == "destroy" else []), stage="local")
    assert refused.exit_code == 2
    assert "local runs on this machine" in refused.output
    assert deployment.destroyed == []
