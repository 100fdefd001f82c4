"""What was packed, and how each function starts from it alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local import emulator

_SCRIPT = Path(__file__).parent / "cold_start.py"
_PATIENCE = 60  # seconds, for one start
# What Lambda's Python runtime has beside Python's own: boto3, and what boto3 needs.
_OF_LAMBDA = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}


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


def closure(name: str) -> set[str]:
    """The package and what it needs, all the way down."""
    found: set[str] = {canonicalize_name(name)}
    for line in requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found |= closure(requirement.name)
    return found


@dataclass
class Start:
    """What a function answered, and which modules it loaded, with their files."""

    directory: Path
    answer: Any
    modules: Mapping[str, str | None]
    stdlib: str

    def of_zip(self) -> set[str]:
        """The packages that came from the zip."""
        return {file.relative_to(self.directory).parts[0] for _, file in self._files(of_zip=True)}

    def strangers(self) -> list[str]:
        """The modules that are neither in the zip nor in Lambda's Python."""
        return [
            f"{name}: {file}"
            for name, file in self._files(of_zip=False)
            if not file.is_relative_to(self.stdlib) and name.partition(".")[0] not in _OF_LAMBDA
        ]

    def _files(self, *, of_zip: bool) -> Iterator[tuple[str, Path]]:
        for name, file in self.modules.items():
            if file and Path(file).is_relative_to(self.directory) == of_zip:
                yield name, Path(file)


def start(
    directory: Path, handler: str, event: Mapping[str, Any], environment: Mapping[str, str]
) -> Start:
    """In an interpreter that has Lambda's packages, not the project's, and this environment alone.

    `directory` is the unpacked zip.
    """
    done = subprocess.run(
        [emulator.PYTHON, "-I", "-B", _SCRIPT, directory, handler, json.dumps(event)],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Start(directory, **json.loads(done.stdout.splitlines()[-1]))
