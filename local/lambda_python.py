"""A Python like Lambda's: the standard library and boto3, and nothing of this environment."""

from __future__ import annotations

import compileall
import sys
from importlib.util import find_spec
from pathlib import Path

# boto3, and what it needs: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


def command(script: Path, *arguments: str) -> list[str]:
    """Runs `script` with this interpreter and the standard library alone.

    The script adds the rest to sys.path. Nothing is compiled on the way, since Lambda unpacks a zip
    where it cannot be written.
    """
    return [sys.executable, "-I", "-S", "-B", str(script), *arguments]


def link_packages(directory: Path) -> None:
    """Link Lambda's packages into `directory` from this environment, and compile them."""
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec, "installed from requirements-dev.txt"
        assert spec.origin, "no namespace package"
        file = Path(spec.origin)
        if spec.submodule_search_locations:
            (directory / name).symlink_to(file.parent)
        else:
            (directory / file.name).symlink_to(file)
    compileall.compile_dir(directory, quiet=1)  # the single modules; links it does not follow
