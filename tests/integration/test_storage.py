"""The storage contract: one suite, run over moto and over AWS's own DynamoDB Local."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from chalicelib.attendance.check_in import CheckIn, DeliveryStatus
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.events import EventTable
from chalicelib.storage.registrations import RegistrationTable
from local.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)  # DynamoDB Local deletes what has expired
HANA = "0a" * 32
DURI = "1b" * 32


@dataclass(frozen=True)
class Storage:
    client: DynamoDBClient
    names: dict[str, str]
    events: EventTable
    registrations: RegistrationTable
    check_ins: CheckInTable

    def put_raw(self, resource: str, **item: dict[str, Any]) -> None:
        self.client.put_item(TableName=self.names[resource], Item=item)

    def delete(self, keys: dict[str, Any]) -> None:
        self.client.delete_item(TableName=self.names["CheckInTable"], Key=keys)

    def owed(self) -> list[tuple[str, str, str]]:
        """What the sparse index holds: attendee, shard and time of each mail that is owed."""
        rows = self.client.scan(TableName=self.names["CheckInTable"], IndexName="due_deliveries")
        return [
            (row["attendee_id"]["S"], row["due_shard"]["S"], row["due_at"]["N"])
            for row in rows["Items"]
        ]


def storage_on(client: DynamoDBClient) -> Storage:
    names = {
        resource: f"{resource}-{uuid.uuid4()}"
        for resource in ("EventTable", "RegistrationTable", "CheckInTable")
    }
    return Storage(
        client,
        names,
        EventTable(client, names["EventTable"]),
        RegistrationTable(client, names["RegistrationTable"]),
        CheckInTable(client, names["CheckInTable"]),
    )


@pytest.fixture(scope="module", params=["moto_server", "dynamodb_local"])
def client(request: pytest.FixtureRequest) -> Iterator[DynamoDBClient]:
    client = boto3.client("dynamodb", endpoint_url=request.getfixturevalue(request.param))
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
        for item in tables.client.scan(TableName=name)["Items"]:
            key = {part["AttributeName"]: item[part["AttributeName"]] for part in schema}
            tables.client.delete_item(TableName=name, Key=key)
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
        source="roster",
        nonce="n1",
        delivery="due",
        expires_at=LATER,
    )
    return replace(row, **fields)


def keys(row: CheckIn) -> dict[str, Any]:
    return {"attendee_id": {"S": row.attendee_id}, "event_code": {"S": row.event_code}}


FOREIGN_KEYS: list[dict[str, Any]] = [
    {},
    {"attendee_id": {"S": HANA}},
    {"phone": {"S": "unknown"}, "checked_at": {"S": "2026-02-11T10:00:00"}},
    {"attendee_id": {"S": HANA}, "event_code": {"S": "0211ABC"}, "more": {"S": "x"}},
    {"attendee_id": {"N": "1"}, "event_code": {"S": "0211ABC"}},
    {"attendee_id": {"S": ""}, "event_code": {"S": "0211ABC"}},
    {"attendee_id": {"S": 1}, "event_code": {"S": "0211ABC"}},
    {"attendee_id": HANA, "event_code": "0211ABC"},
]


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
    @pytest.mark.parametrize("fields", [{}, {"email": None, "source": "walk_in", "name": "\x00"}])
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

    def test_give_the_addresses_that_they_have(self, storage: Storage) -> None:
        storage.registrations.add(registration())
        storage.registrations.add(registration(DURI, email=None))
        found = storage.registrations.emails("0211ABC", [HANA, DURI, "2c" * 32])
        assert found == {HANA: "hana@example.com"}
        assert storage.registrations.emails("0211ABC", []) == {}

    def test_give_a_hundred_addresses_at_once(self, storage: Storage) -> None:
        ids = [f"{number:064x}" for number in range(100)]
        assert sum(storage.registrations.put_many(map(registration, ids))) == 100
        found = storage.registrations.emails("0211ABC", ids)
        assert found == dict.fromkeys(ids, "hana@example.com")

    def test_are_counted_by_event(self, storage: Storage) -> None:
        storage.registrations.add(registration())
        storage.registrations.add(registration(event_code="0212ABC"))
        assert storage.registrations.count("0211ABC") == 1

    def test_that_rollcall_did_not_write_are_refused(self, storage: Storage) -> None:
        storage.put_raw("RegistrationTable", event_code={"S": "0211ABC"}, attendee_id={"S": HANA})
        with pytest.raises(StorageUnavailable, match="malformed registration"):
            storage.registrations.get("0211ABC", HANA)


class TestCheckIns:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"email": None, "nonce": None, "delivery": "no_address", "source": "walk_in"},
            {"delivery": "sent"},
            {"delivery": "failed"},
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
        "fields", [{}, {"email": None, "nonce": None, "delivery": "no_address"}]
    )
    def test_give_the_earlier_one_to_who_comes_second(
        self, storage: Storage, fields: dict[str, Any]
    ) -> None:
        first = check_in(**fields)
        storage.check_ins.add(first)
        second = check_in(name="이두리", checked_at=NOW + timedelta(minutes=1), nonce="n2")
        assert storage.check_ins.add(second) == first
        assert storage.check_ins.get("0211ABC", HANA) == first

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
            together.wait(10)
            return storage.check_ins.add(row)

        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(add, tries))

        [winner] = [row for row, answer in zip(tries, answers, strict=True) if answer is None]
        assert [answer for answer in answers if answer is not None] == [winner] * 19
        assert storage.check_ins.get("0211ABC", HANA) == winner

    def test_that_rollcall_did_not_write_are_refused(self, storage: Storage) -> None:
        storage.put_raw("CheckInTable", **keys(check_in()), email={"S": "hana@example.com"})
        with pytest.raises(StorageUnavailable, match="malformed check-in"):
            storage.check_ins.get("0211ABC", HANA)
        with pytest.raises(StorageUnavailable, match="malformed check-in"):
            storage.check_ins.add(check_in())

    def test_are_listed_by_event_in_the_order_of_their_times(self, storage: Storage) -> None:
        for attendee_id, minutes in ((HANA, 2), (DURI, 0), ("2c" * 32, 1)):
            storage.check_ins.add(
                check_in(attendee_id, checked_at=NOW + timedelta(minutes=minutes))
            )
        storage.check_ins.add(check_in(event_code="0212ABC"))
        rows = storage.client.query(
            TableName=storage.names["CheckInTable"],
            IndexName="by_event",
            KeyConditionExpression="event_code = :code",
            ExpressionAttributeValues={":code": {"S": "0211ABC"}},
        )["Items"]
        assert [row["attendee_id"]["S"] for row in rows] == [DURI, "2c" * 32, HANA]
        assert rows[0]["name"] == {"S": "김하나 👩‍💻"}


class TestDeliveries:
    def test_exactly_the_owed_ones_are_in_the_index(self, storage: Storage) -> None:
        storage.check_ins.add(check_in())
        storage.check_ins.add(check_in(DURI, email=None, delivery="no_address"))
        assert storage.owed() == [(HANA, "0", str(int(NOW.timestamp())))]

    @pytest.mark.parametrize("delivery", ["sent", "failed"])
    def test_a_settled_one_is_owed_no_more(
        self, storage: Storage, delivery: DeliveryStatus
    ) -> None:
        row = check_in()
        storage.check_ins.add(row)
        storage.check_ins.settle(keys(row), delivery, NOW + timedelta(seconds=1))
        assert storage.owed() == []
        assert storage.check_ins.get("0211ABC", HANA) == replace(row, delivery=delivery)
        image = storage.check_ins.image(keys(row))
        assert image is not None
        assert image["settled_at"] == {"N": str(int(NOW.timestamp()) + 1)}

    def test_settling_one_leaves_the_others(self, storage: Storage) -> None:
        rows = [check_in(), check_in(DURI)]
        for row in rows:
            storage.check_ins.add(row)
        storage.check_ins.settle(keys(rows[0]), "sent", NOW)
        assert [attendee_id for attendee_id, _, _ in storage.owed()] == [DURI]

    def test_settling_twice_is_settling_once(self, storage: Storage) -> None:
        row = check_in()
        storage.check_ins.add(row)
        for _ in range(2):
            storage.check_ins.settle(keys(row), "sent", NOW)
        assert storage.owed() == []

    def test_a_deleted_check_in_stays_away(self, storage: Storage) -> None:
        row = check_in()
        storage.check_ins.add(row)
        storage.delete(keys(row))
        storage.check_ins.settle(keys(row), "sent", NOW)
        assert storage.check_ins.image(keys(row)) is None

    def test_the_image_is_the_item_undecoded(self, storage: Storage) -> None:
        row = check_in(nonce=None)
        storage.check_ins.add(row)
        seconds = {"N": str(int(NOW.timestamp()))}
        assert storage.check_ins.image(keys(row)) == {
            **keys(row),
            "check_in_id": {"S": row.check_in_id},
            "name": {"S": row.name},
            "email": {"S": "hana@example.com"},
            "checked_at": seconds,
            "source": {"S": "roster"},
            "delivery": {"S": "due"},
            "due_shard": {"S": "0"},
            "due_at": seconds,
            "expires_at": {"N": str(int(LATER.timestamp()))},
        }

    @pytest.mark.parametrize("foreign", FOREIGN_KEYS, ids=str)
    def test_keys_that_are_not_the_tables_lead_nowhere(
        self, storage: Storage, foreign: dict[str, Any]
    ) -> None:
        storage.check_ins.add(check_in())
        assert storage.check_ins.image(foreign) is None
        storage.check_ins.settle(foreign, "sent", NOW)
        assert len(storage.owed()) == 1
        assert storage.check_ins.count("0211ABC") == 1


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


CALLS: list[Callable[[Storage], object]] = [
    lambda storage: storage.events.get("0211ABC"),
    lambda storage: list(storage.events.all()),
    lambda storage: storage.events.ping(),
    lambda storage: storage.registrations.get("0211ABC", HANA),
    lambda storage: storage.registrations.add(registration()),
    lambda storage: list(storage.registrations.put_many([registration()])),
    lambda storage: storage.registrations.emails("0211ABC", [HANA]),
    lambda storage: storage.registrations.count("0211ABC"),
    lambda storage: storage.check_ins.get("0211ABC", HANA),
    lambda storage: storage.check_ins.add(check_in()),
    lambda storage: storage.check_ins.image(keys(check_in())),
    lambda storage: storage.check_ins.settle(keys(check_in()), "sent", NOW),
    lambda storage: storage.check_ins.count("0211ABC"),
]


def test_where_the_tables_are_missing_every_method_says_so(client: DynamoDBClient) -> None:
    nowhere = storage_on(client)
    for call in CALLS:
        with pytest.raises(StorageUnavailable, match="ResourceNotFoundException"):
            call(nowhere)
