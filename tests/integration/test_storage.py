"""The storage contract: one suite, run over moto and over AWS's own DynamoDB Local."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.delivery import Attempt, Claimed, DeliveryStatus, End, OwedMail
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.storage.batches import MOST_WRITES, batched
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.deliveries import DUE_SHARDS, Deliveries
from chalicelib.storage.dynamodb import AT_A_DESK
from chalicelib.storage.events import EventTable
from chalicelib.storage.holdings import Holding, Holdings, Kind
from chalicelib.storage.registrations import RegistrationTable
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # DynamoDB Local deletes what has expired
COSTS = Path(__file__).parents[2] / "docs" / "costs.md"
INDEXES = ("by_event", "by_number", "due_deliveries")
HANA = "0a" * 32
DURI = "1b" * 32


@dataclass(frozen=True)
class Storage:
    client: DynamoDBClient
    names: dict[str, str]
    events: EventTable
    registrations: RegistrationTable
    check_ins: CheckInTable
    deliveries: Deliveries
    holdings: Holdings

    def put_raw(self, resource: str, **item: dict[str, Any]) -> None:
        self.client.put_item(TableName=self.names[resource], Item=item)

    def item(self, keys: dict[str, Any]) -> Any:
        """The check-in's item, undecoded; None if there is none."""
        return self.client.get_item(
            TableName=self.names["CheckInTable"], Key=keys, ConsistentRead=True
        ).get("Item")

    def delete(self, keys: dict[str, Any]) -> None:
        self.client.delete_item(TableName=self.names["CheckInTable"], Key=keys)

    def owed(self) -> list[tuple[str, str, str]]:
        """What the sparse index holds: attendee, shard and time of each mail that is owed."""
        rows = self.client.scan(TableName=self.names["CheckInTable"], IndexName="due_deliveries")
        return [
            (row["attendee_id"]["S"], row["due_shard"]["S"], row["due_at"]["N"])
            for row in rows["Items"]
        ]


def storage_on(
    client: DynamoDBClient, names: dict[str, str] | None = None, now: datetime = NOW
) -> Storage:
    names = names or {
        resource: f"{resource}-{uuid.uuid4()}"
        for resource in ("EventTable", "RegistrationTable", "CheckInTable")
    }
    tables: dict[Kind, str] = {
        "registration": names["RegistrationTable"],
        "check_in": names["CheckInTable"],
    }
    return Storage(
        client,
        names,
        EventTable(client, names["EventTable"], now=lambda: now),
        RegistrationTable(client, names["RegistrationTable"], now=lambda: now),
        CheckInTable(client, names["CheckInTable"], now=lambda: now),
        Deliveries(client, names["CheckInTable"]),
        Holdings(client, names["EventTable"], tables, now=lambda: now),
    )


@pytest.fixture(scope="module", params=["moto_server", "dynamodb_local"])
def client(request: pytest.FixtureRequest) -> Iterator[DynamoDBClient]:
    """With the SDK's settings as they are deployed: it does not look at what it sends."""
    address = request.getfixturevalue(request.param)
    client = boto3.client("dynamodb", endpoint_url=address, config=AT_A_DESK)
    yield client
    client.close()


@pytest.fixture(scope="module")
def tables(client: DynamoDBClient) -> Storage:
    storage = storage_on(client)
    create_tables(client, storage.names)
    return storage


@pytest.fixture
def storage(tables: Storage) -> Storage:
    """Empty, though the tables are older than the test: to make new ones takes longer."""
    for name in tables.names.values():
        schema = tables.client.describe_table(TableName=name)["Table"]["KeySchema"]
        key_names = [part["AttributeName"] for part in schema]
        pages = tables.client.get_paginator("scan").paginate(TableName=name)
        items = (item for page in pages for item in page["Items"])
        for batch in batched(items, MOST_WRITES):
            keys = ({part: item[part] for part in key_names} for item in batch)
            deletions: Any = [{"DeleteRequest": {"Key": key}} for key in keys]
            tables.client.batch_write_item(RequestItems={name: deletions})
    return tables


def registration(attendee_id: str = HANA, **fields: Any) -> Registration:
    row = Registration(
        event_code="0211ABC",
        attendee_id=attendee_id,
        name="김하나",
        email="hana@example.com",
        phone_last4="0001",
        source="roster",
        expires_at=LATER,
    )
    return replace(row, **fields)


def check_in(attendee_id: str = HANA, **fields: Any) -> CheckIn:
    row = CheckIn(
        check_in_id=str(uuid.uuid4()),
        event_code="0211ABC",
        attendee_id=attendee_id,
        name="김하나 👩‍💻",
        email="hana@example.com",
        checked_at=NOW,
        changed_at=fields.get("checked_at", NOW),
        source="roster",
        nonce="n1",
        delivery="due",
        expires_at=LATER,
    )
    return replace(row, **fields)


def keys(row: CheckIn) -> dict[str, Any]:
    return {"attendee_id": {"S": row.attendee_id}, "event_code": {"S": row.event_code}}


class TestEvents:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"reply_to": "answers@example.com", "announcement": "첫 줄\n둘째 줄", "walk_ins": True},
            {"self_check_in": False, "locale": "en", "timezone": "America/New_York", "venue": ""},
        ],
    )
    def test_come_back_as_they_were_stored(
        self, storage: Storage, event: Event, fields: dict[str, Any]
    ) -> None:
        stored = replace(event, **fields)
        storage.events.put(stored)
        assert storage.events.get(event.event_code) == stored

    def test_that_are_not_there_are_none(self, storage: Storage) -> None:
        assert storage.events.get("0211ABC") is None

    def test_are_stored_over_what_was_there(self, storage: Storage, event: Event) -> None:
        storage.events.put(replace(event, reply_to="answers@example.com"))
        storage.events.put(event)
        assert storage.events.get(event.event_code) == event

    def test_are_created_once(self, storage: Storage, event: Event) -> None:
        assert storage.events.create(event) is True
        assert storage.events.create(replace(event, name="이두리의 밋업")) is False
        assert storage.events.get(event.event_code) == event

    def test_change_if_nobody_else_was_first(self, storage: Storage, event: Event) -> None:
        first = replace(event, reply_to="answers@example.com")
        storage.events.put(first)
        second = storage.events.change(first, replace(event, name="다른 밋업", version=99))
        assert second == replace(event, name="다른 밋업", version=1)
        assert storage.events.change(first, replace(first, venue="부산")) is None
        assert storage.events.get(event.event_code, consistent=True) == second
        third = storage.events.change(second, replace(second, venue="부산"))
        assert third == replace(second, venue="부산", version=2)

    def test_are_changed_once_though_the_reply_is_lost(
        self, storage: Storage, event: Event
    ) -> None:
        storage.events.put(event)
        for _ in range(2):  # as the SDK repeats it
            changed = storage.events.change(event, replace(event, venue="부산"))
            assert changed == replace(event, venue="부산", version=1)

    def test_that_are_not_there_are_not_changed(self, storage: Storage, event: Event) -> None:
        assert storage.events.change(event, replace(event, venue="부산")) is None
        assert storage.events.get(event.event_code) is None

    @pytest.mark.parametrize("version", [None, {"N": "0"}, {"N": "7"}])
    def test_keep_what_this_version_does_not_know_when_they_change(
        self, storage: Storage, event: Event, version: dict[str, Any] | None
    ) -> None:
        storage.events.put(event)
        [item] = storage.client.scan(TableName=storage.names["EventTable"])["Items"]
        later: dict[str, Any] = {**item, "colour": {"S": "blue"}, "version": version}
        storage.put_raw("EventTable", **{name: each for name, each in later.items() if each})
        stored = storage.events.get(event.event_code)
        assert stored
        assert storage.events.change(stored, replace(stored, venue="부산"))
        [item] = storage.client.scan(TableName=storage.names["EventTable"])["Items"]
        assert item == later | {
            "venue": {"S": "부산"},
            "version": {"N": str(stored.version + 1)},
        }

    def test_are_all_found(self, storage: Storage, event: Event) -> None:
        stored = [replace(event, event_code=f"02{day}ABC") for day in range(10, 20)]
        for each in stored:
            storage.events.put(each)
        assert sorted(storage.events.all(), key=lambda each: each.event_code) == stored

    def test_answer_a_ping_though_there_are_none(self, storage: Storage) -> None:
        storage.events.ping()

    def test_of_a_later_version_can_be_read(self, storage: Storage, event: Event) -> None:
        storage.events.put(event)
        storage.client.update_item(
            TableName=storage.names["EventTable"],
            Key={"event_code": {"S": event.event_code}},
            UpdateExpression="SET colour = :colour, #zone = :colour",
            ExpressionAttributeNames={"#zone": "zone"},
            ExpressionAttributeValues={":colour": {"S": "blue"}},
        )
        assert storage.events.get(event.event_code) == event

    def test_that_rollcall_did_not_write_are_refused(self, storage: Storage) -> None:
        storage.put_raw("EventTable", event_code={"S": "0211ABC"}, name={"S": "?"})
        with pytest.raises(StorageUnavailable, match="malformed event"):
            storage.events.get("0211ABC")


class TestRegistrations:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"email": None, "source": "walk_in", "name": "\x00"},
            {"status": "cancelled", "kept": {"사이즈": "M"}},
        ],
    )
    def test_come_back_as_they_were_stored(self, storage: Storage, fields: dict[str, Any]) -> None:
        stored = registration(**fields)
        storage.registrations.add(stored)
        assert storage.registrations.get("0211ABC", HANA) == stored

    def test_that_are_not_there_are_none(self, storage: Storage) -> None:
        storage.registrations.add(registration())
        assert storage.registrations.get("0211ABC", DURI) is None
        assert storage.registrations.get("0211XYZ", HANA) is None

    def test_of_a_roster_are_stored_over_what_was_there(self, storage: Storage) -> None:
        storage.registrations.add(registration())
        assert list(storage.registrations.put_many([registration(email=None)])) == [1]
        assert storage.registrations.get("0211ABC", HANA) == registration(email=None)

    def test_of_a_walk_in_yield_to_the_one_that_stands(self, storage: Storage) -> None:
        assert storage.registrations.add(registration()) is None
        other = registration(name="이두리", email=None, source="walk_in")
        assert storage.registrations.add(other) == registration()
        assert storage.registrations.get("0211ABC", HANA) == registration()

    @pytest.mark.parametrize("status", ["cancelled", "waiting"])
    def test_that_do_not_count_yield_to_a_walk_in(self, storage: Storage, status: str) -> None:
        storage.registrations.add(registration(status=status))
        walk_in = registration(name="이두리", source="walk_in")
        assert storage.registrations.add(walk_in) is None
        assert storage.registrations.get("0211ABC", HANA) == walk_in

    def test_of_one_event_are_listed(self, storage: Storage) -> None:
        rows = [registration(f"{number:064x}", status="waiting") for number in range(30)]
        list(storage.registrations.put_many([*rows, registration(event_code="0212ABC")]))
        storage.put_raw("RegistrationTable", event_code={"S": "0211ABC"}, attendee_id={"S": DURI})
        listed = storage.registrations.of_event("0211ABC")
        assert sorted(listed, key=lambda row: row.attendee_id) == rows

    def test_are_removed_and_may_be_missing(self, storage: Storage) -> None:
        ids = [f"{number:064x}" for number in range(30)]
        list(storage.registrations.put_many(map(registration, ids)))
        storage.registrations.add(registration(ids[0], event_code="0212ABC"))
        assert list(storage.registrations.remove_many("0211ABC", [*ids[:28], DURI])) == [25, 4]
        left = {row.attendee_id for row in storage.registrations.of_event("0211ABC")}
        assert left == set(ids[28:])
        assert storage.registrations.count("0212ABC") == 1

    def test_are_stored_in_batches_of_25(self, storage: Storage) -> None:
        rows = [registration(f"{number:064x}") for number in range(60)]
        assert list(storage.registrations.put_many(iter(rows))) == [25, 25, 10]
        assert storage.registrations.count("0211ABC") == 60
        assert storage.registrations.get("0211ABC", f"{59:064x}") == rows[59]

    def test_are_stored_again_without_doubling(self, storage: Storage) -> None:
        rows = [registration(f"{number:064x}") for number in range(30)]
        for _ in range(2):
            assert sum(storage.registrations.put_many(rows)) == 30
        assert storage.registrations.count("0211ABC") == 30

    def test_may_be_none_at_all(self, storage: Storage) -> None:
        assert list(storage.registrations.put_many([])) == []
        assert storage.registrations.count("0211ABC") == 0

    def test_are_counted_by_event(self, storage: Storage) -> None:
        storage.registrations.add(registration())
        storage.registrations.add(registration(event_code="0212ABC"))
        storage.registrations.add(registration(DURI, status="cancelled"))
        assert storage.registrations.count("0211ABC") == 1

    def test_that_rollcall_did_not_write_are_refused(self, storage: Storage) -> None:
        storage.put_raw("RegistrationTable", event_code={"S": "0211ABC"}, attendee_id={"S": HANA})
        with pytest.raises(StorageUnavailable, match="malformed registration"):
            storage.registrations.get("0211ABC", HANA)


class TestCheckIns:
    @pytest.mark.parametrize(
        "fields",
        [
            {"due_at": NOW},
            {"email": None, "nonce": None, "delivery": "no_address", "source": "walk_in"},
            {"delivery": "sent", "settled_at": NOW},
            {"delivery": "failed", "delivery_reason": "recipient refused: 550", "settled_at": NOW},
        ],
    )
    def test_come_back_as_they_were_stored(self, storage: Storage, fields: dict[str, Any]) -> None:
        stored = check_in(**fields)
        assert storage.check_ins.add(stored) is None
        assert storage.check_ins.get("0211ABC", HANA) == stored

    def test_that_are_not_there_are_none(self, storage: Storage) -> None:
        storage.check_ins.add(check_in())
        assert storage.check_ins.get("0211ABC", DURI) is None
        assert storage.check_ins.get("0211XYZ", HANA) is None

    @pytest.mark.parametrize(
        "fields", [{"due_at": NOW}, {"email": None, "nonce": None, "delivery": "no_address"}]
    )
    def test_give_the_earlier_one_to_who_comes_second(
        self, storage: Storage, fields: dict[str, Any]
    ) -> None:
        first = check_in(**fields)
        storage.check_ins.add(first)
        second = check_in(name="이두리", checked_at=NOW + timedelta(minutes=1), nonce="n2")
        assert storage.check_ins.add(second) == first
        assert storage.check_ins.get("0211ABC", HANA) == first

    def test_tell_which_of_a_hundred_and_more_attendees_have_checked_in(
        self, storage: Storage
    ) -> None:
        storage.check_ins.add(check_in())
        storage.check_ins.add(check_in(DURI, event_code="0212ABC"))
        ids = [f"{number:064x}" for number in range(150)]
        assert storage.check_ins.checked_in("0211ABC", [*ids, HANA, DURI]) == {HANA}

    def test_are_separate_by_attendee_and_by_event(self, storage: Storage) -> None:
        assert storage.check_ins.add(check_in()) is None
        assert storage.check_ins.add(check_in(DURI)) is None
        assert storage.check_ins.add(check_in(event_code="0212ABC")) is None
        assert storage.check_ins.count("0211ABC") == 2
        assert storage.check_ins.count("0212ABC") == 1
        assert storage.check_ins.count("0213ABC") == 0

    def test_are_one_where_twenty_come_at_once(self, storage: Storage) -> None:
        tries = [check_in(nonce=str(number)) for number in range(20)]
        together = threading.Barrier(20)

        def add(row: CheckIn) -> CheckIn | None:
            together.wait(60)
            return storage.check_ins.add(row)

        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(add, tries))

        [winner] = [row for row, answer in zip(tries, answers, strict=True) if answer is None]
        stored = replace(winner, due_at=NOW)
        assert [answer for answer in answers if answer is not None] == [stored] * 19
        assert storage.check_ins.get("0211ABC", HANA) == stored

    def test_that_rollcall_did_not_write_are_refused(self, storage: Storage) -> None:
        storage.put_raw("CheckInTable", **keys(check_in()), email={"S": "hana@example.com"})
        with pytest.raises(StorageUnavailable, match="malformed check-in"):
            storage.check_ins.get("0211ABC", HANA)
        with pytest.raises(StorageUnavailable, match="malformed check-in"):
            storage.check_ins.add(check_in())

    def test_are_listed_by_event_in_the_order_of_their_changes(self, storage: Storage) -> None:
        for attendee_id, minutes in ((HANA, 2), (DURI, 0), ("2c" * 32, 1)):
            storage.check_ins.add(
                check_in(attendee_id, checked_at=NOW + timedelta(minutes=minutes))
            )
        storage.check_ins.add(check_in(event_code="0212ABC"))
        rows = list(storage.check_ins.of_event("0211ABC"))
        assert [row.attendee_id for row in rows] == [DURI, "2c" * 32, HANA]
        assert rows[0] == storage.check_ins.get("0211ABC", DURI)
        assert list(storage.check_ins.of_event("0213ABC")) == []

    def test_are_all_listed_however_many_there_are(self, storage: Storage) -> None:
        rows = many_check_ins(storage)
        with pages_of(storage.client, 60):
            assert list(storage.check_ins.of_event("0211ABC")) == rows
            assert storage.check_ins.count("0211ABC") == len(rows)

    def test_are_left_out_where_they_are_deleted_meanwhile(self, storage: Storage) -> None:
        rows = many_check_ins(storage)
        listing = storage.check_ins.of_event("0211ABC")
        assert next(listing) == rows[0]
        storage.delete(keys(rows.pop(150)))
        assert list(listing) == rows[1:]

    def test_are_all_listed_however_large_they_are(self, storage: Storage) -> None:
        name = "하" * 100_000  # a page holds 1 MB
        ids = [f"{number:064x}" for number in range(5)]
        for attendee_id in ids:
            storage.check_ins.add(check_in(attendee_id, name=name))
        assert sorted(row.attendee_id for row in storage.check_ins.of_event("0211ABC")) == ids
        assert storage.check_ins.count("0211ABC") == 5

    def test_that_rollcall_did_not_write_hide_no_other(
        self, storage: Storage, app_log: pytest.LogCaptureFixture
    ) -> None:
        moment = {"N": str(int(NOW.timestamp() * 1000))}
        storage.put_raw("CheckInTable", **keys(check_in("b" * 64)), changed_at=moment)
        storage.check_ins.add(check_in())
        assert list(storage.check_ins.of_event("0211ABC")) == [
            storage.check_ins.get("0211ABC", check_in().attendee_id)
        ]
        assert "event 0211ABC: malformed check-in item" in app_log.text

    def test_are_found_by_their_number(self, storage: Storage) -> None:
        storage.check_ins.add(check_in(check_in_id="7F3K-9QRT-2MXA-HB4D"))
        storage.check_ins.add(check_in(DURI))
        found = storage.check_ins.by_number("7F3K-9QRT-2MXA-HB4D")
        assert found == storage.check_ins.get("0211ABC", HANA)
        assert storage.check_ins.by_number("0000-0000-0000-0000") is None

    def test_keep_the_millisecond_of_their_change(self, storage: Storage) -> None:
        stored = check_in(due_at=NOW, changed_at=NOW + timedelta(milliseconds=123))
        storage.check_ins.add(stored)
        assert storage.check_ins.get("0211ABC", HANA) == stored


def many_check_ins(storage: Storage) -> list[CheckIn]:
    """Stored in no order; returned in the order of their times."""
    rows = [
        check_in(f"{number * 7919 % 210:064x}", checked_at=NOW + timedelta(seconds=number))
        for number in range(210)
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(storage.check_ins.add, reversed(rows)))
    return [replace(row, due_at=row.checked_at) for row in rows]


@contextmanager
def pages_of(client: DynamoDBClient, entries: int) -> Iterator[None]:
    """A query's page has so many, and not 1 MB of them."""

    def limit(params: dict[str, Any], **_: Any) -> None:
        params["Limit"] = entries

    name = "provide-client-params.dynamodb.Query"
    client.meta.events.register(name, limit)
    try:
        yield
    finally:
        client.meta.events.unregister(name, limit)


LEASE = timedelta(seconds=60)


def attempt(by: str = "mine", now: datetime = NOW, most_copies: int = 2) -> Attempt:
    return Attempt(token=by, now=now, until=now + LEASE, most_copies=most_copies)


def end(
    status: DeliveryStatus,
    reason: str | None = None,
    due_at: datetime | None = None,
    now: datetime = NOW,
) -> End:
    return End(status=status, now=now, reason=reason, due_at=due_at)


def image(storage: Storage, row: CheckIn) -> dict[str, Any]:
    found = storage.item(keys(row))
    assert found is not None
    return dict(found)


def owed_check_in(storage: Storage, attendee_id: str = HANA, **fields: Any) -> CheckIn:
    row = check_in(attendee_id, **fields)
    storage.check_ins.add(row)
    return row


def claimed(storage: Storage, **fields: Any) -> CheckIn:
    """A check-in whose delivery is claimed since NOW."""
    row = owed_check_in(storage, **fields)
    assert storage.deliveries.claim(keys(row), attempt()).copies == 1
    return row


def seconds(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


class TestImages:
    def test_are_the_items_undecoded(self, storage: Storage) -> None:
        row = owed_check_in(storage, nonce=None)
        assert storage.item(keys(row)) == {
            **keys(row),
            "check_in_id": {"S": row.check_in_id},
            "name": {"S": row.name},
            "email": {"S": "hana@example.com"},
            "checked_at": seconds(NOW),
            "changed_at": {"N": str(int(NOW.timestamp() * 1000))},
            "source": {"S": "roster"},
            "delivery": {"S": "due"},
            "due_shard": {"S": "0"},
            "due_at": seconds(NOW),
            "expires_at": seconds(LATER),
        }

    def test_of_what_is_not_there_are_none(self, storage: Storage) -> None:
        assert storage.item(keys(check_in())) is None


class TestOwed:
    def test_exactly_the_owed_ones_are_in_the_index(self, storage: Storage) -> None:
        owed_check_in(storage)
        owed_check_in(storage, DURI, email=None, delivery="no_address")
        assert storage.owed() == [(HANA, "0", seconds(NOW)["N"])]

    def test_are_found_in_every_shard_the_longest_due_first(self, storage: Storage) -> None:
        shards = "f3a19b0e7c5d2846"
        assert sorted(shards) == sorted(DUE_SHARDS)
        rows = [
            owed_check_in(storage, shard * 64, checked_at=NOW + timedelta(seconds=place))
            for place, shard in enumerate(shards)
        ]
        rows.append(
            owed_check_in(storage, event_code="0212ABC", checked_at=NOW + timedelta(minutes=1))
        )
        found = list(storage.deliveries.owed())
        assert found == [OwedMail(keys(row), row.checked_at, row.checked_at) for row in rows]

    def test_that_somebody_is_at_work_on_are_due_after_the_lease(self, storage: Storage) -> None:
        row = claimed(storage)
        behind = owed_check_in(storage, DURI, checked_at=NOW + LEASE / 2)
        assert list(storage.deliveries.owed()) == [
            OwedMail(keys(behind), behind.checked_at, behind.checked_at),
            OwedMail(keys(row), NOW + LEASE, NOW),
        ]

    def test_are_found_even_with_malformed_times(self, storage: Storage) -> None:
        row = owed_check_in(storage)
        odd = check_in(DURI)
        storage.put_raw(
            "CheckInTable", **keys(odd), due_shard={"S": "1"}, due_at={"N": "99999999999999"}
        )
        halves = check_in(event_code="0212ABC")
        storage.put_raw("CheckInTable", **keys(halves), due_shard={"S": "0"}, due_at={"N": "0.5"})
        found = list(storage.deliveries.owed())
        assert [mail.keys for mail in found] == [keys(halves), keys(row), keys(odd)]
        assert found[-1].due_at > LATER

    def test_are_counted_from_due_at_where_the_index_lacks_their_check_in(
        self, client: DynamoDBClient
    ) -> None:
        """As an earlier version made it, with nothing but keys in it."""
        old = storage_on(client)
        client.create_table(
            TableName=old.names["CheckInTable"],
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "attendee_id", "AttributeType": "S"},
                {"AttributeName": "event_code", "AttributeType": "S"},
                {"AttributeName": "due_shard", "AttributeType": "S"},
                {"AttributeName": "due_at", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "attendee_id", "KeyType": "HASH"},
                {"AttributeName": "event_code", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due_deliveries",
                    "KeySchema": [
                        {"AttributeName": "due_shard", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        row = claimed(old)
        assert list(old.deliveries.owed()) == [OwedMail(keys(row), NOW + LEASE, NOW + LEASE)]

    def test_can_be_settled_while_they_are_read(self, storage: Storage) -> None:
        rows = [owed_check_in(storage, f"{number:02x}" * 32) for number in range(0, 64, 4)]
        seen = []
        for found in storage.deliveries.owed():
            storage.deliveries.claim(found.keys, attempt())
            storage.deliveries.settle(found.keys, "mine", end("sent"))
            seen.append(found.keys["attendee_id"]["S"])
        assert sorted(seen) == sorted(row.attendee_id for row in rows)
        assert storage.owed() == []


class TestClaims:
    def test_of_a_due_delivery_are_granted_with_the_item_as_it_was(self, storage: Storage) -> None:
        row = owed_check_in(storage)
        before = image(storage, row)
        assert storage.deliveries.claim(keys(row), attempt()) == Claimed(before, 1, 1)
        assert image(storage, row) == before | {
            "delivery": {"S": "sending"},
            "claim": {"S": "mine"},
            "due_at": seconds(NOW + LEASE),
            "copies": {"N": "1"},
            "attempts": {"N": "1"},
        }

    @pytest.mark.parametrize("state", ["sending", "unclear"])
    def test_are_refused_until_the_lease_is_over(
        self, storage: Storage, state: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        if state == "unclear":
            storage.deliveries.settle(keys(row), "mine", end("unclear", "?", NOW + LEASE))
        before = image(storage, row)
        early = attempt("another", NOW + LEASE - timedelta(seconds=1))
        assert storage.deliveries.claim(keys(row), early) == Claimed(before)
        assert image(storage, row) == before
        late = attempt("another", NOW + LEASE)
        assert storage.deliveries.claim(keys(row), late) == Claimed(before, 2, 2)
        assert image(storage, row)["claim"] == {"S": "another"}

    @pytest.mark.parametrize("settled", ["sent", "failed", "no_address", "unclear"])
    def test_of_a_settled_delivery_are_refused(
        self, storage: Storage, settled: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(settled))
        before = image(storage, row)
        again = attempt("another", NOW + timedelta(days=1))
        assert storage.deliveries.claim(keys(row), again) == Claimed(before)
        assert image(storage, row) == before

    def test_of_an_item_that_is_not_there_make_none(self, storage: Storage) -> None:
        row = check_in()
        assert storage.deliveries.claim(keys(row), attempt()) == Claimed(None)
        assert storage.item(keys(row)) is None

    @pytest.mark.parametrize(("most_copies", "granted"), [(1, [1, 0, 0]), (2, [1, 2, 0])])
    def test_are_granted_for_so_many_copies(
        self, storage: Storage, most_copies: int, granted: list[int]
    ) -> None:
        row = owed_check_in(storage)
        answers = [
            storage.deliveries.claim(keys(row), attempt(str(day), now, most_copies)).copies
            for day, now in enumerate(NOW + timedelta(days=day) for day in range(3))
        ]
        assert answers == granted

    def test_of_a_due_delivery_with_its_copies_spent_are_refused(self, storage: Storage) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end("unclear", "?", NOW))
        again = storage.deliveries.claim(keys(row), attempt("again"))
        assert again.copies == 2
        storage.deliveries.settle(keys(row), "again", end("due", "450", NOW))
        assert image(storage, row)["copies"] == {"N": "1"}
        assert storage.deliveries.claim(keys(row), attempt("third", most_copies=1)).copies == 0
        assert storage.deliveries.claim(keys(row), attempt("third")).copies == 2

    def test_whose_answer_was_lost_are_ours_when_they_are_asked_again(
        self, storage: Storage
    ) -> None:
        row = owed_check_in(storage)
        storage.deliveries.claim(keys(row), attempt())
        assert storage.deliveries.claim(keys(row), attempt()) == Claimed(image(storage, row), 1, 1)
        assert storage.deliveries.claim(keys(row), attempt("another")).copies == 0

    def test_are_granted_to_one_where_twenty_come_at_once(self, storage: Storage) -> None:
        row = owed_check_in(storage)
        together = threading.Barrier(20)

        def claim(token: str) -> Claimed:
            together.wait(60)
            return storage.deliveries.claim(keys(row), attempt(token))

        tokens = [str(number) for number in range(20)]
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(claim, tokens))
        [winner] = [token for token, answer in zip(tokens, answers, strict=True) if answer.copies]
        assert image(storage, row)["claim"] == {"S": winner}
        assert image(storage, row)["copies"] == {"N": "1"}

    def test_of_an_item_that_counts_in_words_are_not_granted(self, storage: Storage) -> None:
        row = check_in()
        storage.put_raw("CheckInTable", **keys(row), attempts={"S": "a few"})
        assert storage.deliveries.claim(keys(row), attempt()).copies == 0
        assert "claim" not in image(storage, row)


class TestEnds:
    @pytest.mark.parametrize("status", ["sent", "failed"])
    def test_that_are_final_are_stamped_and_out_of_the_index(
        self, storage: Storage, status: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        now = NOW + timedelta(seconds=1)
        storage.deliveries.settle(keys(row), "mine", end(status, now=now))
        assert storage.owed() == []
        assert storage.check_ins.get("0211ABC", HANA) == replace(
            row, delivery=status, settled_at=now
        )
        assert not {"claim", "due_at", "due_shard", "delivery_reason"} & set(image(storage, row))

    def test_without_an_address_are_out_of_the_index(self, storage: Storage) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end("no_address"))
        assert storage.owed() == []
        assert storage.check_ins.get("0211ABC", HANA) == replace(row, delivery="no_address")

    def test_that_put_it_off_leave_it_in_the_index(self, storage: Storage) -> None:
        row = claimed(storage)
        due_at = NOW + timedelta(hours=1)
        storage.deliveries.settle(keys(row), "mine", end("due", "recipient: 450", due_at))
        assert storage.owed() == [(HANA, "0", seconds(due_at)["N"])]
        assert storage.check_ins.get("0211ABC", HANA) == replace(
            row, delivery_reason="recipient: 450", due_at=due_at
        )
        assert storage.deliveries.claim(keys(row), attempt("another")).copies == 1

    @pytest.mark.parametrize("due_at", [None, NOW + LEASE])
    def test_that_are_unclear_stay_in_the_index_while_another_copy_may_go_out(
        self, storage: Storage, due_at: datetime | None
    ) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end("unclear", "no reply", due_at))
        assert storage.owed() == ([(HANA, "0", seconds(due_at)["N"])] if due_at else [])
        assert storage.check_ins.get("0211ABC", HANA) == replace(
            row, delivery="unclear", delivery_reason="no reply", due_at=due_at
        )

    @pytest.mark.parametrize(
        ("status", "copies"),
        [("sent", 1), ("unclear", 1), ("due", 0), ("failed", 0), ("no_address", 0)],
    )
    def test_take_back_the_copy_that_was_refused(
        self, storage: Storage, status: DeliveryStatus, copies: int
    ) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(status))
        assert image(storage, row)["copies"] == {"N": str(copies)}
        assert image(storage, row)["attempts"] == {"N": "1"}

    @pytest.mark.parametrize("status", ["due", "failed", "unclear", "no_address"])
    def test_change_nothing_where_the_claim_is_anothers(
        self, storage: Storage, status: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        storage.deliveries.claim(keys(row), attempt("another", NOW + LEASE))
        before = image(storage, row)
        storage.deliveries.settle(keys(row), "mine", end(status, "450", NOW))
        assert image(storage, row) == before

    @pytest.mark.parametrize("status", ["due", "failed", "unclear", "no_address"])
    def test_are_recorded_once(self, storage: Storage, status: DeliveryStatus) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(status, "450", NOW))
        before = image(storage, row)
        storage.deliveries.settle(keys(row), "mine", end(status, "450", NOW))
        assert image(storage, row) == before

    def test_of_a_mail_that_is_out_stand_whoever_has_the_claim(self, storage: Storage) -> None:
        row = claimed(storage)
        storage.deliveries.claim(keys(row), attempt("another", NOW + LEASE))
        storage.deliveries.settle(keys(row), "mine", end("sent"))
        before = image(storage, row)
        assert before["delivery"] == {"S": "sent"}
        assert storage.owed() == []
        storage.deliveries.settle(keys(row), "another", end("due", "450", NOW))
        assert image(storage, row) == before

    def test_leave_the_other_check_ins(self, storage: Storage) -> None:
        row = claimed(storage)
        owed_check_in(storage, DURI)
        storage.deliveries.settle(keys(row), "mine", end("sent"))
        assert [attendee_id for attendee_id, _, _ in storage.owed()] == [DURI]

    @pytest.mark.parametrize("status", ["sent", "failed", "due"])
    def test_of_a_deleted_check_in_do_not_bring_it_back(
        self, storage: Storage, status: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        storage.delete(keys(row))
        storage.deliveries.settle(keys(row), "mine", end(status))
        assert storage.item(keys(row)) is None


class TestHolding:
    def test_leaves_to_a_person_what_has_no_copies_left(self, storage: Storage) -> None:
        row = claimed(storage)
        late = attempt("another", NOW + LEASE, most_copies=1)
        assert storage.deliveries.hold(keys(row), late, "no reply") is True
        assert storage.owed() == []
        assert storage.check_ins.get("0211ABC", HANA) == replace(
            row, delivery="unclear", delivery_reason="no reply"
        )
        assert "claim" not in image(storage, row)
        assert image(storage, row)["copies"] == {"N": "1"}

    @pytest.mark.parametrize(
        "late",
        [
            attempt("another", NOW + LEASE - timedelta(seconds=1), most_copies=1),
            attempt("another", NOW + LEASE, most_copies=2),
        ],
        ids=["the lease goes on", "a copy is left"],
    )
    def test_leaves_the_others_as_they_are(self, storage: Storage, late: Attempt) -> None:
        row = claimed(storage)
        before = image(storage, row)
        assert storage.deliveries.hold(keys(row), late, "no reply") is False
        assert image(storage, row) == before

    @pytest.mark.parametrize("settled", ["sent", "failed", "unclear"])
    def test_leaves_what_is_settled(self, storage: Storage, settled: DeliveryStatus) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(settled))
        before = image(storage, row)
        late = attempt("another", NOW + timedelta(days=1), most_copies=1)
        assert storage.deliveries.hold(keys(row), late, "no reply") is False
        assert image(storage, row) == before

    def test_of_an_item_that_is_not_there_makes_none(self, storage: Storage) -> None:
        assert storage.deliveries.hold(keys(check_in()), attempt(), "no reply") is False
        assert storage.item(keys(check_in())) is None


class TestOwing:
    @pytest.mark.parametrize("status", ["sent", "failed", "unclear", "no_address"])
    def test_makes_a_settled_delivery_due_as_if_nothing_had_been_tried(
        self, storage: Storage, status: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(status, "why"))
        settled = storage.check_ins.get("0211ABC", HANA)
        assert settled
        now = NOW + timedelta(hours=2)
        assert storage.check_ins.owe(settled, now) is True
        assert storage.check_ins.get("0211ABC", HANA) == replace(row, due_at=now)
        assert storage.owed() == [(HANA, "0", seconds(now)["N"])]
        assert storage.deliveries.claim(keys(row), attempt(now=now, most_copies=1)).copies == 1

    def test_can_give_another_address(self, storage: Storage) -> None:
        row = owed_check_in(storage, delivery="no_address", email=None)
        assert storage.check_ins.owe(row, NOW, "hana@example.com") is True
        assert storage.check_ins.get("0211ABC", HANA) == replace(
            row, delivery="due", due_at=NOW, email="hana@example.com"
        )

    def test_takes_the_claim_from_who_is_at_work_on_it(self, storage: Storage) -> None:
        row = claimed(storage)
        sending = replace(row, delivery="sending")
        assert storage.check_ins.owe(sending, NOW) is True
        before = image(storage, row)
        storage.deliveries.settle(keys(row), "mine", end("failed", "550"))
        assert image(storage, row) == before

    @pytest.mark.parametrize("now_it_is", ["sent", "failed", "unclear"])
    def test_changes_nothing_where_the_delivery_has_changed_meanwhile(
        self, storage: Storage, now_it_is: DeliveryStatus
    ) -> None:
        row = claimed(storage)
        storage.deliveries.settle(keys(row), "mine", end(now_it_is, "why"))
        before = image(storage, row)
        assert storage.check_ins.owe(row, NOW, "another@example.com") is False
        assert image(storage, row) == before

    def test_of_a_check_in_that_is_gone_makes_none(self, storage: Storage) -> None:
        row = check_in()
        assert storage.check_ins.owe(row, NOW) is False
        assert storage.check_ins.get("0211ABC", HANA) is None


class TestExpired:
    """What is past its event's day of deletion, and still stored."""

    @pytest.fixture
    def later(self, storage: Storage, event: Event) -> Storage:
        """The same tables when everything in them has just expired."""
        storage.events.put(event)
        storage.registrations.add(registration())
        storage.check_ins.add(check_in(check_in_id="7F3K-9QRT-2MXA-HB4D"))
        return storage_on(storage.client, storage.names, now=LATER)

    def test_is_not_there_for_any_reader(self, later: Storage) -> None:
        assert later.events.get("0211ABC") is None
        assert list(later.events.all()) == []
        assert later.registrations.get("0211ABC", HANA) is None
        assert list(later.registrations.of_event("0211ABC")) == []
        assert later.registrations.count("0211ABC") == 0
        assert later.check_ins.get("0211ABC", HANA) is None
        assert list(later.check_ins.of_event("0211ABC")) == []
        assert later.check_ins.by_number("7F3K-9QRT-2MXA-HB4D") is None
        assert later.check_ins.count("0211ABC") == 0

    def test_is_there_until_then(self, later: Storage) -> None:
        last = storage_on(later.client, later.names, now=LATER - timedelta(seconds=1))
        assert last.events.get("0211ABC")
        assert last.registrations.count("0211ABC") == last.check_ins.count("0211ABC") == 1
        assert last.check_ins.by_number("7F3K-9QRT-2MXA-HB4D")

    def test_is_not_mailed_and_no_longer_owed(self, later: Storage) -> None:
        assert len(list(later.deliveries.owed())) == 1
        claimed = later.deliveries.claim(keys(check_in()), attempt(now=LATER))
        assert claimed == Claimed(None)
        assert list(later.deliveries.owed()) == []

    def test_keeps_the_code_of_its_event(self, later: Storage, event: Event) -> None:
        assert later.events.create(event) is False


class TestHoldings:
    @pytest.fixture
    def three(self, storage: Storage) -> list[Holding]:
        storage.registrations.add(registration())
        storage.registrations.add(registration(DURI))
        storage.check_ins.add(check_in())
        storage.check_ins.add(check_in(event_code="0212ABC"))
        until = int(LATER.timestamp())
        return [
            Holding("registration", "0211ABC", HANA, until, None),
            Holding("registration", "0211ABC", DURI, until, None),
            Holding("check_in", "0211ABC", HANA, until, "due"),
        ]

    @pytest.mark.parametrize("now", [NOW, LATER])
    def test_of_an_event_are_found_even_if_they_have_expired(
        self, storage: Storage, three: list[Holding], now: datetime
    ) -> None:
        holdings = storage_on(storage.client, storage.names, now).holdings
        assert list(holdings.of_event("0211ABC")) == three
        assert holdings.count("0211ABC") == {"registration": 2, "check_in": 1}
        assert list(holdings.of_event("0213ABC")) == []
        assert holdings.count("0213ABC").total() == 0

    def test_of_a_person_are_found_at_every_event(
        self, storage: Storage, three: list[Holding]
    ) -> None:
        elsewhere = replace(three[2], event_code="0212ABC")
        assert list(storage.holdings.of_attendee(HANA)) == [three[0], three[2], elsewhere]

    def test_are_moved_to_another_day(self, storage: Storage, three: list[Holding]) -> None:
        before = image(storage, check_in())
        until = LATER + timedelta(days=1)
        assert storage.holdings.keep_until(three, until) == three
        assert storage.holdings.keep_until(list(storage.holdings.of_event("0211ABC")), until) == []
        assert image(storage, check_in()) == before | {"expires_at": seconds(until)}
        assert {each.expires_at for each in storage.holdings.of_event("0211ABC")} == {
            int(until.timestamp())
        }

    def test_are_not_moved_where_they_are_gone_meanwhile(
        self, storage: Storage, three: list[Holding]
    ) -> None:
        storage.holdings.delete(three[:1])
        late = storage_on(storage.client, storage.names, now=LATER).holdings
        assert late.keep_until(three, LATER + timedelta(days=1)) == []
        assert list(storage.holdings.of_event("0211ABC")) == three[1:]

    def test_are_deleted_however_many_there_are(self, storage: Storage) -> None:
        list(storage.registrations.put_many(registration(f"{n:064x}") for n in range(60)))
        storage.check_ins.add(check_in())
        storage.holdings.delete(list(storage.holdings.of_event("0211ABC")))
        assert storage.holdings.count("0211ABC").total() == 0

    def test_end_with_their_event(self, storage: Storage, event: Event) -> None:
        assert storage.holdings.end_event("0211ABC") is False
        storage.events.put(event)
        assert storage.holdings.end_event("0211ABC") is True
        assert storage.events.get("0211ABC") is None
        assert storage.events.change(event, replace(event, venue="부산")) is None
        storage.holdings.delete_event("0211ABC")
        assert storage.events.create(event) is True


@pytest.mark.parametrize("resource", ["EventTable", "RegistrationTable", "CheckInTable"])
def test_every_table_forgets_by_its_items_expires_at(storage: Storage, resource: str) -> None:
    answer = storage.client.describe_time_to_live(TableName=storage.names[resource])
    assert answer["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }


def test_every_item_says_in_epoch_seconds_when_it_expires(storage: Storage, event: Event) -> None:
    storage.events.put(event)
    storage.registrations.add(registration())
    storage.check_ins.add(check_in())
    for name in storage.names.values():
        [item] = storage.client.scan(TableName=name)["Items"]
        assert item["expires_at"] == {"N": str(int(LATER.timestamp()))}


def test_the_stream_carries_the_new_image(storage: Storage) -> None:
    table = storage.client.describe_table(TableName=storage.names["CheckInTable"])["Table"]
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["StreamSpecification"] == specification


def test_a_check_in_and_its_mail_write_what_the_costs_say(dynamodb_local: str) -> None:
    client = boto3.client("dynamodb", endpoint_url=dynamodb_local)
    storage = storage_on(client)
    create_tables(client, storage.names)
    writes = []

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"

    def note(parsed: dict[str, Any], **_: Any) -> None:
        used = parsed["ConsumedCapacity"]
        indexes = used.get("GlobalSecondaryIndexes", {})
        units = [indexes.get(name, {}).get("CapacityUnits", 0) for name in INDEXES]
        writes.append([used["Table"]["CapacityUnits"], *units, used["CapacityUnits"]])

    for operation in ("PutItem", "UpdateItem"):
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", ask)
        client.meta.events.register(f"after-call.dynamodb.{operation}", note)
    row = check_in()
    storage.check_ins.add(row)
    storage.deliveries.claim(keys(row), attempt())
    storage.deliveries.settle(keys(row), "mine", end("sent"))
    client.close()

    page = COSTS.read_text(encoding="utf-8")
    rows = re.findall(r"^  \| (?:Put|Update)Item, .*? \|(.*)\|$", page, re.MULTILINE)
    assert writes == [[int(re.findall(r"\d+", cell)[0]) for cell in row.split("|")] for row in rows]


HOLDING = Holding("registration", "0211ABC", HANA, None, None)
CALLS: list[Callable[[Storage], object]] = [
    lambda storage: storage.events.get("0211ABC"),
    lambda storage: list(storage.events.all()),
    lambda storage: storage.events.ping(),
    lambda storage: storage.registrations.get("0211ABC", HANA),
    lambda storage: storage.registrations.add(registration()),
    lambda storage: list(storage.registrations.put_many([registration()])),
    lambda storage: list(storage.registrations.remove_many("0211ABC", [HANA])),
    lambda storage: list(storage.registrations.of_event("0211ABC")),
    lambda storage: storage.registrations.count("0211ABC"),
    lambda storage: storage.check_ins.get("0211ABC", HANA),
    lambda storage: storage.check_ins.add(check_in()),
    lambda storage: storage.check_ins.owe(check_in(), NOW),
    lambda storage: list(storage.check_ins.of_event("0211ABC")),
    lambda storage: storage.check_ins.checked_in("0211ABC", [HANA]),
    lambda storage: storage.check_ins.by_number("7F3K-9QRT-2MXA-HB4D"),
    lambda storage: storage.check_ins.count("0211ABC"),
    lambda storage: storage.deliveries.claim(keys(check_in()), attempt()),
    lambda storage: storage.deliveries.settle(keys(check_in()), "mine", end("sent")),
    lambda storage: storage.deliveries.hold(keys(check_in()), attempt(), "no reply"),
    lambda storage: list(storage.deliveries.owed()),
    lambda storage: storage.holdings.count("0211ABC"),
    lambda storage: list(storage.holdings.of_event("0211ABC")),
    lambda storage: list(storage.holdings.of_attendee(HANA)),
    lambda storage: storage.holdings.keep_until([HOLDING], NOW),
    lambda storage: storage.holdings.delete([HOLDING]),
    lambda storage: storage.holdings.end_event("0211ABC"),
    lambda storage: storage.holdings.delete_event("0211ABC"),
]


def test_every_method_raises_if_the_tables_are_missing(client: DynamoDBClient) -> None:
    nowhere = storage_on(client)
    for call in CALLS:
        with pytest.raises(StorageUnavailable, match="ResourceNotFoundException"):
            call(nowhere)
