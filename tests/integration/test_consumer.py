"""Sends stream events through `send_confirmations`, with real tables and a mail server."""

from __future__ import annotations

import email
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
from chalice.local import LambdaContext
from chalice.test import Client
from smtp_server import DROP, Mail, SmtpServer

import app
from chalicelib import settings
from chalicelib.attendance.event import Event
from chalicelib.attendance.registration import Registration
from chalicelib.wiring import Wiring

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Register = Callable[..., Registration]
Image = dict[str, Any]

VIEW_TYPES = ["NEW_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", "OLD_IMAGE"]
PEOPLE = {f"010-0000-000{number}": f"p{number}@example.com" for number in range(1, 6)}


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """The mail server, in the settings before the wiring reads them.

    With one connection mails go out in the records' order, which a server's script can rely on.
    """
    with SmtpServer() as server:
        monkeypatch.setenv("SMTP_PORT", str(server.port))
        monkeypatch.setenv("SMTP_CONNECTIONS", "1")
        yield server


def record(number: int, keys: Image, image: Image, view_type: str = "NEW_IMAGE") -> dict[str, Any]:
    """An INSERT as it appears in the stream."""
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1770804000.0,
        "Keys": keys,
        "SequenceNumber": str(number),
        "SizeBytes": 200,
        "StreamViewType": view_type,
    }
    if view_type.startswith("NEW"):
        change["NewImage"] = image
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/check-ins/stream/x",
    }


def by_phone(number: int, **attributes: str) -> dict[str, Any]:
    """A record from another table, whose key is a phone number."""
    image = {
        "phone": {"S": "010-0000-0001"},
        "checked_at": {"S": "2026-02-11T19:00:00.123456"},
        "email": {"S": "hana@example.com"},
        **{name: {"S": value} for name, value in attributes.items()},
    }
    return record(number, {"phone": image["phone"]}, image)


def send(client: Client, *records: object) -> list[str]:
    """The sequence numbers that are handed back."""
    event = json.loads(json.dumps({"Records": records}))  # as Lambda would bring it
    answer = client.lambda_.invoke("send_confirmations", event).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def sweep(client: Client) -> dict[str, int]:
    """How often each outcome occurred."""
    event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    answer = client.lambda_.invoke("sweep_deliveries", event).payload
    assert isinstance(answer, dict)
    return answer


class Clock:
    """The time that the functions see; `wire` reads the settings anew."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._now = app.wiring.now()
        self.wire()

    def wire(self) -> None:
        self._monkeypatch.setattr(app, "wiring", Wiring(settings.load(), now=lambda: self._now))

    def advance(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def clock(client: Client, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert max(len(line) for line in mail.content.split(b"\r\n")) <= 998  # RFC 5322 2.1.1
    assert mail.content.count(b"\n") == mail.content.count(b"\r\n")
    return message


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found, f"a mail without {subtype}"
    text = found.get_content()
    assert isinstance(text, str)
    return text


class Door:
    """Where people check in, over HTTP."""

    def __init__(self, client: Client, register: Register, dynamodb: DynamoDBClient) -> None:
        self._client = client
        self._register = register
        self._dynamodb = dynamodb

    def check_in(
        self, phone: str = "010-0000-0001", address: str | None = "hana@example.com"
    ) -> Image:
        """Check in, and return the item with its attributes as the stream shows them."""
        registration = self._register(phone, email=address)
        answer = self._client.http.post(
            "/events/0211ABC/check-ins",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"phone": phone, "no_email": address is None}).encode(),
        )
        assert answer.status_code == 201
        attendee_id = {"S": registration.attendee_id}
        return self.item({"attendee_id": attendee_id, "event_code": {"S": "0211ABC"}})

    def check_in_five(self) -> list[Image]:
        return [self.check_in(phone, address) for phone, address in PEOPLE.items()]

    def item(self, image: Image) -> Image:
        """The item as it is now."""
        found = self._dynamodb.get_item(TableName="check-ins", Key=keys(image))
        return dict(found["Item"])

    def delivery(self, *images: Image) -> list[str]:
        return [self.item(image)["delivery"]["S"] for image in images]


@pytest.fixture
def door(client: Client, register: Register, dynamodb: DynamoDBClient) -> Door:
    return Door(client, register, dynamodb)


def keys(image: Image) -> Image:
    return {name: image[name] for name in ("attendee_id", "event_code")}


def batch(images: list[Image]) -> list[dict[str, Any]]:
    return [record(place, keys(image), image) for place, image in enumerate(images, start=1)]


# A check-in that Rollcall made


def test_a_check_in_over_http_is_mailed_whatever_the_stream_shows_of_it(
    client: Client, server: SmtpServer, door: Door
) -> None:
    images = door.check_in_five()[: len(VIEW_TYPES)]
    records = [
        record(place, keys(image), image, view_type)
        for place, (image, view_type) in enumerate(zip(images, VIEW_TYPES, strict=True))
    ]
    assert send(client, *records) == []
    assert [(mail.sender, mail.recipients) for mail in server.accepted] == [
        ("hello@example.com", (image["email"]["S"],)) for image in images
    ]
    assert door.delivery(*images) == ["sent"] * 4


def test_a_sent_mail_is_no_longer_owed(client: Client, door: Door) -> None:
    image = door.check_in()
    assert {"due_shard", "due_at"} <= set(image)
    send(client, record(1, keys(image), image))
    item = door.item(image)
    assert item.pop("settled_at") == {"N": "1770804000"}
    assert item.pop("copies") == item.pop("attempts") == {"N": "1"}
    assert item == {
        name: value for name, value in image.items() if name not in ("due_shard", "due_at")
    } | {"delivery": {"S": "sent"}}


def test_the_mail_says_who_checked_in_where_and_when(
    client: Client, server: SmtpServer, door: Door, event: Event
) -> None:
    image = door.check_in()
    send(client, record(1, keys(image), image))
    message = read(server.accepted[0])
    assert str(message["From"]) == "Meetup <hello@example.com>"
    (to,) = message["To"].addresses
    assert (to.addr_spec, to.display_name) == ("hana@example.com", "김하나")
    assert event.name in message["Subject"]
    for shown in (part(message, "plain"), part(message, "html")):
        for fact in (event.name, event.venue, event.organization, "김하나", "19:00"):
            assert fact in shown


def test_a_changed_or_deleted_item_mails_nothing(
    client: Client, server: SmtpServer, door: Door
) -> None:
    image = door.check_in()
    arrival = record(1, keys(image), image)
    expiry = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    others: list[dict[str, Any]] = [
        {"eventName": "MODIFY"},
        {"eventName": "REMOVE"},
        {"eventName": "REMOVE", **expiry},
    ]
    assert send(client, *(arrival | other for other in others)) == []
    assert server.sessions == []


# Records of other tables


def test_a_record_of_phone_time_and_address_is_mailed(client: Client, server: SmtpServer) -> None:
    assert send(client, by_phone(1)) == []
    (mail,) = server.accepted
    assert mail.recipients == ("hana@example.com",)
    message = read(mail)
    assert message["Subject"] == "체크인이 확인되었습니다"
    for shown in (part(message, "plain"), part(message, "html")):
        assert "19:00" in shown
        assert "0000-0001" not in shown


def test_a_record_with_name_and_event_code_is_mailed_in_the_event_s_name(
    client: Client, server: SmtpServer, wiring: Wiring, event: Event
) -> None:
    wiring.event_table.put(replace(event, locale="en", name="Python & Friends"))
    codes = ("0211ABC", "0211abc")
    assert send(client, *(by_phone(1, name="김하나", event_code=code) for code in codes)) == []
    assert len(server.accepted) == 2
    for mail in server.accepted:
        message = read(mail)
        assert message["Subject"] == "You are checked in: Python & Friends"
        assert "Python &amp; Friends" in part(message, "html")
        for fact in (event.venue, event.organization, "김하나"):
            assert fact in part(message, "plain")
            assert fact in part(message, "html")


# Batches


def test_an_unclear_mail_is_sent_once_more_after_the_lease(
    client: Client, server: SmtpServer, door: Door, clock: Clock
) -> None:
    image = door.check_in()
    arrival = record(1, keys(image), image)
    server.on("end", DROP, DROP)
    assert send(client, arrival) == []
    assert send(client, arrival) == []
    assert (len(server.mails), door.delivery(image)) == (1, ["unclear"])

    clock.advance(60)
    assert send(client, arrival) == []
    assert (len(server.mails), door.delivery(image)) == (2, ["unclear"])
    assert "due_shard" not in door.item(image)

    clock.advance(3600)
    assert send(client, arrival) == []
    assert sweep(client) == {}
    assert len(server.mails) == 2
    assert len({read(mail)["Message-ID"] for mail in server.mails}) == 1


def test_the_sweep_alone_mails_everybody(client: Client, server: SmtpServer, door: Door) -> None:
    images = door.check_in_five()
    assert sweep(client) == {"sent": 5}
    assert sorted(mail.recipients[0] for mail in server.accepted) == list(PEOPLE.values())
    assert set(door.delivery(*images)) == {"sent"}
    assert sweep(client) == {}
    assert send(client, *batch(images)) == []
    assert len(server.mails) == 5


def test_with_little_time_left_nothing_is_begun(
    client: Client, server: SmtpServer, door: Door
) -> None:
    images = door.check_in_five()
    short = LambdaContext("send_confirmations", memory_size=128, max_runtime_ms=900)
    answer = app.send_confirmations({"Records": batch(images)}, short)
    assert len(answer["batchItemFailures"]) == 5
    assert server.sessions == []
    assert app.send_confirmations({"Records": batch(images)}, None) == {"batchItemFailures": []}
    assert len(server.accepted) == 5


def test_several_connections_share_a_batch(
    client: Client, server: SmtpServer, door: Door, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("SMTP_CONNECTIONS", "3")
    clock.wire()
    images = door.check_in_five()
    assert send(client, *batch(images)) == []
    assert sorted(mail.recipients[0] for mail in server.accepted) == list(PEOPLE.values())
    assert 1 <= len(server.sessions) <= 3
    assert set(door.delivery(*images)) == {"sent"}
