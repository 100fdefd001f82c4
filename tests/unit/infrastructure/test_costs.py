"""docs/costs.md adds up, and counts what code and templates have."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.storage.deliveries import DUE_SHARDS
from chalicelib.telemetry.metrics import UNITS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
HEADER = "| item | how many | quantity | $ | per | cost |"
MINUTES = 30 * 24 * 60


def number(text: str) -> Decimal:
    return Decimal(text.strip("* ").replace(",", ""))


def evaluated(text: str) -> Decimal:
    """`1,000 × 0.5 s × 2 GB + 10 - 4`: products, added up or taken away. Units are for people."""
    bare = re.sub(r"[A-Za-z ,]", "", text)
    terms = re.findall(r"([+-]?)([^+-]+)", bare)
    return sum(
        (
            Decimal(f"{sign}1") * math.prod(map(Decimal, product.split("×")), start=Decimal(1))
            for sign, product in terms
        ),
        Decimal(0),
    )


def rounded(cost: Decimal) -> Decimal:
    return cost.quantize(Decimal("0.0001"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Row:
    item: str
    how_many: str
    quantity: Decimal
    price: Decimal
    per: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[Row, ...]
    total: Decimal

    def quantity(self, item: str) -> Decimal:
        [row] = [row for row in self.rows if row.item.startswith(item)]
        return row.quantity

    def how_many(self, item: str) -> str:
        [row] = [row for row in self.rows if row.item.startswith(item)]
        return row.how_many


def tables() -> Iterator[Table]:
    for part in PAGE.split(HEADER)[1:]:
        lines = part.strip("\n").split("\n\n")[0].splitlines()[1:]
        *rows, total = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
        yield Table(
            tuple(Row(item, how, *map(number, numbers)) for item, how, *numbers in rows),
            number(total[-1]),
        )


CHECK_INS, MONTH, LEFT = TABLES = list(tables())
ROWS = [row for table in TABLES for row in table.rows]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.item)
def test_a_quantity_is_what_its_counts_make(row: Row) -> None:
    assert evaluated(row.how_many).quantize(row.quantity, ROUND_HALF_UP) == row.quantity


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.item)
def test_a_cost_is_quantity_times_price(row: Row) -> None:
    assert rounded(evaluated(row.how_many) * row.price / row.per) == row.cost


@pytest.mark.parametrize("table", TABLES, ids=["1,000 check-ins", "a month", "what is left"])
def test_a_sum_is_that_of_its_rows(table: Table) -> None:
    assert sum(row.cost for row in table.rows) == table.total


def test_one_thing_has_one_price() -> None:
    prices: dict[str, set[Decimal]] = {}
    for row in ROWS:
        name = "alarms" if "alarms" in row.item and "SNS" not in row.item else row.item
        prices.setdefault(name, set()).add(row.price / row.per)
    assert {name for name, found in prices.items() if len(found) > 1} == set()


def test_the_summary_says_what_the_tables_say() -> None:
    summary = PAGE.split("\n## ")[0]
    for told, table in zip(("$0.10", "$7.50", "$0.70"), TABLES, strict=True):
        assert told in summary
        assert number(told.strip("$")) == table.total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    fixed = [row.cost for row in MONTH.rows if row.item.startswith("CloudWatch, ")]
    assert f"${sum(fixed):.2f} are CloudWatch's" in summary


def test_write_units_are_those_of_the_calls() -> None:
    rows = [line.strip(" |").split("|") for line in PAGE.splitlines() if line.startswith("  | ")]
    calls = [[number(cell.split(":")[0]) for cell in row[1:]] for row in rows[2:]]
    assert all(sum(units) == total for *units, total in calls)
    total = sum(total for *_, total in calls)
    assert CHECK_INS.how_many("DynamoDB, write") == f"1,000 × 1 + 1,000 × {total}"
    assert LEFT.quantity("DynamoDB, write") == CHECK_INS.quantity("DynamoDB, write")
    assert f"A check-in and its mail are {total}:" in PAGE


# What is counted


def of_type(kind: str) -> list[Any]:
    template = yaml.safe_load((ROOT / "infrastructure" / "monitoring.yaml").read_text())
    return [each for each in template["Resources"].values() if each["Type"] == kind]


def test_alarms_metrics_and_dashboards_are_those_of_the_template() -> None:
    watched = sum(
        max(1, len(alarm["Properties"].get("Metrics", ())) - 1)
        for alarm in of_type("AWS::CloudWatch::Alarm")
    )
    assert MONTH.quantity("CloudWatch, alarms") == watched
    assert MONTH.quantity("CloudWatch, custom metrics") == len(UNITS)
    assert MONTH.quantity("CloudWatch, dashboards") == len(of_type("AWS::CloudWatch::Dashboard"))


def test_a_sweep_runs_each_minute_and_asks_each_shard() -> None:
    assert MONTH.quantity("Lambda, requests") == MINUTES
    assert MONTH.quantity("DynamoDB, read") == MINUTES * len(DUE_SHARDS) * Decimal("0.5")


def test_a_phone_asks_for_each_file_of_the_page_the_event_and_the_check_in() -> None:
    files = len(list((ROOT / "chalicelib" / "web" / "pages").iterdir()))
    assert CHECK_INS.how_many("API Gateway").startswith(f"1,000 × {files + 2} + ")


@pytest.mark.parametrize(
    ("table", "function"),
    [(CHECK_INS, "api_handler"), (CHECK_INS, "send_confirmations"), (MONTH, "sweep_deliveries")],
    ids=["api_handler", "send_confirmations", "sweep_deliveries"],
)
def test_a_function_has_as_much_memory_as_it_is_configured_with(
    table: Table, function: str
) -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    gigabytes = config["lambda_functions"][function]["lambda_memory_size"] / 1024
    assert table.how_many(f"Lambda, `{function}`").endswith(f" × {gigabytes:g} GB")


def test_the_free_tier_is_compared_with_both_tables() -> None:
    requests = CHECK_INS.quantity("Lambda, requests") + MONTH.quantity("Lambda, requests")
    seconds = sum(row.quantity for row in ROWS if row.item.startswith("Lambda, `"))
    keys = CHECK_INS.quantity("KMS") + MONTH.quantity("KMS")
    assert f"| {requests:,.0f} requests, {seconds:,.0f} GB-seconds |" in PAGE
    assert f"| KMS | 20,000 requests | {keys:,.0f} |" in PAGE
