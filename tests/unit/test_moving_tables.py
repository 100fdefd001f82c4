"""The script in docs/deployment.md that copies a table of a stage with the old names."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"


def test_a_check_in_of_an_old_table_is_listed_found_and_resent_from_the_new_one(
    dynamodb: DynamoDBClient, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.create_table(
        TableName="old-check-ins",
        AttributeDefinitions=[{"AttributeName": "attendee_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "attendee_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(
        TableName="old-check-ins",
        Item={  # as it was stored before there was a changed_at
            "attendee_id": {"S": "0a" * 32},
            "event_code": {"S": "0211ABC"},
            "check_in_id": {"S": "7F3K-9QRT-2MXA-HB4D"},
            "name": {"S": "김하나"},
            "email": {"S": "hana@example.com"},
            "checked_at": {"N": "1770804000"},
            "source": {"S": "roster"},
            "delivery": {"S": "sent"},
            "settled_at": {"N": "1770804001"},
            "expires_at": {"N": "4102444800"},
        },
    )
    [script] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setattr(sys, "argv", ["copy.py", "old-check-ins", "check-ins"])
    exec(textwrap.dedent(script), {})  # noqa: S102  -- our own page's

    [check_in] = wiring.check_in_table.of_event("0211ABC")
    assert check_in.changed_at == check_in.checked_at
    assert wiring.check_in_table.by_number("7F3K-9QRT-2MXA-HB4D") == check_in
    assert wiring.check_in_table.owe(check_in, wiring.now())
