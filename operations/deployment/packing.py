"""The functions' code: what of the project it is made of, and the zip that it is packed into."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo, is_zipfile

from chalice import __version__ as chalice_version
from chalice.config import Config
from chalice.deploy.packager import (
    DependencyBuilder,
    LambdaDeploymentPackager,
    PipRunner,
    SubprocessPip,
)
from chalice.utils import UI, OSUtils

from operations.deployment.aws import DeploymentError

# What chalicelib is made of. All else would ship with it, whoever put it there: an editor's swap
# file, a merge's .orig, a file manager's index, a key that somebody laid beside the code.
_KINDS = {".css", ".html", ".js", ".py", ".toml", ".txt"}

# Where Lambda unpacks the zip, and so what tracebacks name.
_IN_LAMBDA = "/var/task"


def code_digest(root: Path) -> str:
    """Names the functions' code: the same for the same files, wherever and whenever packed."""
    digest = hashlib.sha256(
        f"{sys.version_info[:2]} {chalice_version} {platform.machine()}".encode()
    )
    files = [root / "app.py", root / "requirements.txt"]
    files += (file for file in _beneath(root / "chalicelib") if not _is_stray(file))
    files += (file for file in _beneath(root / "vendor") if file.is_file())
    for file in sorted(files):
        digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def refuse_strays(root: Path) -> None:
    """Chalice packs all of chalicelib. Raises DeploymentError, naming what is not the app's."""
    strays = sorted(
        file.relative_to(root).as_posix()
        for file in _beneath(root / "chalicelib")
        if _is_stray(file)
    )
    if strays:
        raise DeploymentError(
            f"would be packed, and is not the app's: {', '.join(strays)}. Remove it (an editor's "
            f"own file goes when the editor is closed); the app's files end in "
            f"{', '.join(sorted(_KINDS))}"
        )


def tidy(root: Path) -> None:
    """Make chalicelib fit to be packed. Raises DeploymentError for what does not belong there.

    What Python keeps there would be packed too, with paths of this machine.
    """
    refuse_strays(root)
    sys.dont_write_bytecode = True
    for directory in list((root / "chalicelib").rglob("__pycache__")):
        shutil.rmtree(directory)


def pack(config: Config) -> Path:
    """The zip, finished, where Chalice looks for one before it builds its own.

    Of wheels it holds what requirements.txt names, and not what that would pull in; each module
    compiled too; and the same bytes for the same code. Chalice names the runtime by this Python's
    minor version (`Config.lambda_python_version`), so Lambda's Python takes what this one compiled;
    any other would pass it over for the source.

    Raises DeploymentError, and what Chalice raises where a wheel cannot be had.
    """
    osutils = _OnlyWhatIsNamed()
    builder = DependencyBuilder(
        osutils, PipRunner(SubprocessPip(osutils), osutils), config.lambda_architecture
    )
    packager = LambdaDeploymentPackager(osutils, builder, UI(), config.lambda_architecture)
    what = config.project_dir, config.lambda_python_version
    package = Path(packager.deployment_package_filename(*what))
    if not _is_finished(package):  # built by Chalice's own command, or half
        package.unlink(missing_ok=True)
        packager.create_deployment_package(*what)
        _finish(package)
    return package


class _OnlyWhatIsNamed(OSUtils):
    """Chalice's `pip download` without what its requirements require.

    https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
    """

    def environ(self) -> dict[str, str]:
        return {**super().environ(), "PIP_NO_DEPS": "1"}


def _is_finished(package: Path) -> bool:
    """Chalice's own zips have nothing that is compiled."""
    if not is_zipfile(package):
        return False
    with ZipFile(package) as archive:
        return cache_from_source("app.py") in archive.namelist()


def _finish(package: Path) -> None:
    """Compile the modules, and let times, modes and order be the same whenever packed.

    Under an umask such as 077 Lambda's user could not read the files otherwise.
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
    """Beside each module, as Python looks for it.

    By hash (PEP 552), since the zip's times are not the files'; unchecked, since the two are packed
    together. In a process of its own: what else was imported would show in the bytes.
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
    """All that is no directory: a link that leads nowhere too, since Chalice follows it."""
    for file in directory.rglob("*"):
        if not file.is_dir() and "__pycache__" not in file.relative_to(directory).parts:
            yield file


def _is_stray(file: Path) -> bool:
    return file.name.startswith(".") or file.suffix not in _KINDS
