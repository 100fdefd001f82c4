"""Reads stream records without trusting them: malformed parts are left out, and nothing raises.

Shapes: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Image = Mapping[str, Any]

_KEY = {"attendee_id", "event_code"}


@dataclass(frozen=True, slots=True)
class Record:
    """A new item from the stream, or one that the sweep found (without number and image).

    `keys` identify a check-in; they are empty if the record has no such keys. `image` is None if
    the stream's view type omits it (KEYS_ONLY, OLD_IMAGE). `sequence_number` is "" if the record
    has none. As a batch item failure, "" means the whole batch, so nothing is lost.
    """

    sequence_number: str
    keys: Image
    image: Image | None

    @property
    def is_foreign(self) -> bool:
        """Whether it is from another table: Rollcall's own check-ins always have a `delivery`."""
        return self.image is not None and "delivery" not in self.image

    @property
    def may_be_owed(self) -> bool:
        """Whether a mail may have to be sent, judging by the record alone."""
        if self.image is None:
            return bool(self.keys)
        if self.is_foreign:
            return text(self.image, "email") is not None
        # A check-in without its keys cannot be claimed; the sweep finds it.
        return text(self.image, "delivery") in ("due", "sending", "unclear") and bool(self.keys)

    def __str__(self) -> str:
        """The record's name in log messages, without personal data."""
        if self.sequence_number:
            return f"record {self.sequence_number}"
        return f"check-in {self._check_in_id or 'without a number'}"

    @property
    def log_fields(self) -> dict[str, str | None]:
        """The same for the structured fields of the log."""
        return {
            "check_in_id": self._check_in_id,
            "sequence_number": self.sequence_number or None,
        }

    @property
    def _check_in_id(self) -> str | None:
        return text(self.image or {}, "check_in_id")


def new_records(event: Mapping[str, Any]) -> Iterator[Record]:
    """The INSERTs of a stream event, in order. Other changes never cause a mail."""
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        if not isinstance(record, dict) or record.get("eventName") != "INSERT":
            continue
        change = record.get("dynamodb")
        if not isinstance(change, dict):
            continue
        number, image = change.get("SequenceNumber"), change.get("NewImage")
        yield Record(
            sequence_number=number if isinstance(number, str) else "",
            keys=_check_in_keys(change.get("Keys")),
            image=image if isinstance(image, dict) else None,
        )


def text(image: Image, name: str) -> str | None:
    """A String attribute, without white space around it; None where it is absent or blank."""
    value = image.get(name)
    found = value.get("S") if isinstance(value, dict) else None
    return (found.strip() or None) if isinstance(found, str) else None


def moment(image: Image, name: str) -> datetime | None:
    """A time: epoch seconds in a Number (aware UTC), or ISO 8601 in a String.

    Text without an offset becomes a naive datetime, because its zone is unknown.
    """
    value = image.get(name)
    if not isinstance(value, dict):
        return None
    try:
        if "N" in value:
            return datetime.fromtimestamp(float(value["N"]), UTC)
        return datetime.fromisoformat(text(image, name) or "")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _check_in_keys(value: object) -> Image:
    """The keys if they can be those of a check-in, and otherwise an empty mapping."""
    if not isinstance(value, dict) or set(value) != _KEY:
        return {}
    return value if all(_is_text(attribute) for attribute in value.values()) else {}


def _is_text(attribute: object) -> bool:
    return (
        isinstance(attribute, dict)
        and set(attribute) == {"S"}
        and isinstance(attribute["S"], str)
        and attribute["S"] != ""
    )
