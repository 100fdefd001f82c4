"""What was packed, and how each function starts from it alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from local import lambda_python

_SCRIPT = Path(__file__).parent / "cold_start.py"
_PATIENCE = 60  # seconds, for one start


@dataclass
class Package:
    template: dict[str, Any]
    zip: Path

    def names(self) -> list[str]:
        with ZipFile(self.zip) as archive:
            return archive.namelist()

    def files(self) -> Iterator[tuple[str, bytes]]:
        with ZipFile(self.zip) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)


@dataclass
class Start:
    """What a function answered, and the modules of the zip that it loaded."""

    answer: Any
    modules: list[str]
    compiled_here: list[str]


def start(
    unpacked: Path,
    packages: Path,
    handler: str,
    event: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Start:
    """In an interpreter that has the zip, Lambda's packages and this environment alone.

    `unpacked` is the directory of the zip, `packages` that of Lambda's.
    """
    done = subprocess.run(
        lambda_python.command(_SCRIPT, str(unpacked), str(packages), handler, json.dumps(event)),
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Start(**json.loads(done.stdout.splitlines()[-1]))
