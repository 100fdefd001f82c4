"""The zip: Chalice's, with each module compiled, and the same whenever and wherever it is packed.

Nothing is downloaded here: the projects' requirements.txt names no package.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from zipfile import ZipFile

import pytest
from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager, PipRunner
from chalice.utils import UI, OSUtils

from operations.deployment.aws import DeploymentError
from operations.deployment.packing import pack


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path / "project")


def made(root: Path) -> Path:
    (root / "chalicelib").mkdir(parents=True)
    (root / "app.py").write_text("KINDS = {'first', 'second'}\n")
    (root / "chalicelib" / "wiring.py").write_text("PARTS = ()\n")
    (root / "chalicelib" / "kiosk.html").write_text("<!doctype html>")
    (root / "requirements.txt").write_text("# none\n")
    return root


def configured(project: Path) -> Config:
    return Config.create(project_dir=str(project), chalice_app=None)


def by_chalice(project: Path) -> Path:
    """The package as Chalice's own command leaves it."""
    packager = LambdaDeploymentPackager(OSUtils(), DependencyBuilder(OSUtils()), UI())
    python = configured(project).lambda_python_version
    return Path(packager.create_deployment_package(str(project), python))


def test_chalice_takes_it_for_its_own(project: Path) -> None:
    package = pack(configured(project))
    content = package.read_bytes()
    assert by_chalice(project) == package
    assert package.read_bytes() == content


def test_one_by_chalice_alone_is_replaced(project: Path) -> None:
    package = by_chalice(project)
    before = package.read_bytes()
    assert pack(configured(project)) == package
    assert package.read_bytes() != before


def test_half_a_zip_is_replaced(project: Path) -> None:
    package = pack(configured(project))
    whole = package.read_bytes()
    package.write_bytes(whole[: len(whole) // 2])
    pack(configured(project))
    assert package.read_bytes() == whole


def test_one_that_is_finished_is_kept(project: Path) -> None:
    package = pack(configured(project))
    before = package.stat().st_mtime_ns
    pack(configured(project))
    assert package.stat().st_mtime_ns == before


def test_it_is_the_same_wherever_and_whenever_packed(project: Path, tmp_path: Path) -> None:
    elsewhere = made(tmp_path / "elsewhere")
    os.utime(elsewhere / "app.py", (0, 0))
    (elsewhere / "app.py").chmod(0o600)
    before = os.umask(0o077)
    try:
        packed = pack(configured(elsewhere)).read_bytes()
    finally:
        os.umask(before)
    assert packed == pack(configured(project)).read_bytes()


def test_lambdas_user_can_read_it(project: Path) -> None:
    (project / "app.py").chmod(0o600)
    with ZipFile(pack(configured(project))) as archive:
        modes = {stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {0o644}


def test_pip_is_asked_for_what_is_named_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "requirements.txt").write_text("yagmail==0.16.0\n")
    asked: list[str] = []

    def download(pip: PipRunner, requirements: str, directory: str) -> None:
        environment = pip._osutils.environ()
        asked.append(environment["PIP_NO_DEPS"])
        assert environment["PATH"] == os.environ["PATH"]

    monkeypatch.setattr(PipRunner, "download_all_dependencies", download)
    pack(configured(project))
    assert asked == ["1"]
    assert "PIP_NO_DEPS" not in os.environ


def test_a_module_that_cannot_be_compiled_is_named(project: Path) -> None:
    (project / "chalicelib" / "wiring.py").write_text("PARTS = (\n")
    with pytest.raises(DeploymentError, match=r"wiring\.py"):
        pack(configured(project))
