"""A DynamoDB with streams on this machine: moto's server, or AWS's DynamoDB Local.

moto needs only Python, and loses its data when it stops. DynamoDB Local is AWS's own
implementation and keeps its data between runs, but needs Java and Maven.
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
    kind: Kind, port: int, environment: Mapping[str, str], *, jars: Path, data: Path
) -> subprocess.Popen[bytes]:
    """Start it on 127.0.0.1. DynamoDB Local's jars are in a folder of `jars`, its tables in `data`.

    Raises MissingExtra.
    """
    if kind == "moto":
        return processes.start(processes.python("local.moto", str(port)), environment)
    data.mkdir(parents=True, exist_ok=True)
    command = dynamodb_local_command(install(jars), port, "-dbPath", str(data))
    return processes.start(command, environment, quiet=True)


def install(state: Path) -> Path:
    """The folder in `state` with DynamoDB Local's jars, which Maven fetches the first time.

    Raises MissingExtra.
    """
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
            # Renamed at the end, so that it is all or nothing even if another run fetches them too.
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
        "-sharedDb",  # one data set for every key and region that a client may use
        "-disableTelemetry",
        *options,
    ]
