"""The zip: with each module compiled, pruned, and the same whenever and wherever it is packed.

Nothing is downloaded here: the projects' requirements.txt names no package.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from zipfile import ZipFile

import pytest
from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from operations.deployment.aws import DeploymentError
from operations.deployment.packing import pack, refuse_strays


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path / "project")


def made(root: Path) -> Path:
    (root / "chalicelib" / "web").mkdir(parents=True)
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


def test_chalice_takes_the_finished_zip_for_its_own(project: Path) -> None:
    package = pack(configured(project))
    content = package.read_bytes()
    assert by_chalice(project) == package
    assert package.read_bytes() == content


def test_chalices_own_zip_and_half_a_zip_are_replaced(project: Path) -> None:
    package = by_chalice(project)
    before = package.read_bytes()
    assert pack(configured(project)) == package
    whole = package.read_bytes()
    assert whole != before
    package.write_bytes(whole[: len(whole) // 2])
    pack(configured(project))
    assert package.read_bytes() == whole


def test_it_is_the_same_wherever_and_whenever_packed(project: Path, tmp_path: Path) -> None:
    elsewhere = made(tmp_path / "elsewhere")
    os.utime(elsewhere / "app.py", (0, 0))
    (elsewhere / "app.py").chmod(0o600)
    before = os.umask(0o077)
    try:
        package = pack(configured(elsewhere))
    finally:
        os.umask(before)
    assert package.read_bytes() == pack(configured(project)).read_bytes()
    with ZipFile(package) as archive:
        modes = {stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {0o644}, "Lambda's user could not read it otherwise"


def test_a_package_that_lambda_has_is_left_out_and_others_are_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_self: object, _abi: str, _requirements: str, directory: str) -> None:
        for name, module in (("python_dateutil", "dateutil"), ("yagmail", "yagmail")):
            info = Path(directory) / f"{name}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            (info / "RECORD").write_text(f"{module}/__init__.py,,\n{info.name}/METADATA,,\n")
            (Path(directory) / module).mkdir()
            (Path(directory) / module / "__init__.py").write_text("")

    monkeypatch.setattr(DependencyBuilder, "build_site_packages", download)
    with ZipFile(pack(configured(project))) as archive:
        names = archive.namelist()
    assert "yagmail/__init__.py" in names
    assert [name for name in names if "dateutil" in name] == []


def test_a_module_that_cannot_be_compiled_is_named(project: Path) -> None:
    (project / "chalicelib" / "wiring.py").write_text("PARTS = (\n")
    with pytest.raises(DeploymentError, match=r"wiring\.py"):
        pack(configured(project))


@pytest.mark.parametrize("name", [".env", "wiring.py~", "wiring.py.orig", "key.pem", "4913"])
def test_stray_files_in_chalicelib_are_refused_by_name(project: Path, name: str) -> None:
    refuse_strays(project)
    (project / "chalicelib" / "web" / name).write_text("left behind")
    with pytest.raises(DeploymentError, match=f"chalicelib/web/{name}"):
        refuse_strays(project)


def test_the_link_that_an_editor_locks_a_file_with_is_refused(project: Path) -> None:
    (project / "chalicelib" / ".#wiring.py").symlink_to("somebody@host.1234")
    with pytest.raises(DeploymentError, match=r"chalicelib/\.#wiring\.py"):
        refuse_strays(project)
