"""How runs take turns, and how their results get into docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import PAGE
from benchmarks.measuring import Row, Sample, in_turns, insert, results


def test_subjects_take_turns_and_every_other_round_goes_backwards() -> None:
    order: list[str] = []

    def subject(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = in_turns({"a": lambda: subject("a"), "b": lambda: subject("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": Sample((1.0, 4.0, 5.0)), "b": Sample((2.0, 3.0, 6.0))}


def test_a_peer_is_compared_round_by_round() -> None:
    """The second round was slow for both."""
    mine, peer = Sample((2.0, 20.0, 2.0)), Sample((1.0, 10.0, 1.0))
    row = Row(name="speed", measured=mine, unit="ms", peer=peer, peer_name="by hand", target=1.1)
    assert not row.is_met
    assert results([row]).splitlines()[2] == (
        "| speed | 2.00 ms | by hand: 1.00 ms | 2.00 × (2.00–2.00, n=3) | ≤ 1.10 ×: **missed** |"
    )


@pytest.mark.parametrize("more_is_better", [True, False])
def test_without_a_peer_the_target_bounds_the_value(*, more_is_better: bool) -> None:
    row = Row(
        name="", measured=Sample((12.0,)), unit="MB", target=10, more_is_better=more_is_better
    )
    assert row.is_met is more_is_better


def test_a_table_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n<!-- a:begin -->\nold\n<!-- a:end -->\nby hand\n")
    insert(page, "a", "new")
    assert page.read_text() == "# Page\n<!-- a:begin -->\nnew\n<!-- a:end -->\nby hand\n"
    with pytest.raises(ValueError, match="has no markers for b"):
        insert(page, "b", "new")


def test_the_page_has_a_place_for_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- bench:begin -->") == page.count("<!-- bench:end -->") == 1
