"""An empty AWS, a mail server and a clone of the project: all that a deployment needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import ROOT
from smtp_server import SmtpServer

from deployed.cloud import Cloud
from local import emulator, processes
from local.loopback import free_port

_HURRY = Path(__file__).parent / "hurry"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Empty: nothing is deployed yet."""
    if not emulator.PYTHON.is_file():
        pytest.skip("the AWS emulator is not set up: `make check` does it")
    project = tmp_path_factory.mktemp("deployed") / "clone"
    left_out = shutil.ignore_patterns(
        ".*.sw?", ".*_cache", ".#*", ".DS_Store", ".git", ".venv", "__pycache__", "deployed",
        "deployments", "docs", "dist", "services.json", "tests", "*~",
    )  # fmt: skip
    shutil.copytree(ROOT, project, ignore=left_out)
    port = free_port()
    with SmtpServer() as mail_server:
        server = emulator.start(port, mail_server.port)
        try:
            keep = {
                name: os.environ[name] for name in os.environ if name.startswith(("PATH", "PIP_"))
            }
            environment = {
                **keep,
                **emulator.environment(port),
                "HOME": str(project),
                "PIP_CACHE_DIR": os.environ.get(
                    "PIP_CACHE_DIR", str(Path("~/.cache/pip").expanduser())
                ),
                "PYTHONPATH": f"{_HURRY}:{project}",
            }
            yield Cloud(project, environment, mail_server)
        finally:
            processes.stop(server)
