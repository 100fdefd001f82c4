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
        "local": {},
        "dev": {"environment_variables": {"REGISTRATION_TABLE": "of dev", "AWS_PROFILE": "dev"}},
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".chalice" / "deployed").mkdir(parents=True)
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return tmp_path


def test_a_stage_has_its_own_variables_over_those_of_all(project: Path) -> None:
    for name in ("EVENT_TABLE", "REGISTRATION_TABLE"):
        del os.environ[name]
    settings = Stage("dev", project).wiring.settings
    assert (settings.event_table, settings.registration_table) == ("shared", "of dev")
    assert os.environ["AWS_PROFILE"] == "dev"


def test_the_environment_goes_before_the_stage(project: Path) -> None:
    os.environ["REGISTRATION_TABLE"] = "mine"
    assert Stage("dev", project).wiring.settings.registration_table == "mine"


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
