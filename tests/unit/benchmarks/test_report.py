"""How the benchmarks measure, and how their tables come into the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import NAMES
from benchmarks.measuring import Sample, in_turns
from benchmarks.report import Report, Table, Target


def test_subjects_take_turns_and_every_other_round_goes_backwards() -> None:
    order: list[str] = []

    def subject(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = in_turns({"a": lambda: subject("a"), "b": lambda: subject("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": Sample((1.0, 4.0, 5.0)), "b": Sample((2.0, 3.0, 6.0))}


def test_a_sample_says_its_middle_and_its_spread() -> None:
    sample = Sample((5.0, 1.0, 2.0, 4.0, 3.0))
    assert (sample.runs, sample.median, sample.low, sample.high) == (5, 3.0, 2.0, 4.0)
    assert sample.percentile(100) == 5.0


def test_two_are_compared_round_by_round() -> None:
    """The second round was slow for both."""
    assert Sample((2.0, 20.0, 2.0)).against(Sample((1.0, 10.0, 1.0))).values == (2.0, 2.0, 2.0)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- a:begin -->\nold\n<!-- a:end -->\n\nby hand\n")
    return page


def test_a_table_replaces_the_one_before_and_nothing_else(page: Path) -> None:
    found = Report([Table("Sizes", ("", "MB"), [("zip", "2.6")])])
    report.write(page, "a", found.markdown())
    report.write(page, "a", found.markdown())
    assert page.read_text() == (
        "# Page\n\n<!-- a:begin -->\n**Sizes**\n\n|  | MB |\n| --- | ---: |\n| zip | 2.6 |\n"
        "<!-- a:end -->\n\nby hand\n"
    )


@pytest.mark.parametrize("name", ["b", "a:begin"])
def test_a_page_without_the_place_stays_as_it_is(page: Path, name: str) -> None:
    before = page.read_text()
    with pytest.raises(ValueError, match="has no place for"):
        report.write(page, name, "table")
    assert page.read_text() == before


def test_targets_say_whether_they_are_met() -> None:
    text = report.targets_markdown(
        [Target("speed", "≥ 2 ×", "3 ×", met=True), Target("size", "≤ 9 MB", "10 MB", met=False)]
    )
    assert text.splitlines()[2:] == [
        "| speed | ≥ 2 × | 3 × | met |",
        "| size | ≤ 9 MB | 10 MB | not met |",
    ]


def test_figures_that_were_not_measured_again_are_kept(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    report.keep(figures, {"a_ms": 1.0, "b_ms": 2.0})
    report.keep(figures, {"b_ms": 3.0})
    assert report.read(figures) == {"a_ms": 1.0, "b_ms": 3.0}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_a_place_for_each_benchmark(name: str) -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    assert text.count(f"<!-- {name}:begin -->") == text.count(f"<!-- {name}:end -->") == 1
