"""The model of docs/scale.md, with numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scale import model
from benchmarks.scale.__main__ import GMAIL, PAGE, SETTINGS, parts
from benchmarks.scale.model import DAY, RUSH, Crowd, Figures, Provider, Settings, answer

FIGURES = Figures(0, 1e-6, 0, 0)
FREE = Provider("free", seconds=0.1)
SMALL = Settings(rate_limit=1_000, batch_size=5, parallelization=1, connections=4, memory=1769)
WIDE = replace(SMALL, rate_limit=10_000, parallelization=10, connections=8, warm_writes=40_000)
CROWD = Crowd(people=600, chosen=SMALL, provider=FREE)


def test_a_small_crowd_waits_for_nothing_but_its_own_mail() -> None:
    found = answer(CROWD, FIGURES)
    assert found.in_after == RUSH
    assert found.mail_median == pytest.approx(0.1 + 2 * 0.005 + 0.125)  # mail, writes, poll
    assert found.mailed_after == pytest.approx(RUSH + found.mail_median)


def test_a_narrow_door_lets_everybody_in_later() -> None:
    """10 people a second come, and 5 get in."""
    chosen = replace(SMALL, rate_limit=5)
    found = answer(replace(CROWD, people=6_000, chosen=chosen), FIGURES)
    assert found.in_after == 2 * RUSH
    assert found.door_longest == RUSH


def test_a_slow_mail_server_makes_a_queue_of_mails() -> None:
    """10 people a second come, and 5 mails go out: the last one after twice the time."""
    found = answer(replace(CROWD, people=6_000, provider=replace(FREE, a_second=5)), FIGURES)
    assert found.mail_median == pytest.approx(RUSH / 2)
    assert found.mailed_after == pytest.approx(2 * RUSH, rel=0.01)


def test_a_quota_sends_the_rest_on_later_days() -> None:
    found = answer(replace(CROWD, people=5_000, provider=GMAIL), FIGURES)
    assert found.mail_median == 5 * DAY
    assert found.mailed_after == 9 * DAY


def test_mails_get_what_the_door_leaves_of_the_owed_mails_index() -> None:
    """Of 16,000 units a second, puts take 10,000; the rest is 2,000 mails with 3 units each."""
    crowd = replace(CROWD, people=6_000_000, chosen=WIDE, events=100)
    found = answer(crowd, FIGURES)
    assert found.in_after == RUSH
    left = 6_000_000 - 2_000 * RUSH
    assert found.mailed_after == pytest.approx(RUSH + left / (16_000 / 3), rel=0.001)


@pytest.mark.parametrize(("events", "seconds"), [(1, 1_200), (2, 600)])
def test_one_event_takes_a_thousand_check_ins_a_second(events: int, seconds: int) -> None:
    crowd = replace(CROWD, people=1_200_000, chosen=WIDE, events=events)
    assert answer(crowd, FIGURES).in_after == seconds


@pytest.mark.parametrize(
    ("batch_size", "connections", "a_second"), [(1, 1, 1 / 0.11), (10, 1, 10), (16, 4, 40)]
)
def test_connections_or_workers_bound_a_batch(
    batch_size: int, connections: int, a_second: float
) -> None:
    """A mail takes 0.11 s, of which its connection is busy for 0.1 s; two workers share one."""
    chosen = replace(SMALL, batch_size=batch_size, connections=connections)
    expected = pytest.approx(a_second, rel=0.2)  # the last workers of a batch have nothing to do
    assert model.batch_rate(replace(CROWD, chosen=chosen), FIGURES) == expected


def test_the_page_has_a_place_for_each_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in parts(Figures.read()):
        assert page.count(f"<!-- {name}:begin -->") == page.count(f"<!-- {name}:end -->") == 1


def test_the_write_units_are_those_of_the_costs_page() -> None:
    calls = model.TABLE_UNITS, model.BY_EVENT_UNITS, model.BY_NUMBER_UNITS, model.DUE_UNITS
    assert f"and its mail are {sum(map(sum, calls))}:" in model.COSTS.read_text(encoding="utf-8")


def test_the_deployed_settings_are_those_of_a_new_stage() -> None:
    deployed = SETTINGS[0]
    assert (deployed.batch_size, deployed.connections, deployed.rate_limit) == (5, 4, 100)
