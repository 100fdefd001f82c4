"""The functions' zip: Chalice's, with compiled modules, and without what no function imports."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo, is_zipfile

from chalice.config import Config
from chalice.deploy.packager import (
    DependencyBuilder,
    LambdaDeploymentPackager,
    MissingDependencyError,
    NoSuchPackageError,
    PackageDownloadError,
)
from chalice.utils import UI, OSUtils

from operations.deployment.aws import DeploymentError

# The kinds of files in chalicelib. Chalice would pack any other file too: an editor's swap file, a
# merge's .orig, a key that somebody left there.
_KINDS = {".css", ".html", ".js", ".py", ".toml", ".txt"}

# Lambda's Python has these (https://docs.aws.amazon.com/lambda/latest/dg/python-package.html).
_OF_LAMBDA = {
    "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3",
}  # fmt: skip
# yagmail needs premailer for its own `send`, email-validator needs dnspython to look up domains.
# Rollcall uses neither feature, and both packages import them only on use.
_UNUSED = {
    "cachetools", "certifi", "charset-normalizer", "cssselect", "cssutils", "dnspython", "lxml",
    "more-itertools", "premailer", "requests",
}  # fmt: skip

# Where Lambda unpacks the zip; tracebacks name these paths.
_IN_LAMBDA = "/var/task"


def refuse_strays(root: Path) -> None:
    """Raise DeploymentError, naming each file in chalicelib that is not part of the app."""
    strays = sorted(
        file.relative_to(root).as_posix()
        for file in _beneath(root / "chalicelib")
        if file.name.startswith(".") or file.suffix not in _KINDS
    )
    if strays:
        raise DeploymentError(
            f"Chalice would pack files that are not the app's: {', '.join(strays)}. Remove them, "
            f"or close the editor that keeps them. "
            f"The app's files end in {', '.join(sorted(_KINDS))}"
        )


def tidy(root: Path) -> None:
    """Prepare chalicelib for packing: remove this machine's compiled modules.

    Raises DeploymentError for files that do not belong there.
    """
    refuse_strays(root)
    sys.dont_write_bytecode = True
    for directory in list((root / "chalicelib").rglob("__pycache__")):
        shutil.rmtree(directory)


def pack(config: Config) -> Path:
    """Write the zip to the path where Chalice looks before it builds its own, and return it.

    The zip contains compiled modules, and the same code always results in the same bytes. Chalice
    chooses the runtime by this Python's minor version, so Lambda's Python can use the modules that
    this one compiled. Raises DeploymentError.
    """
    osutils = OSUtils()
    wheels = _Wheels(osutils, architecture=config.lambda_architecture)
    packager = LambdaDeploymentPackager(osutils, wheels, UI(), config.lambda_architecture)
    what = config.project_dir, config.lambda_python_version
    package = Path(packager.deployment_package_filename(*what))
    if not _is_finished(package):  # Chalice's own zip, or a half-written one
        package.unlink(missing_ok=True)
        packager.create_deployment_package(*what)
        _finish(package)
    return package


class _Wheels(DependencyBuilder):
    """Chalice's download of requirements.txt, pruned, and cached until that file changes."""

    def __init__(self, osutils: OSUtils, *, architecture: str) -> None:
        super().__init__(osutils, architecture=architecture)
        self._built_for = architecture

    def build_site_packages(
        self, abi: str, requirements_filepath: str, target_directory: str
    ) -> None:
        requirements = Path(requirements_filepath)
        kept = requirements.parent / ".chalice" / "deployments" / self._key(abi, requirements)
        if not kept.is_dir():
            with TemporaryDirectory() as directory:
                self._download(abi, requirements, directory)
                _prune(Path(directory))
                half = kept.with_suffix(".half")
                shutil.rmtree(half, ignore_errors=True)
                shutil.copytree(directory, half)
                half.rename(kept)
        shutil.copytree(kept, target_directory, dirs_exist_ok=True)

    def _key(self, abi: str, requirements: Path) -> str:
        digest = hashlib.sha256(f"{abi} {self._built_for} {sorted(_OF_LAMBDA | _UNUSED)}".encode())
        for file in (requirements, requirements.with_name("constraints.txt")):
            digest.update(file.read_bytes() if file.is_file() else b"")
        return f"wheels-{digest.hexdigest()[:16]}"

    def _download(self, abi: str, requirements: Path, directory: str) -> None:
        try:
            super().build_site_packages(abi, str(requirements), directory)
        except MissingDependencyError as error:
            names = ", ".join(sorted(package.identifier for package in error.missing))
            raise DeploymentError(f"no wheel for Lambda: {names}") from error
        except (NoSuchPackageError, PackageDownloadError) as error:
            raise DeploymentError(f"requirements.txt cannot be downloaded: {error}") from error


def _prune(site_packages: Path) -> None:
    """Delete the packages that Lambda provides or that no function imports."""
    for info in list(site_packages.glob("*.dist-info")):
        distribution = PathDistribution(info)
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        if name in _OF_LAMBDA | _UNUSED:
            for file in distribution.files or ():
                (site_packages / file).unlink(missing_ok=True)
            shutil.rmtree(info, ignore_errors=True)


def _is_finished(package: Path) -> bool:
    """Whether the zip is ours: Chalice's own zips contain no compiled modules."""
    if not is_zipfile(package):
        return False
    with ZipFile(package) as archive:
        return cache_from_source("app.py") in archive.namelist()


def _finish(package: Path) -> None:
    """Compile the modules, and write the zip with fixed times, modes and order.

    With a umask such as 077, Lambda's user could not read the files otherwise.
    """
    with TemporaryDirectory() as directory:
        root = Path(directory)
        with ZipFile(package) as archive:
            archive.extractall(root)
        _compile(root)
        finished = package.with_suffix(".finished")
        with ZipFile(finished, "w", ZIP_DEFLATED) as archive:
            for file in sorted(root.rglob("*")):
                if file.is_file():
                    entry = ZipInfo(file.relative_to(root).as_posix())
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED)
        finished.replace(package)


def _compile(root: Path) -> None:
    """Put each module's .pyc where Python looks for it.

    They are based on hashes (PEP 552), since a zip changes the files' times, and unchecked, since
    source and .pyc are packed together. A separate process compiles them, because earlier imports
    would affect the bytes.
    """
    done = subprocess.run(  # noqa: S603  -- this Python, on files that are to be deployed
        [
            sys.executable, "-I", "-m", "compileall", "-q", "-s", root, "-p", _IN_LAMBDA,
            "--invalidation-mode", "unchecked-hash", root,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DeploymentError(f"cannot be compiled: {done.stdout}{done.stderr}")


def _beneath(directory: Path) -> Iterator[Path]:
    """Everything except directories; broken links too, since Chalice follows them."""
    for file in directory.rglob("*"):
        if not file.is_dir() and "__pycache__" not in file.relative_to(directory).parts:
            yield file
