"""The package as a deployment makes it, and directories as Lambda unpacks them."""

from __future__ import annotations

import compileall
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from chalice.cli.factory import CLIFactory
from chalice.config import Config

from benchmarks.clone import cloned
from operations.deployment import packing


@contextmanager
def project() -> Iterator[Config]:
    """A copy of the project, with nothing packed yet, as Chalice knows it."""
    with cloned() as clone:
        packing.tidy(clone.directory)
        config: Config = CLIFactory(str(clone.directory)).create_config_obj("dev")
        yield config


def pack(directory: Path) -> Path:
    """The zip, in `directory`."""
    with project() as config:
        return Path(shutil.copy(packing.pack(config), directory))


def unpack(package: Path, directory: Path, peer: Path | None = None) -> Path:
    """As Lambda has it; where a module is given as `peer`, that one in Rollcall's place."""
    with ZipFile(package) as archive:
        archive.extractall(directory)
    if peer:
        shutil.rmtree(directory / "chalicelib")
        shutil.rmtree(directory / "__pycache__")
        shutil.copy(peer, directory / "app.py")
        compileall.compile_dir(directory, maxlevels=0, quiet=1)
    return directory


def without_compiled(unpacked: Path, directory: Path) -> Path:
    """The same as Chalice alone packs it."""
    shutil.copytree(unpacked, directory, ignore=shutil.ignore_patterns("__pycache__"))
    return directory
