"""Items to and from Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from chalicelib.storage.dynamodb import from_item, to_item


def test_values_come_back_as_they_were_stored() -> None:
    values = {"name": "김하나", "walk_ins": True, "copies": 3}
    assert from_item(to_item(values)) == values


def test_a_time_is_stored_in_epoch_seconds() -> None:
    seoul = timezone(timedelta(hours=9))
    for moment in (
        datetime(2026, 2, 11, 9, 42, 20, 999, tzinfo=UTC),
        datetime(2026, 2, 11, 18, 42, 20, tzinfo=seoul),
    ):
        assert to_item({"it": moment}) == {"it": {"N": "1770802940"}}


def test_none_is_not_stored() -> None:
    assert to_item({"name": "Hana", "email": None}) == {"name": {"S": "Hana"}}
