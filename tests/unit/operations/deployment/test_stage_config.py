"""What of .chalice/config.json is refused, and that what is committed is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import app
from operations.deployment import templates
from operations.deployment.stage_config import ConfigurationError, StageConfig

ROOT = Path(__file__).parents[4]
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())


def stage(**of_stage: Any) -> StageConfig:
    changed = {**CONFIG["stages"]["dev"], **of_stage}
    return StageConfig(ROOT, "dev", {**CONFIG, "stages": {"dev": changed}})


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_committed_names_are_those_that_the_template_makes(name: str) -> None:
    committed = StageConfig(ROOT, name, CONFIG)
    resources = templates.data()["Resources"]
    made = {
        resource: resources[resource]["Properties"]["TableName"]["Fn::Sub"]
        .replace("${AppName}", app.app.app_name)
        .replace("${Stage}", name)
        for resource in committed.tables
    }
    assert committed.tables == made
    assert committed.app_name == app.app.app_name
    assert committed.settings["METRICS_NAMESPACE"] == committed.title
    assert committed.infrastructure["Stage"] == name


@pytest.mark.parametrize("name", ["SECRET_KEY", "SMTP_PASSWORD"])
def test_a_secret_in_config_json_is_refused_by_name(name: str) -> None:
    given = {"environment_variables": {name: "open"}}
    for refused in (stage(**given), stage(lambda_functions={"sweep_deliveries": given})):
        with pytest.raises(ConfigurationError, match=rf"^{name} is in") as error:
            _ = refused.settings
        assert "open" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"infrastructure": {"AlarmMail": "a@example.com"}}, "no parameter AlarmMail.*AlarmEmail"),
        ({"infrastructure": {"RateLimit": "many"}}, "RateLimit is 'many': expected a number"),
        ({"api_gateway_stage": "v1"}, "api_gateway_stage is v1: set it to dev"),
    ],
)
def test_a_value_that_cannot_work_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _ = stage(**given).infrastructure
