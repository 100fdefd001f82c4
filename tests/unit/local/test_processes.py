"""A run's folder belongs to one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.processes import PortInUse, hold


def test_a_second_run_with_the_same_port_is_refused_until_the_first_has_ended(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "8000"
    with hold(folder):
        with (
            pytest.raises(PortInUse, match="another run of this clone uses PORT 8000"),
            hold(folder),
        ):
            pass
        with hold(tmp_path / "8100"):
            pass
    with hold(folder):
        pass
