"""Items to and from Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.dynamodb import from_item, to_item

VALUES = st.text() | st.booleans() | st.integers(-(10**37), 10**37)


@given(VALUES)
def test_values_are_written_and_read_as_boto3_would(value: Any) -> None:
    attribute = TypeSerializer().serialize(value)
    assert to_item({"it": value}) == {"it": attribute}
    found = from_item({"it": attribute})["it"]
    assert (type(found), found) == (
        type(TypeDeserializer().deserialize(attribute)),
        TypeDeserializer().deserialize(attribute),
    )


def test_a_number_is_read_exactly() -> None:
    assert from_item({"it": {"N": "0.10"}}) == {"it": Decimal("0.1")}


def test_a_time_is_stored_in_epoch_seconds_of_its_own_zone() -> None:
    seoul = timezone(timedelta(hours=9))
    assert to_item({"it": datetime(2026, 2, 11, 9, 42, 20, 999, tzinfo=UTC)}) == {
        "it": {"N": "1770802940"}
    }
    assert to_item({"it": datetime(2026, 2, 11, 18, 42, 20, tzinfo=seoul)}) == {
        "it": {"N": "1770802940"}
    }


def test_what_is_none_is_not_stored() -> None:
    assert to_item({"name": "Hana", "email": None}) == {"name": {"S": "Hana"}}


@pytest.mark.parametrize("value", [0.5, b"bytes", ["list"], {"a": "map"}, {"a set"}])
def test_nothing_else_is_stored(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        to_item({"it": value})


@pytest.mark.parametrize(
    "attribute",
    [{"NULL": True}, {"L": [{"S": "a"}]}, {"M": {}}, {"SS": ["a"]}, {"B": b"a"}, {}],
)
def test_attributes_of_other_types_are_as_if_they_were_not_there(attribute: Any) -> None:
    assert from_item({"name": {"S": "Hana"}, "it": attribute}) == {"name": "Hana"}
