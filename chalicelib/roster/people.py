"""What a roster's rows turn out to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.attendance.registration import Status


@dataclass(frozen=True, slots=True)
class Person:
    """One row. `phone` is in E.164 form; `warning` says why its written address is not used."""

    line: int
    name: str
    phone: str
    email: str | None
    warning: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot come in, and why; several lines if they cannot be told apart.

    `phone` is in E.164 form, if the row has a valid number.
    """

    line: int
    reason: str
    last_line: int | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that does not count, since it is cancelled or waiting, or hidden in the sheet.

    `status` is None for a hidden row. `phone` is in E.164 form; None if there is no valid number.
    """

    line: int
    reason: str
    status: Status | None
    phone: str | None = None


Entry = Person | Rejected | LeftOut
