"""A stream record, read with distrust: whatever is odd in it is left out, and nothing raises.

Shapes: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Image = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewItem:
    """An INSERT of the stream, or what the sweep found: that has neither number nor image.

    `image` is None too where the stream's view type leaves it out (KEYS_ONLY, OLD_IMAGE).
    `sequence_number` is "" where the record has none: as a batch item failure that means the
    whole batch, so that nothing is lost.
    """

    sequence_number: str
    keys: Image
    image: Image | None

    def __str__(self) -> str:
        """How the log names it, without naming a person."""
        if self.sequence_number:
            return f"record {self.sequence_number}"
        return f"check-in {self._check_in_id or 'without a number'}"

    @property
    def log_fields(self) -> dict[str, str | None]:
        """The same, for the log's fields of their own."""
        return {
            "check_in_id": self._check_in_id,
            "sequence_number": self.sequence_number or None,
        }

    @property
    def _check_in_id(self) -> str | None:
        return text(self.image or {}, "check_in_id")


def new_items(event: Mapping[str, Any]) -> Iterator[NewItem]:
    """The INSERTs of a stream event, in their order; all other records mail nothing."""
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        if not isinstance(record, dict) or record.get("eventName") != "INSERT":
            continue
        change = record.get("dynamodb")
        if not isinstance(change, dict):
            continue
        sequence_number = change.get("SequenceNumber")
        yield NewItem(
            sequence_number=sequence_number if isinstance(sequence_number, str) else "",
            keys=_keys(change.get("Keys")),
            image=_image(change.get("NewImage")),
        )


def text(image: Image, name: str) -> str | None:
    """A String attribute, without white space around it; None where it is absent or blank."""
    value = image.get(name)
    found = value.get("S") if isinstance(value, dict) else None
    return (found.strip() or None) if isinstance(found, str) else None


def moment(image: Image, name: str) -> datetime | None:
    """A time: epoch seconds in a Number (aware UTC), or ISO 8601 in a String.

    Text without an offset gives a naive datetime: nobody knows its zone.
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


def _keys(value: object) -> Image:
    """The item's key as it can be asked for; empty where it is none (a key is S, N or B)."""
    keys = _image(value) or {}
    is_key = all(
        isinstance(name, str)
        and isinstance(attribute, dict)
        and len(attribute) == 1
        and all(_is_scalar(kind, found) for kind, found in attribute.items())
        for name, attribute in keys.items()
    )
    return keys if is_key else {}


def _is_scalar(kind: object, value: object) -> bool:
    if not isinstance(value, str) or kind not in ("S", "N", "B"):
        return False
    try:
        return kind != "N" or Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _image(value: object) -> Image | None:
    return value if isinstance(value, dict) else None
