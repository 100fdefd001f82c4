"""The model of docs/scale.md: what it never loses, what can be reckoned by hand, the limits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale import cases
from benchmarks.scale.buckets import Bucket, took
from benchmarks.scale.check import fitted, foretold
from benchmarks.scale.design import FULL, INVERTED, Design, Index
from benchmarks.scale.limits import first_broken, lane_rate, limits
from benchmarks.scale.model import Outcome, Rush
from benchmarks.scale.pages import lasts
from benchmarks.scale.parameters import API_VCPU, Case, Choice, Figures, Provider
from benchmarks.scale.summary import PRICES, summarise

ROOT = Path(__file__).parents[3]
FREE = Provider(name="free", seconds=0.1)
KEYS = Index(keys=1, splits=False, writes={"put": 1, "claim": 0, "settle": 0})
DUE = Index(keys=16, splits=False, writes={"put": 1, "claim": 2, "settle": 1})
ONE_BY_ONE = Choice(
    rate_limit=1_000, batch_size=1, parallelization=1, connections=1, memory=1769, warm_writes=1_000
)
# Nothing by chance: every number below can be reckoned.
EXACT = Figures(
    checkin_cpu_ms=0,
    mail_cpu_ms=1e-6,
    api_cold_start_ms=0,
    consumer_cold_start_ms=0,
    storage_seconds=0.01,
    connect_seconds=0.5,
    chance=0,
)
CASE = Case(check_ins=40, seconds=20, choice=ONE_BY_ONE, provider=FREE, design=Design(KEYS, DUE))


def run(case: Case, figures: Figures = EXACT) -> Outcome:
    return Rush(case, figures).run()


# Nothing is lost


@pytest.mark.parametrize("batch_size", [1, 5, 16])
@pytest.mark.parametrize("provider", [FREE, Provider(name="slow", seconds=0.1, a_second=4)])
def test_each_check_in_is_mailed_once(batch_size: int, provider: Provider) -> None:
    choice = replace(ONE_BY_ONE, batch_size=batch_size, connections=2)
    outcome = run(replace(CASE, choice=choice, provider=provider))
    assert [mail.copies for mail in outcome.mails] == [1] * CASE.check_ins
    assert min(outcome.mail_waits) > 0


def test_beyond_a_days_quota_no_mail_goes_out() -> None:
    outcome = run(replace(CASE, provider=replace(FREE, a_day=25), horizon=600))
    assert len(outcome.mails) == 40
    assert len(outcome.mail_waits) == 25


def test_what_the_stream_gave_up_is_swept() -> None:
    """One mail in 200 s, after the four that the bucket holds: nine tries take some 90 s."""
    slow = Provider(name="slow", seconds=0.1, a_second=1 / 200)
    outcome = run(replace(CASE, check_ins=6, provider=slow, seconds=1))
    assert outcome.given_up
    assert len(outcome.mail_waits) == 6


def test_everybody_gets_in_though_the_door_is_narrow() -> None:
    outcome = run(replace(CASE, choice=replace(ONE_BY_ONE, rate_limit=5), seconds=1))
    assert len(outcome.door_waits) == 40
    assert outcome.ended_at >= (40 - 5) / 5


def test_a_container_more_is_a_cold_start_more() -> None:
    """Three come at once and each meets a container that has to start; later ones find one."""
    figures = replace(EXACT, api_cold_start_ms=1_000 * API_VCPU)
    waits = sorted(run(replace(CASE, check_ins=3, seconds=0.001), figures).door_waits)
    assert waits == pytest.approx([1.02, 1.02, 1.02], abs=0.01)
    assert min(run(CASE, figures).door_waits) == pytest.approx(0.02)


def test_a_run_is_the_same_again() -> None:
    by_chance = replace(EXACT, chance=0.5)
    assert run(CASE, by_chance).mail_waits == run(CASE, by_chance).mail_waits


# By hand


def test_mails_that_come_at_once_go_one_after_the_other() -> None:
    """0.5 s to connect; then claim 0.01, mail 0.1 and record 0.01 each. All wait for one poll."""
    mails = Rush(replace(CASE, check_ins=3), replace(EXACT, poll_seconds=0)).run([0, 0, 0]).mails
    assert [mail.sent_at for mail in mails] == pytest.approx([0.61, 0.73, 0.85])


def test_two_workers_share_a_connection() -> None:
    """While one mails, the other claims: the connection alone counts, 0.1 s a mail."""
    choice = replace(ONE_BY_ONE, batch_size=4)
    case = replace(CASE, check_ins=4, choice=choice)
    mails = Rush(case, EXACT).run([0, 0, 0, 0]).mails
    first, *others = [mail.sent_at or 0 for mail in mails]
    assert [at - first for at in others] == pytest.approx([0.1, 0.2, 0.3])


def test_half_a_core_takes_twice_as_long() -> None:
    figures = replace(EXACT, mail_cpu_ms=100, poll_seconds=0, connect_seconds=0)
    whole, half = (
        Rush(replace(CASE, check_ins=1, choice=replace(ONE_BY_ONE, memory=memory)), figures)
        .run([0.0])
        .mail_waits[0]
        for memory in (1769, 1769 // 2)
    )
    assert half - whole == pytest.approx(0.1, rel=0.01)


def test_the_local_runtime_is_one_lane() -> None:
    figures = replace(EXACT, mail_cpu_ms=50, storage_seconds=0, connect_seconds=0, poll_seconds=0)
    assert foretold([0.0] * 10, figures)[-1] == pytest.approx(10 * 0.05, abs=0.01)


def test_what_is_fitted_to_a_rush_foretells_it() -> None:
    """A check-in's work of 10 ms and a mail's of 40 ms, one after the other."""
    here = replace(EXACT, mail_cpu_ms=40, checkin_cpu_ms=10, storage_seconds=0, connect_seconds=0)
    stored_at = [number * 0.03 for number in range(50)]
    arrived_at = foretold(stored_at, here)
    found = fitted(stored_at, arrived_at)
    assert found.mail_cpu_ms == pytest.approx(40, rel=0.15)
    assert foretold(stored_at, found)[-1] == pytest.approx(arrived_at[-1], rel=0.1)


# More of one thing is never worse, and of the other never better


@pytest.mark.parametrize("horizon", [30, 40, 50, 60])
def test_beyond_the_horizon_no_mail_arrives_before_its_check_in(horizon: float) -> None:
    eight = replace(ONE_BY_ONE, connections=8, batch_size=8)
    case = replace(CASE, check_ins=4_000, seconds=400, horizon=horizon, choice=eight)
    assert summarise(case, EXACT).mail_median >= FREE.seconds


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (CASE, replace(CASE, provider=replace(FREE, seconds=1.0))),
        (CASE, replace(CASE, seconds=2)),
        (replace(CASE, choice=replace(ONE_BY_ONE, parallelization=4)), CASE),
        (CASE, replace(CASE, provider=replace(FREE, a_second=1))),
    ],
    ids=["a quicker mail server", "slower guests", "more lanes", "a larger quota"],
)
def test_waits_are_shorter_with(better: Case, worse: Case) -> None:
    assert summarise(better, EXACT).mail_median < summarise(worse, EXACT).mail_median


# The limits


def test_a_bucket_lets_its_rate_through() -> None:
    bucket = Bucket(10)
    taken = sum(took([(bucket, 1)], tick / 100) for tick in range(1_000))
    assert taken == pytest.approx(10 * 10 + 10, abs=1)  # ten seconds, and what it held


def test_a_write_takes_from_all_buckets_or_from_none() -> None:
    full, empty = Bucket(10), Bucket(10)
    empty.take(10)
    assert not took([(full, 1), (empty, 1)], 0)
    assert full.holds(0, 10)


def test_only_what_was_too_little_grows_and_no_further_than_its_ceiling() -> None:
    bucket = Bucket(10, ceiling=15)
    bucket.grow()
    assert bucket.rate == 10
    bucket.holds(0, 100)
    bucket.grow()
    assert bucket.rate == 15


def test_the_design_is_read_off_the_template() -> None:
    design = Design.read()
    assert design.due_deliveries == DUE
    assert design.by_event in (KEYS, FULL, INVERTED)


def limit(case: Case, name: str) -> float:
    [found] = [each.a_second for each in limits(case, EXACT) if each.name == name]
    return found


@pytest.mark.parametrize(("index", "a_second"), [(FULL, 333), (KEYS, 1_000)])
def test_one_key_takes_a_thousand_writes_a_second(index: Index, a_second: int) -> None:
    choice = replace(ONE_BY_ONE, warm_writes=40_000)
    case = replace(CASE, choice=choice, design=Design(index, DUE))
    assert int(limit(case, "`by_event`")) == a_second
    assert limit(case, "`due_deliveries`") == 16_000 / 4
    assert int(limit(replace(case, events=2), "`by_event`")) in (a_second * 2, a_second * 2 + 1)


def test_a_hot_index_keeps_people_waiting_at_the_door() -> None:
    """40 a second with 1 write each, of which a tenth of a partition takes 30."""
    case = replace(CASE, check_ins=4_000, seconds=10, share=0.1)
    hot = replace(KEYS, writes={"put": 13, "claim": 0, "settle": 0})
    cool, throttled = (run(replace(case, design=Design(index, DUE))) for index in (KEYS, hot))
    assert max(cool.door_waits) < 1
    assert max(throttled.door_waits) > 1
    assert len(throttled.door_waits) == 400


def test_the_first_to_break_is_the_lowest_below_what_comes() -> None:
    case = replace(CASE, check_ins=4_000, seconds=10)  # 400 a second
    choice = replace(ONE_BY_ONE, rate_limit=390, warm_writes=40_000)
    broken = first_broken(replace(case, choice=choice), EXACT, "door")
    assert broken is not None
    assert broken.name == "the stage's `RateLimit`"
    assert (
        first_broken(replace(case, choice=replace(choice, rate_limit=500)), EXACT, "door") is None
    )


def test_a_lane_is_as_quick_as_the_slowest_of_its_parts() -> None:
    """A mail of 0.12 s by one of two workers on one connection, which a mail holds for 0.1 s."""
    assert lane_rate(CASE, EXACT) == pytest.approx(1 / 0.12)
    choice = replace(ONE_BY_ONE, batch_size=10)
    assert lane_rate(replace(CASE, choice=choice), EXACT) == pytest.approx(10)


# The page


def test_prices_are_those_of_the_costs_page() -> None:
    page = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|[^|]*\|[^|]*\| ([\d.]+) \| ([\d,]+) \|", page, re.MULTILINE)
    known = {item.strip(): float(price) / float(per.replace(",", "")) for item, price, per in rows}
    known["Lambda, GB-seconds"] = known["Lambda, `send_confirmations`"]
    assert {name: known[name] for name in PRICES} == pytest.approx(PRICES)


def test_the_default_settings_are_those_that_are_deployed() -> None:
    assert (cases.DEFAULT.batch_size, cases.DEFAULT.connections) == (5, 4)
    assert cases.DEFAULT.lanes == 4
    assert cases.DEFAULT.rate_limit == 100


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (7, "7.0 s"), (179, "179 s"), (600, "10 min"), (90_000, "25 h")],
)
def test_a_time_is_told_in_its_own_unit(seconds: float, text: str) -> None:
    assert lasts(seconds) == text
