"""`destroy`, where it finds nothing, and where it is asked for the data too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from operations.deployment import tables
from operations.deployment.aws import DeploymentError, client
from operations.deployment.deploy import Deployment
from operations.deployment.live import Live
from operations.deployment.project import Deployable

STAGE = Deployable(Path("/nowhere"), "dev", {"app_name": "rollcall", "stages": {"dev": {}}})
OUTPUTS = {
    "EventTable": "events",
    "RegistrationTable": "registrations",
    "CheckInTable": "check-ins",
}


def test_a_stage_that_is_not_there_is_not_said_to_be_removed() -> None:
    with Stubber(client("cloudformation")) as stub:
        for _ in ("to settle it", "its outputs"):
            stub.add_client_error("describe_stacks", "ValidationError", "does not exist")
        with pytest.raises(DeploymentError, match="stage dev is not deployed"):
            Deployment(STAGE, lambda _words: None).destroy(with_data=True)


def test_the_stack_which_knows_the_tables_names_goes_after_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def noted(what: str) -> Callable[..., None]:
        return lambda *_arguments: done.append(what)

    deployment: Any = Deployment(STAGE, lambda _words: None)
    monkeypatch.setattr(deployment._stack, "settle", lambda _say: None)
    monkeypatch.setattr(deployment._stack, "outputs", lambda: OUTPUTS)
    monkeypatch.setattr(deployment._stack, "delete", noted("stack"))
    monkeypatch.setattr(deployment, "_remove_app", noted("app"))
    monkeypatch.setattr(tables, "delete", noted("tables"))
    deployment.destroy(with_data=True)
    assert done == ["app", "tables", "stack"]


def test_a_state_file_that_was_cut_off_is_none(tmp_path: Path) -> None:
    stage = Deployable(tmp_path, "dev", STAGE.config)
    file = tmp_path / ".chalice" / "deployed" / "dev.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"resources": [{"name": "rest_a')
    with Stubber(client("lambda")) as stub:
        stub.add_response("list_event_source_mappings", {"EventSourceMappings": []})
        assert Live(stage).mapping("arn:aws:dynamodb:::table/-/stream/-") is None
