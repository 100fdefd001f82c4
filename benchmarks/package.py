"""The size of the zip that a deployment uploads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import packages
from benchmarks.measuring import Row, Sample

_MOST_MB = 9


def measure(_: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        megabytes = packages.pack(Path(directory)).stat().st_size / 1e6
    size = Sample((megabytes,))
    return [Row(name="the package", measured=size, unit="MB", target=_MOST_MB)]
