"""Alarms, their runbook, and the dashboard."""

from __future__ import annotations

import json
import re
from functools import reduce
from typing import Any

import pytest
from documents import ALARMS, DATA_STACK, FUNCTIONS, ROOT, TABLES

from chalicelib.telemetry.metrics import UNITS


def anchor(alarm: Any) -> str:
    match = re.search(r"docs/runbook\.md#(\S+)$", alarm["Properties"]["AlarmDescription"])
    assert match, "its description has to end with its section of the runbook"
    return match[1]


def test_each_alarm_has_a_section_in_the_runbook_and_each_section_an_alarm() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    assert sorted(anchor(alarm) for alarm in ALARMS.values()) == sorted(sections)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_named_as_its_section(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["Properties"]["AlarmName"] == {
        "Fn::Sub": f"${{AppName}}-${{Stage}}-{anchor(alarm)}"
    }


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_when_it_begins_and_when_it_ends(name: str) -> None:
    properties = ALARMS[name]["Properties"]
    assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_alarms_are_mailed_where_an_address_is_given() -> None:
    subscription = DATA_STACK["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "AlarmsAreMailed"
    assert DATA_STACK["Parameters"]["AlarmEmail"]["Default"] == ""


def test_only_a_sweep_that_is_silent_rings_by_silence() -> None:
    silent = {
        name
        for name, each in ALARMS.items()
        if each["Properties"]["TreatMissingData"] != "notBreaching"
    }
    assert silent == {"MailOwedAlarm"}


def test_one_report_of_an_old_check_in_does_not_ring() -> None:
    alarm = ALARMS["MailOwedAlarm"]["Properties"]
    assert (alarm["Threshold"], alarm["Period"]) == (15 * 60, 60)
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"] == 10


@pytest.mark.parametrize(("name", "metrics"), [("ThrottlesAlarm", 10), ("FunctionErrorsAlarm", 2)])
def test_a_sum_has_no_more_metrics_than_cloudwatch_adds_up(name: str, metrics: int) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
    listed = ALARMS[name]["Properties"]["Metrics"]
    assert [each["Id"] for each in listed if each["ReturnData"]] == [listed[0]["Id"]]
    assert len(listed) - 1 == metrics <= 10


def test_throttles_of_all_functions_and_tables_are_watched() -> None:
    watched = [
        each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        for each in ALARMS["ThrottlesAlarm"]["Properties"]["Metrics"][1:]
    ]
    assert [{"Fn::Sub": name} in watched for name in FUNCTIONS.values()] == [True] * 3
    assert [{"Ref": table} in watched for table in TABLES] == [True] * 3


# The dashboard


def widgets() -> list[dict[str, Any]]:
    body = DATA_STACK["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def graphed() -> list[list[Any]]:
    return [
        metric
        for widget in widgets()
        if widget["type"] == "metric"
        for metric in widget["properties"]["metrics"]
    ]


def test_the_dashboard_shows_each_metric_of_the_apps_own() -> None:
    named = {metric[1] for metric in graphed() if isinstance(metric[1], str)}
    assert set(UNITS) <= named


def test_the_dashboard_is_one_of_those_that_are_free() -> None:
    """Up to 50 metrics: https://aws.amazon.com/cloudwatch/pricing/"""
    assert len(graphed()) <= 50


def test_the_dashboard_shows_each_alarm() -> None:
    [shown] = [each["properties"]["alarms"] for each in widgets() if each["type"] == "alarm"]
    assert sorted(arn.rpartition(":alarm:")[2] for arn in shown) == sorted(
        alarm["Properties"]["AlarmName"]["Fn::Sub"] for alarm in ALARMS.values()
    )


def test_the_dashboards_widgets_lie_beside_each_other() -> None:
    def cells(each: dict[str, Any]) -> set[tuple[int, int]]:
        columns = range(each["x"], each["x"] + each["width"])
        return {(x, y) for x in columns for y in range(each["y"], each["y"] + each["height"])}

    taken = [cells(each) for each in widgets()]
    together: set[tuple[int, int]] = reduce(lambda one, other: one | other, taken)
    assert len(together) == sum(map(len, taken))
    assert max(x for x, _ in together) < 24
