"""Where a stage's settings and address come from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from operations.stage import Stage, UnknownStageError

CONFIG = {
    "app_name": "rollcall",
    "environment_variables": {"EVENT_TABLE": "shared", "REGISTRATION_TABLE": "shared"},
    "stages": {
        "local": {"environment_variables": {"SETTINGS_FILE": "none"}},
        "dev": {
            "environment_variables": {
                "REGISTRATION_TABLE": "of dev",
                "CHECK_IN_TABLE": "of dev",
                "SECRET_KEY": "of dev",
                "MAIL_FROM": "hello@example.com",
                "AWS_PROFILE": "dev",
            }
        },
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".chalice" / "deployed").mkdir(parents=True)
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return tmp_path


def test_a_deployed_stage_has_its_own_variables_and_nothing_of_the_shell(project: Path) -> None:
    os.environ |= {"REGISTRATION_TABLE": "the shell's", "SECRET_KEY": "the shell's"}
    stage = Stage("dev", project)
    settings = stage.wiring.settings
    assert (settings.event_table, settings.registration_table) == ("shared", "of dev")
    assert settings.secret_key.value == "of dev"
    assert stage.setting("REGISTRATION_TABLE") == "of dev"
    assert os.environ["AWS_PROFILE"] == "dev"


def test_on_this_machine_the_environment_wins(project: Path) -> None:
    os.environ["REGISTRATION_TABLE"] = "mine"
    assert Stage("local", project).wiring.settings.registration_table == "mine"


def test_an_unknown_stage_is_told_with_those_that_there_are(project: Path) -> None:
    with pytest.raises(UnknownStageError, match=r"no stage prod .*there are local, dev"):
        _ = Stage("prod", project).wiring


def test_a_deployed_stage_answers_where_chalice_says(project: Path) -> None:
    resources = [
        {"name": "api_handler", "resource_type": "lambda_function"},
        {"name": "rest_api", "rest_api_url": "https://api.example.com/api/"},
    ]
    deployed = project / ".chalice" / "deployed" / "dev.json"
    deployed.write_text(json.dumps({"resources": resources}))
    assert Stage("dev", project).base_url == "https://api.example.com/api"


def test_a_stage_that_is_not_deployed_has_no_address(project: Path) -> None:
    assert Stage("dev", project).base_url is None
    assert Stage("local", project).base_url == "http://127.0.0.1:8000"
