"""What of the project becomes the functions' code, and by what it is known."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from operations.deployment.aws import DeploymentError
from operations.deployment.packing import code_digest, refuse_strays, tidy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app.py", "requirements.txt", "chalicelib/wiring.py", "chalicelib/web/kiosk.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_apps_own_files_are_no_strays(project: Path) -> None:
    cache = project / "chalicelib" / "__pycache__"
    cache.mkdir()
    (cache / "wiring.cpython-311.pyc").write_bytes(b"")  # goes before anything is packed
    (project / "notes.md").write_text("beside chalicelib, which alone is packed")
    refuse_strays(project)


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        ".env",
        ".wiring.py.swp",
        "wiring.py~",
        "#wiring.py#",
        "wiring.py.orig",
        "wiring.pyc",
        "key.pem",
        "4913",
    ],
)
def test_what_somebody_left_in_chalicelib_is_refused_and_not_in_the_digest(
    project: Path, name: str
) -> None:
    before = code_digest(project)
    (project / "chalicelib" / "web" / name).write_text("left behind")
    with pytest.raises(DeploymentError, match=f"chalicelib/web/{name}"):
        refuse_strays(project)
    assert code_digest(project) == before


def test_the_link_that_an_editor_locks_a_file_with_is_refused(project: Path) -> None:
    (project / "chalicelib" / ".#wiring.py").symlink_to("somebody@host.1234")
    with pytest.raises(DeploymentError, match=r"chalicelib/\.#wiring\.py"):
        refuse_strays(project)
    code_digest(project)


@pytest.mark.parametrize("name", ["app.py", "requirements.txt", "chalicelib/web/kiosk.html"])
def test_the_digest_changes_with_each_file(project: Path, name: str) -> None:
    before = code_digest(project)
    (project / name).write_text("changed")
    assert code_digest(project) != before


def test_the_digest_changes_with_a_files_name(project: Path) -> None:
    before = code_digest(project)
    (project / "chalicelib" / "wiring.py").rename(project / "chalicelib" / "wires.py")
    assert code_digest(project) != before


def test_no_cache_of_this_machine_is_packed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    (project / "chalicelib" / "__pycache__").mkdir()
    tidy(project)
    assert not (project / "chalicelib" / "__pycache__").exists()
