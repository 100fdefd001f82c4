"""A stage as config.json, the shell and the data stack make it together."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from operations.deployment.packing import code_digest
from operations.deployment.project import (
    CODE_TAG,
    ConfigurationError,
    Deployable,
    Project,
    project,
)

PROVISIONED = {"CHECK_IN_TABLE": "made", "SECRET_KEY_PARAMETER": "/rollcall/dev/secret-key"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / ".chalice").mkdir()
    for name in ("app.py", "requirements.txt", "chalicelib/settings.py", ".chalice/config.json"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def stage(root: Path, of_stage: dict[str, Any] | None = None, **of_all: Any) -> Deployable:
    config = {"app_name": "rollcall", "version": "2.0", **of_all}
    return Deployable(root, "dev", {**config, "stages": {"dev": of_stage or {}}})


def variables(deployable: Deployable, function: str = "api_handler") -> dict[str, str]:
    found: dict[str, str] = (
        Project(deployable, PROVISIONED, {}).function_config(function).environment_variables
    )
    return found


@pytest.mark.parametrize("name", ["SECRET_KEY", "SMTP_PASSWORD"])
@pytest.mark.parametrize("where", ["all stages", "the stage", "one function"])
def test_a_secret_in_config_json_is_refused_by_name(root: Path, name: str, where: str) -> None:
    given = {"environment_variables": {name: "open"}}
    deployable = {
        "all stages": stage(root, **given),
        "the stage": stage(root, given),
        "one function": stage(root, {"lambda_functions": {"sweep_deliveries": given}}),
    }[where]
    with pytest.raises(ConfigurationError, match=rf"^{name} stands in") as refused:
        _ = deployable.declared
    assert "open" not in str(refused.value)


def test_what_people_wrote_down_counts_more_than_what_was_provisioned(root: Path) -> None:
    assert variables(stage(root))["CHECK_IN_TABLE"] == "made"
    mine = {"environment_variables": {"CHECK_IN_TABLE": "mine"}}
    assert variables(stage(root, mine))["CHECK_IN_TABLE"] == "mine"
    assert variables(stage(root, **mine))["CHECK_IN_TABLE"] == "mine"


def test_the_shell_counts_more_than_config_json(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployable = stage(root, {"environment_variables": {"SMTP_HOST": "mail.example.com"}})
    monkeypatch.delenv("SMTP_HOST")
    assert variables(deployable)["SMTP_HOST"] == "mail.example.com"
    monkeypatch.setenv("SMTP_HOST", "smtp.example.org")
    assert variables(deployable)["SMTP_HOST"] == "smtp.example.org"


@pytest.mark.parametrize("name", ["SECRET_KEY", "SMTP_PASSWORD", "AWS_SECRET_ACCESS_KEY"])
def test_no_secret_of_the_shell_is_deployed(
    root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "of the shell")
    assert "of the shell" not in variables(stage(root)).values()


def test_config_json_is_not_written(root: Path) -> None:
    file = root / ".chalice" / "config.json"
    before = file.read_bytes(), file.stat().st_mtime_ns
    config = {"app_name": "rollcall", "stages": {"dev": {"tags": {"team": "events"}}}}
    with project(Deployable(root, "dev", config), PROVISIONED, {"api_handler": {}}) as chalice:
        scoped = chalice.function_config("api_handler")
        assert Path(scoped.iam_policy_file).is_file()
        assert scoped.tags.keys() >= {"team", CODE_TAG}
    assert config == {"app_name": "rollcall", "stages": {"dev": {"tags": {"team": "events"}}}}
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_the_codes_digest_is_the_same_whenever_and_wherever_it_lies(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = code_digest(root)
    os.utime(root / "app.py", (0, 0))
    cache = root / "chalicelib" / "__pycache__"
    cache.mkdir()
    (cache / "settings.cpython-311.pyc").write_bytes(b"of this machine")
    assert code_digest(root) == before
    elsewhere = tmp_path_factory.mktemp("clone") / "rollcall"
    root.rename(elsewhere)
    assert code_digest(elsewhere) == before


def test_the_deployments_digest_knows_code_and_configuration(root: Path) -> None:
    def digest(**of_all: Any) -> str:
        return Project(stage(root, **of_all), PROVISIONED, {}).digest

    before = digest()
    assert digest() == before
    assert digest(minimum_compression_size=1024) != before
    assert digest(reserved_concurrency=5) != before
    (root / "app.py").write_text("changed")
    assert digest() != before


def test_a_stage_that_says_nothing_has_the_templates_values(root: Path) -> None:
    values = stage(root).infrastructure
    assert values["Stage"] == "dev"
    assert values["SecretKeyParameter"] == "/rollcall/dev/secret-key"
    assert (float(values["RateLimit"]), values["DeletionProtection"]) == (50, "false")


def test_a_stages_values_are_what_cloudformation_takes(root: Path) -> None:
    given = {"DeletionProtection": True, "RateLimit": 7, "LogRetentionDays": 90}
    values = stage(root, {"infrastructure": given}).infrastructure
    assert [values[name] for name in given] == ["true", "7", "90"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"AlarmMail": "team@example.com"}, "AlarmMail is no parameter.*AlarmEmail"),
        ({"RateLimit": "many"}, "RateLimit is 'many': expected a number"),
    ],
)
def test_a_value_that_nothing_would_read_is_refused(
    root: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _ = stage(root, {"infrastructure": given}).infrastructure


def test_app_and_config_json_have_to_have_one_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.syspath_prepend(root)
    monkeypatch.setitem(sys.modules, "app", app)
    of_app = Project(stage(root), {}, {})
    assert of_app.app().app_name == "rollcall"
    renamed = Project(stage(root, app_name="roll"), {}, {})
    with pytest.raises(ConfigurationError, match=r"app\.py is rollcall, .*config\.json roll:"):
        renamed.app()


def test_the_apis_stage_has_the_stages_name_by_which_the_alarms_know_it(root: Path) -> None:
    assert stage(root, {"api_gateway_stage": "dev"}).infrastructure["Stage"] == "dev"
    for of_stage, of_all in (({"api_gateway_stage": "api"}, {}), ({}, {"api_gateway_stage": "v1"})):
        with pytest.raises(ConfigurationError, match="api_gateway_stage is "):
            _ = stage(root, of_stage, **of_all).infrastructure
