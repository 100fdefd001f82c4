"""Chalice's own commands fail with one line that says what to type, not with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import app
from chalicelib import chalice_command
from local.loopback import free_port

CHALICE = str(Path(sys.executable).with_name("chalice"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody without an AWS account."""
    keep = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return {
        **keep,
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def said(clone: Path, environment: dict[str, str], *arguments: str) -> str:
    """The one line that the command ends with."""
    done = subprocess.run(
        [CHALICE, *arguments], cwd=clone, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    [line] = (done.stdout + done.stderr).splitlines()
    return line


AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
REGION = {"AWS_DEFAULT_REGION": "us-east-1"}


@pytest.mark.full
@pytest.mark.parametrize("command", [("deploy",), ("package", "out")])
def test_without_region_credentials_or_an_answer(
    clone: Path, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    assert "You must specify a region" in said(clone, environment, *command)
    refused = said(clone, environment | REGION, *command)
    assert refused == (
        "rollcall: Unable to locate credentials. Set region and credentials as the AWS SDK wants "
        "them, such as AWS_PROFILE"
    )
    nobody = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    assert "Could not connect" in said(clone, environment | REGION | AWS | nobody, *command)


def test_before_the_first_make_deploy(
    clone: Path, environment: dict[str, str], moto_server: str
) -> None:
    there = environment | REGION | AWS | {"AWS_ENDPOINT_URL": moto_server}
    assert said(clone, there, "deploy", "--stage=prod") == (
        "rollcall: there is no table rollcall-prod-check-ins yet. "
        "Type `make deploy STAGE=prod` first"
    )
    local = said(clone, there, "local")
    assert local.endswith("`make services`, and in another terminal `chalice local --stage local`")


def test_without_the_requirements(clone: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """As where somebody has installed Chalice alone; the package is hidden here."""
    (tmp_path / "phonenumbers.py").write_text("raise ModuleNotFoundError(name='phonenumbers')")
    refused = said(clone, environment | {"PYTHONPATH": str(tmp_path)}, "deploy")
    assert refused == (
        "rollcall: phonenumbers is missing. Type `pip install -r requirements.txt` first"
    )


def test_chalice_local_without_the_services(clone: Path, environment: dict[str, str]) -> None:
    assert said(clone, environment, "local", "--stage", "local") == (
        "rollcall: the services are not running. Type `make services` first, in another terminal"
    )


def test_an_unknown_stage_and_a_setting_that_is_missing_or_wrong(
    clone: Path, environment: dict[str, str]
) -> None:
    assert said(clone, environment, "deploy", "--stage", "test") == (
        "rollcall: no stage test in .chalice/config.json; there are local, dev, prod"
    )
    file = clone / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    variables = config["stages"]["dev"]["environment_variables"]
    del variables["MAIL_FROM"]
    variables["BATCH_SIZE"] = "many"
    file.write_text(json.dumps(config))
    shell = {"MAIL_FROM": "shell@example.com"}  # which is ignored
    line = said(clone, environment | shell, "deploy")
    assert line.startswith("rollcall, stage dev in .chalice/config.json: ")
    assert "MAIL_FROM is missing" in line
    assert "BATCH_SIZE is wrong" in line


def test_a_running_function_asks_for_no_stream() -> None:
    assert app.check_in_stream == chalice_command.stream_arn("check-ins")
    assert app.check_in_stream.startswith(
        "arn:aws:dynamodb:us-east-1:000000000000:table/check-ins/"
    )
