"""Which of several APIs of a stage is the one, where Chalice's state is lost or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.deployment import gateway
from operations.deployment.live import Live
from operations.deployment.project import Deployable

STAGES = {
    "never-staged": {},
    "half-made": {"dev": {"stageName": "dev"}},
    "finished": {"dev": {"stageName": "dev", "description": "a digest"}},
}


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setattr(gateway, "belonging_to", lambda *_: list(STAGES))
    monkeypatch.setattr(gateway, "stages", lambda api_id: STAGES[api_id])
    config = {"app_name": "rollcall", "stages": {"dev": {}}}
    return Live(Deployable(tmp_path, "dev", config))


def test_without_a_state_the_api_is_the_one_whose_deployment_ended(live: Live) -> None:
    assert live.api_id() == "finished"


def test_the_one_that_chalice_knows_goes_before_all_others(live: Live, tmp_path: Path) -> None:
    state = tmp_path / ".chalice" / "deployed" / "dev.json"
    state.parent.mkdir(parents=True)
    entry = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "half-made"}
    state.write_text(json.dumps({"resources": [entry]}))
    assert live.api_id() == "half-made"
