"""Metrics as lines of CloudWatch's Embedded Metric Format."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from chalicelib.telemetry.metrics import UNITS, Metric, Metrics, Values, to_stdout

NOW = datetime(2026, 2, 11, 10, 0, 0, 250_000, tzinfo=UTC)


def put(values: Values) -> list[dict[str, Any]]:
    lines: list[str] = []
    Metrics("rollcall-dev", lambda: NOW, lines.append).put(values)
    assert not any("\n" in line for line in lines)
    return [json.loads(line) for line in lines]


def test_a_line_says_when_where_what_and_in_which_unit() -> None:
    assert put({"Owed": 2, "OldestOwedSeconds": 90.5}) == [
        {
            "_aws": {
                "Timestamp": 1_770_804_000_250,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "rollcall-dev",
                        "Dimensions": [[]],
                        "Metrics": [
                            {"Name": "Owed", "Unit": "Count"},
                            {"Name": "OldestOwedSeconds", "Unit": "Seconds"},
                        ],
                    }
                ],
            },
            "Owed": 2,
            "OldestOwedSeconds": 90.5,
        }
    ]


def test_a_nought_is_written_and_no_value_at_all_is_not() -> None:
    [line] = put({"Owed": 0, "SecondsToMail": []})
    assert line["Owed"] == 0
    assert "SecondsToMail" not in line
    assert put({"SecondsToMail": []}) == put({}) == []


@pytest.mark.parametrize(("count", "split"), [(2, [2]), (100, [100]), (205, [100, 100, 5])])
def test_of_many_values_a_hundred_go_into_a_line(count: int, split: list[int]) -> None:
    values = [float(number) for number in range(count)]
    lines = put({"MailsSent": count, "SecondsToMail": values})
    assert [len(line["SecondsToMail"]) for line in lines] == split
    assert [value for line in lines for value in line["SecondsToMail"]] == values
    assert [line.get("MailsSent") for line in lines] == [count] + [None] * (len(split) - 1)
    for line in lines:
        [directive] = line["_aws"]["CloudWatchMetrics"]
        assert {metric["Name"] for metric in directive["Metrics"]} == set(line) - {"_aws"}


def test_no_metrics_are_written_if_nobody_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    Metrics("rollcall-dev", lambda: NOW).put({"CheckIns": 1})
    assert capsys.readouterr().out == ""


def test_a_line_of_the_log_is_one_metric_line(capsys: pytest.CaptureFixture[str]) -> None:
    Metrics("rollcall-dev", lambda: NOW, to_stdout).put({"CheckIns": 1})
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["CheckIns"] == 1


def test_every_metric_has_a_unit() -> None:
    assert set(UNITS) == set(get_args(Metric))
