"""What somebody decided by hand about a roster file."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.roster.headers import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A column is named by its header. What is None is chosen by what the file has.

    `include_status`: rows come in whatever their status says, and hidden rows do, too. `keep` names
    further columns to store with each person.
    """

    name_column: str | None = None
    phone_column: str | None = None
    email_column: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    include_status: bool = False
    keep: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[Field, str]:
        named: dict[Field, str | None] = {
            "name": self.name_column,
            "phone": self.phone_column,
            "email": self.email_column,
        }
        return {field: header for field, header in named.items() if header}


NO_CHOICES = Choices()
