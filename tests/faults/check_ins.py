"""A meetup's check-ins: makes them, reads them, and builds their stream records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.event import Event
from chalicelib.settings import Settings
from chalicelib.storage.check_ins import CheckInTable
from chalicelib.storage.events import EventTable
from faults.clock import START, Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Image = Mapping[str, Any]
Record = dict[str, Any]


class CheckIns:
    """Attendees are identified by their addresses."""

    def __init__(self, database: DynamoDBClient, settings: Settings, clock: Clock) -> None:
        self.clock = clock
        self._database = database
        self.settings = settings
        self._numbers = 0

    def open(self, **fields: Any) -> Event:
        known: dict[str, Any] = {
            "event_code": "0211ABC",
            "name": "파이썬 밋업 2월",
            "organization": "Example Python User Group",
            "venue": "서울 예시 빌딩 3층",
            "starts_at": START + timedelta(minutes=30),
            "check_in_opens_at": START - timedelta(hours=1),
            "check_in_closes_at": START + timedelta(hours=3),
            "timezone": "Asia/Seoul",
            "locale": "ko",
            "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
        }
        event = Event(**{**known, **fields})
        EventTable(self._database, self.settings.event_table).put(event)
        return event

    def check_in(self, *addresses: str, **fields: Any) -> list[Record]:
        """Make a check-in for each address, and return their stream records."""
        table = CheckInTable(self._database, self.settings.check_in_table)
        for address in addresses:
            known: dict[str, Any] = {
                "check_in_id": _check_in_id(address),
                "event_code": "0211ABC",
                "attendee_id": attendee_id(address),
                "name": "김하나",
                "email": address,
                "checked_at": self.clock.now,
                "changed_at": self.clock.now,
                "source": "roster",
                "nonce": None,
                "delivery": "due",
                "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
            }
            assert table.add(CheckIn(**{**known, **fields})) is None
        images = self.items()
        return [self._record(images[address]) for address in addresses]

    def items(self) -> dict[str, Image]:
        """Each check-in as it is stored, by its address."""
        pages = self._database.get_paginator("scan").paginate(
            TableName=self.settings.check_in_table
        )
        return {item["email"]["S"]: item for page in pages for item in page["Items"]}

    def states(self) -> dict[str, str]:
        return {address: item["delivery"]["S"] for address, item in self.items().items()}

    def _record(self, image: Image) -> Record:
        self._numbers += 1
        return {
            "eventID": f"event-{self._numbers}",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": self.clock.now.timestamp(),
                "Keys": {name: image[name] for name in ("attendee_id", "event_code")},
                "NewImage": image,
                "SequenceNumber": str(self._numbers),
                "SizeBytes": 200,
                "StreamViewType": "NEW_IMAGE",
            },
        }


def attendee_id(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def _check_in_id(address: str) -> str:
    digest = hashlib.sha256(address.encode()).hexdigest().upper()
    return "-".join(digest[first : first + 4] for first in range(0, 16, 4))
