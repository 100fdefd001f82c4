"""An empty AWS, a mail server and a clone of the project: all that a deployment needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from running import ROOT
from smtp_server import SmtpServer

from deployed.cloud import Cloud
from local import emulator, processes
from local.loopback import free_port


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Empty: nothing is deployed yet."""
    if not emulator.PYTHON.is_file():
        pytest.skip("the AWS emulator is not set up: `make test` does it")
    project = tmp_path_factory.mktemp("deployed") / "clone"
    left_out = shutil.ignore_patterns(
        ".*.sw?", ".*_cache", ".#*", ".DS_Store", ".git", ".venv", "__pycache__", "deployed",
        "deployments", "docs", "dist", "provisioned", "services.json", "tests", "*~",
    )  # fmt: skip
    shutil.copytree(ROOT, project, ignore=left_out)
    port = free_port()
    server = emulator.start(port, os.environ)
    try:
        with SmtpServer() as mail_server:
            keep = {
                name: os.environ[name] for name in os.environ if name.startswith(("PATH", "PIP_"))
            }
            yield Cloud(
                project,
                {
                    **keep,
                    **emulator.environment(port),
                    "HOME": str(project),
                    "PYTHONPATH": str(project),
                    "SMTP_HOST": "127.0.0.1",
                    "SMTP_PORT": str(mail_server.port),
                    "SMTP_SECURITY": "none",
                },
                mail_server,
            )
    finally:
        processes.stop(server)
