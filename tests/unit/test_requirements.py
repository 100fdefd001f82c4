"""`pip install -r requirements.txt chalice` gives everything that the app imports."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Chalice is installed beside it, and botocore is the half of boto3 that its errors come from.
BROUGHT = {"chalice", "botocore"}


def imported(file: Path) -> set[str]:
    """The top-level packages that the module imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        each
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for each in ast.walk(block)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_requirements_name_each_package_that_the_app_imports() -> None:
    modules = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    packages = set().union(*map(imported, modules)) - sys.stdlib_module_names - {"chalicelib"}
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^([\w.-]+)==", text)) | BROUGHT
    distributions = packages_distributions()

    def is_named(package: str) -> bool:
        known = {name.lower().replace("_", "-") for name in distributions.get(package, ())}
        return bool(known & named)

    assert {package for package in packages if not is_named(package)} == set()
