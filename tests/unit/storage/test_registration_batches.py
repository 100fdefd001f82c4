"""Registrations in batches: what DynamoDB leaves undone is asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.storage.registrations import RegistrationTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "registrations"


class Busy:
    """Does `share` of each batch's items, at least one, and leaves the others undone."""

    def __init__(self, share: int) -> None:
        self.stored: dict[str, Any] = {}
        self.calls: list[int] = []
        self._share = share

    def batch_write_item(self, **request: Any) -> Any:
        requests = request["RequestItems"][TABLE]
        self.calls.append(len(requests))
        for put in requests[: self._share]:
            item = put["PutRequest"]["Item"]
            self.stored[item["attendee_id"]["S"]] = item
        left = requests[self._share :]
        return {"UnprocessedItems": {TABLE: left} if left else {}}

    def batch_get_item(self, **request: Any) -> Any:
        keys = request["RequestItems"][TABLE]["Keys"]
        self.calls.append(len(keys))
        ids = [key["attendee_id"]["S"] for key in keys[: self._share]]
        left = keys[self._share :]
        return {
            "Responses": {TABLE: [self.stored[id_] for id_ in ids if id_ in self.stored]},
            "UnprocessedKeys": {TABLE: {"Keys": left}} if left else {},
        }


def _table(client: Busy, waits: list[float]) -> RegistrationTable:
    return RegistrationTable(cast("DynamoDBClient", client), TABLE, sleep=waits.append)


def _row(event: Event, attendee: str, email: str | None = None) -> Registration:
    return Registration(
        event.event_code, attendee, "김하나", email, "0001", "roster", event.expires_at
    )


def test_items_left_undone_are_put_again_after_longer_and_longer_waits(event: Event) -> None:
    busy, waits = Busy(share=10), list[float]()
    rows = [_row(event, str(number)) for number in range(30)]
    assert list(_table(busy, waits).put_many(rows)) == [25, 5]
    assert len(busy.stored) == 30
    assert busy.calls == [25, 15, 5, 5]
    assert waits == sorted(waits)
    assert len(waits) == 2


def test_putting_gives_up_in_the_end(event: Event) -> None:
    waits: list[float] = []
    with pytest.raises(StorageUnavailable):
        list(_table(Busy(share=0), waits).put_many([_row(event, "a")]))
    assert sum(waits) < 15


def test_keys_left_undone_are_asked_for_again(event: Event) -> None:
    busy, waits = Busy(share=10), list[float]()
    table = _table(busy, waits)
    list(table.put_many(_row(event, str(n), f"{n}@example.com") for n in range(10)))
    busy.calls.clear()
    found = table.emails(event.event_code, [str(number) for number in range(25)])
    assert found == {str(number): f"{number}@example.com" for number in range(10)}
    assert busy.calls == [25, 15, 5]


def test_nobody_is_asked_for_nothing(event: Event) -> None:
    busy = Busy(share=10)
    assert _table(busy, []).emails(event.event_code, []) == {}
    assert busy.calls == []


def test_stored_addresses_are_found_and_missing_ones_left_out(
    dynamodb: DynamoDBClient, event: Event
) -> None:
    table = RegistrationTable(dynamodb, TABLE)
    table.add(_row(event, "a", "a@example.com"))
    table.add(_row(event, "b"))
    assert table.emails(event.event_code, ["a", "b", "c"]) == {"a": "a@example.com"}
