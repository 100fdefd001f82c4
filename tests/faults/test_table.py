"""Runs each row of docs/delivery.md, and compares it with the promise and with the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults import table
from faults.conftest import ALL, WRITE, SetScene
from faults.row import Row, measure
from faults.rows import ROWS

LISTED = table.read()
PLAYED = [row for row in ROWS if ALL or row.brief]


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: ", ".join(row.key))
def test_a_fault_ends_as_promised_and_as_documented(
    row: Row, set_scene: SetScene, record_property: Callable[[str, object], None]
) -> None:
    measured = measure(row, set_scene(row.place, **row.settings))
    assert measured.state == row.promise.state
    assert row.promise.least <= measured.copies <= row.promise.most
    cells = (str(measured.copies), f"`{measured.state}`", measured.settled)
    if WRITE:
        record_property(table.MEASURED, (row.key, cells))
    else:
        assert LISTED[row.key] == cells


def test_the_page_lists_every_row_and_no_other() -> None:
    assert WRITE or list(LISTED) == [row.key for row in ROWS]


def test_all_rows_are_different() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)
