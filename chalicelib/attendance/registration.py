"""A registration: a person on one event's roster, or a walk-in."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.text import printable

Source = Literal["roster", "walk_in"]
Status = Literal["registered", "cancelled", "waiting"]

_LONGEST_NAME = 100  # characters
_UNSEEN = frozenset({"Cf", "Zs"})


@dataclass(frozen=True, slots=True)
class Registration:
    """`phone_last4` helps people recognise the row; `email` is None if none is known.

    Somebody who cancelled or is on the waiting list stays in the table, but does not count as
    registered. `kept` has further columns of the roster, such as the T-shirt size, by header.
    """

    event_code: str
    attendee_id: str
    name: str
    email: str | None
    phone_last4: str
    source: Source
    expires_at: datetime
    status: Status = "registered"
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        return self.status == "registered"


def clean_name(text: str) -> str:
    """Return the name on one line: NFC, single spaces, no control characters.

    Raises InvalidRequest if nothing visible is left, or more than 100 characters.
    """
    name = " ".join(printable(unicodedata.normalize("NFC", text)).split())
    if all(unicodedata.category(character) in _UNSEEN for character in name):
        raise InvalidRequest("name", "empty")
    if len(name) > _LONGEST_NAME:
        raise InvalidRequest("name", f"longer than {_LONGEST_NAME} characters")
    return name
