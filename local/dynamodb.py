"""A DynamoDB with streams on this machine: moto's server, or AWS's DynamoDB Local.

moto needs Python alone and forgets everything when it stops. DynamoDB Local needs Java and Maven,
is AWS's own implementation, and keeps the data between runs.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from local import processes

Kind = Literal["moto", "local"]

log = logging.getLogger(__name__)

_POM = Path(__file__).parent / "dynamodb_local" / "pom.xml"
_MAIN = "software.amazon.dynamodb.services.local.main.ServerRunner"
_MAVEN_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class MissingExtra(Exception):
    """DynamoDB Local needs something that is not on this machine."""


def start(
    kind: Kind, port: int, state: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start it on 127.0.0.1; `state` is the directory for jars and data."""
    if kind == "moto":
        return processes.start(processes.python("local.moto", str(port)), environment)
    data = state / "dynamodb"
    data.mkdir(parents=True, exist_ok=True)
    jars = install(state)
    return processes.start(
        dynamodb_local_command(jars, port, "-dbPath", str(data)), environment, quiet=True
    )


def install(state: Path) -> Path:
    """The directory with DynamoDB Local's jars; Maven brings them the first time."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise MissingExtra(f"DYNAMODB=local needs {program}, which is not on this machine")
    version = hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    jars = state / f"dynamodb-local-{version}"
    if not jars.is_dir():
        log.warning("fetching DynamoDB Local (once, about 100 MB)…")
        state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=state) as arriving:
            target = Path(arriving) / "jars"
            maven = ["mvn", "-q", "-B", "-Dstyle.color=never", "-f", str(_POM), _MAVEN_GOAL]
            fetched = subprocess.run(  # noqa: S603  -- a fixed command
                [*maven, f"-DoutputDirectory={target}"],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=sys.__stderr__,
            )
            if fetched.returncode:
                raise MissingExtra("DYNAMODB=local needs its jars, and Maven could not fetch them")
            # All of it or nothing, whoever else is fetching it too.
            with suppress(OSError):
                target.rename(jars)
    return jars


def dynamodb_local_command(jars: Path, port: int, *options: str) -> list[str]:
    return [
        "java",
        f"-Djava.library.path={jars}",
        "-cp",
        f"{jars}/*",
        _MAIN,
        "-port",
        str(port),
        "-sharedDb",  # one data set, whatever key and region a client comes with
        "-disableTelemetry",
        *options,
    ]
