"""A registration: a person on one event's roster, or a walk-in."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.text import one_line, shows

Source = Literal["roster", "walk_in"]
Status = Literal["registered", "cancelled", "waiting"]

_LONGEST_NAME = 100  # characters
_JOINERS = "\u200c\u200d\u200e\u200f\u061c "  # they have no use at the ends of a name
_DAMAGED = "\ufffd"  # stands where a character could not be read


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

    Raises InvalidRequest if nothing visible is left, if characters of it were lost, or if there are
    more than 100.
    """
    name = one_line(unicodedata.normalize("NFC", text)).strip(_JOINERS)
    if not shows(name):
        raise InvalidRequest("name", "empty")
    if _DAMAGED in name:
        raise InvalidRequest("name", "its characters are damaged")
    if len(name) > _LONGEST_NAME:
        raise InvalidRequest("name", f"longer than {_LONGEST_NAME} characters")
    return name
