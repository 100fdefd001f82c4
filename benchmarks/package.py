"""The package: what is in the zip that a deployment uploads, and how much of it each part is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from zipfile import ZipFile

from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from benchmarks import packed
from benchmarks.report import Report, Table, Target
from operations.deployment import packing

_MOST_MB = 9.0
_OURS = {"app.py": "Rollcall", "chalicelib": "Rollcall", "chalice": "Chalice's runtime"}


@dataclass(slots=True)
class _Part:
    """Bytes in the zip, of what is compiled and of all else; and on disk."""

    source: int = 0
    compiled: int = 0
    unpacked: int = 0

    @property
    def zipped(self) -> int:
        return self.source + self.compiled

    def __add__(self, other: _Part) -> _Part:
        return _Part(
            self.source + other.source,
            self.compiled + other.compiled,
            self.unpacked + other.unpacked,
        )


def measure() -> Report:
    with packed.project() as config:
        by_chalice = _parts(_by_chalice(Path(config.project_dir), config.lambda_python_version))
        file = packing.pack(config)  # in place of Chalice's, which has the same name
        parts, size = _parts(file), file.stat().st_size
    rows = sorted(parts.items(), key=lambda part: -part[1].zipped)
    rows += [
        ("all, without the zip's directory", sum(parts.values(), _Part())),
        ("the same by Chalice's own command", sum(by_chalice.values(), _Part())),
    ]
    table = Table(
        "What is in the package, kB zipped",
        ("", "source and data", "compiled", "together", "unpacked"),
        [
            [
                name,
                *(_kb(size) for size in (each.source, each.compiled, each.zipped, each.unpacked)),
            ]
            for name, each in rows
        ],
    )
    megabytes = size / 1e6
    target = Target(
        "package, zipped", f"≤ {_MOST_MB:.0f} MB", f"{megabytes:.1f} MB", met=megabytes <= _MOST_MB
    )
    return Report((table,), (target,), {"package_mb": round(megabytes, 2)})


def _by_chalice(root: Path, python: str) -> Path:
    """What `chalice deploy` would upload."""
    packager = LambdaDeploymentPackager(OSUtils(), DependencyBuilder(OSUtils()), UI())
    return Path(packager.create_deployment_package(str(root), python))


def _parts(package: Path) -> dict[str, _Part]:
    """By distribution, which its RECORD tells; Chalice's runtime has none."""
    owners = dict(_OURS)
    for distribution in distributions(path=[str(package)]):
        for file in distribution.files or ():
            owners[file.parts[0]] = distribution.name
    parts: dict[str, _Part] = defaultdict(_Part)
    with ZipFile(package) as archive:
        for entry in archive.infolist():
            top, _, _ = entry.filename.partition("/")
            part = parts[owners.get(top, "Rollcall")]  # app.py, compiled
            part.unpacked += entry.file_size
            if "__pycache__/" in entry.filename:
                part.compiled += entry.compress_size
            else:
                part.source += entry.compress_size
    return parts


def _kb(size: int) -> str:
    return f"{size / 1000:,.0f}" if size else "–"
