"""The package that a deployment uploads: its size, and directories as Lambda unpacks it."""

from __future__ import annotations

import compileall
import shutil
import tempfile
from pathlib import Path
from zipfile import ZipFile

from chalice.cli.factory import CLIFactory

from benchmarks.measuring import Row, Sample
from benchmarks.product import ROOT
from operations.deployment import packing

_LEFT_OUT = shutil.ignore_patterns(
    ".*_cache", ".git", ".venv", "__pycache__", "deployed", "deployments", "dist", "docs",
    "services.json", "tests",
)  # fmt: skip

_MOST_MB = 9


def measure(_: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        size = Sample((pack(Path(directory)).stat().st_size / 1e6,))
    return [Row(name="the package", measured=size, unit="MB", target=_MOST_MB)]


def copy_project(directory: Path) -> Path:
    """Copy the project for one run, so that the run leaves nothing in the developer's clone."""
    shutil.copytree(ROOT, directory, ignore=_LEFT_OUT)
    return directory


def pack(directory: Path) -> Path:
    """Pack a copy of the project in `directory`. Returns the zip."""
    project = copy_project(directory / "project")
    packing.tidy(project)
    return packing.pack(CLIFactory(str(project)).create_config_obj("dev"))


def unpack(package: Path, directory: Path, peer: Path | None = None) -> Path:
    """Unpack the zip into `directory`. A `peer` replaces Rollcall as app.py."""
    with ZipFile(package) as archive:
        archive.extractall(directory)
    if peer:
        shutil.rmtree(directory / "chalicelib")
        shutil.rmtree(directory / "__pycache__")
        shutil.copy(peer, directory / "app.py")
        compileall.compile_dir(directory, maxlevels=0, quiet=1)
    return directory
