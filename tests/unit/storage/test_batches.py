"""Batches repeat whatever DynamoDB leaves unprocessed, and lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.registrations import RegistrationTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "registrations"
PAGE = 70  # entries of an index that one answer brings


class Busy:
    """Processes `share` of each batch's items, and leaves the others unprocessed.

    What it reads comes last first: DynamoDB promises no order.
    """

    def __init__(self, share: int) -> None:
        self.stored: dict[str, Any] = {}
        self.entries: list[Any] = []
        self.calls: list[int] = []
        self.consistent: set[bool] = set()
        self._share = share

    def put_item(self, **request: Any) -> None:
        item = request["Item"]
        self.stored[item["attendee_id"]["S"]] = item
        names = ("event_code", "checked_at", "attendee_id")
        self.entries.append({name: item[name] for name in names})

    def batch_write_item(self, **request: Any) -> Any:
        requests = request["RequestItems"][TABLE]
        self.calls.append(len(requests))
        for put in requests[: self._share]:
            item = put["PutRequest"]["Item"]
            self.stored[item["attendee_id"]["S"]] = item
        left = requests[self._share :]
        return {"UnprocessedItems": {TABLE: left} if left else {}}

    def batch_get_item(self, **request: Any) -> Any:
        wanted = request["RequestItems"][TABLE]
        keys = wanted["Keys"]
        self.calls.append(len(keys))
        self.consistent.add(wanted.get("ConsistentRead", False))
        ids = [key["attendee_id"]["S"] for key in reversed(keys[: self._share])]
        left = keys[self._share :]
        return {
            "Responses": {TABLE: [self.stored[id_] for id_ in ids if id_ in self.stored]},
            "UnprocessedKeys": {TABLE: wanted | {"Keys": left}} if left else {},
        }

    def get_paginator(self, _operation: str) -> Busy:
        return self

    def paginate(self, **_request: Any) -> Iterator[Any]:
        for start in range(0, len(self.entries), PAGE):
            yield {"Items": self.entries[start : start + PAGE]}


def _table(client: Busy, waits: list[float]) -> RegistrationTable:
    return RegistrationTable(cast("DynamoDBClient", client), TABLE, sleep=waits.append)


def _check_ins(client: Busy, waits: list[float]) -> CheckInTable:
    return CheckInTable(cast("DynamoDBClient", client), TABLE, sleep=waits.append)


def _row(event: Event, attendee: str, email: str | None = None) -> Registration:
    return Registration(
        event.event_code, attendee, "김하나", email, "0001", "roster", event.expires_at
    )


def _check_in(event: Event, attendee: str) -> CheckIn:
    return CheckIn(
        check_in_id="7F3K-9QRT-2MXA-HB4D",
        event_code=event.event_code,
        attendee_id=attendee,
        name="김하나",
        email=None,
        checked_at=event.starts_at,
        changed_at=event.starts_at,
        source="roster",
        nonce=None,
        delivery="no_address",
        expires_at=event.expires_at,
    )


def test_unprocessed_items_are_put_again_after_growing_waits(event: Event) -> None:
    busy, waits = Busy(share=10), list[float]()
    rows = [_row(event, str(number)) for number in range(30)]
    assert list(_table(busy, waits).put_many(rows)) == [25, 5]
    assert len(busy.stored) == 30
    assert sorted(busy.calls) == [5, 5, 15, 25]  # the two batches are put side by side
    assert waits == sorted(waits)
    assert len(waits) == 2


def test_putting_gives_up_in_the_end(event: Event) -> None:
    waits: list[float] = []
    with pytest.raises(StorageUnavailable):
        list(_table(Busy(share=0), waits).put_many([_row(event, "a")]))
    assert sum(waits) < 15


def test_nobody_is_asked_for_nothing(event: Event) -> None:
    busy = Busy(share=10)
    assert list(_check_ins(busy, []).of_event(event.event_code)) == []
    assert busy.calls == []


def test_check_ins_keep_the_order_of_the_index_however_they_come(event: Event) -> None:
    busy, waits = Busy(share=40), list[float]()
    table = _check_ins(busy, waits)
    rows = [_check_in(event, f"{number:03}") for number in range(230)]
    for row in rows:
        table.add(row)
    assert list(table.of_event(event.event_code)) == rows
    assert busy.calls == [100, 60, 20, 100, 60, 20, 30]
    assert waits == [0.1, 0.2, 0.1, 0.2]
    assert busy.consistent == {True}


def test_check_ins_are_not_read_before_they_are_wanted(event: Event) -> None:
    busy = Busy(share=100)
    table = _check_ins(busy, [])
    for number in range(230):
        table.add(_check_in(event, f"{number:03}"))
    first = next(iter(table.of_event(event.event_code)))
    assert (first.attendee_id, busy.calls) == ("000", [100])


def test_a_check_in_that_is_gone_hides_no_other(event: Event) -> None:
    busy = Busy(share=100)
    table = _check_ins(busy, [])
    for number in range(3):
        table.add(_check_in(event, str(number)))
    del busy.stored["1"]
    assert [row.attendee_id for row in table.of_event(event.event_code)] == ["0", "2"]


def test_a_check_in_with_two_entries_in_one_batch_is_asked_for_once(event: Event) -> None:
    busy = Busy(share=100)
    table = _check_ins(busy, [])
    for attendee in ("a", "b", "a"):
        table.add(_check_in(event, attendee))
    assert [row.attendee_id for row in table.of_event(event.event_code)] == ["a", "b"]
    assert busy.calls == [2]


def test_an_unprocessed_check_in_is_not_mistaken_for_a_missing_one(event: Event) -> None:
    busy, waits = Busy(share=0), list[float]()
    table = _check_ins(busy, waits)
    table.add(_check_in(event, "a"))
    with pytest.raises(StorageUnavailable, match="not fully processed"):
        list(table.of_event(event.event_code))
    assert sum(waits) < 15
