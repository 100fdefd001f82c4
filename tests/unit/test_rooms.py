"""Which room may import which: docs/architecture.md draws it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported_by(folder: str) -> Iterator[str]:
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield node.module or ""
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("room", "outside"),
    [
        ("chalicelib", ("local", "operations")),
        ("chalicelib/attendance", ("boto3", "botocore", "chalice", "yagmail")),
        ("local", ("operations",)),
    ],
)
def test_arrows_point_inward(room: str, outside: tuple[str, ...]) -> None:
    assert {name for name in imported_by(room) if name.split(".")[0] in outside} == set()


def test_the_attendance_room_imports_none_of_its_siblings() -> None:
    own = ("chalicelib.attendance",)
    names = {name for name in imported_by("chalicelib/attendance") if "chalicelib" in name}
    assert {name for name in names if not name.startswith(own)} == set()


def test_the_deployed_app_does_not_load_the_roster_reader_when_it_starts() -> None:
    code = "import app, sys; assert 'openpyxl' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
