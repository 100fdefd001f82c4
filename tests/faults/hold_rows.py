"""With UNCLEAR_DELIVERY=hold, mails that would get a second copy wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from faults import killed_rows, mail_server_rows
from faults.row import LEFT_TO_A_PERSON, ONCE, SENT_IN_DOUBT, Row

PART = "With UNCLEAR_DELIVERY=hold"

_LEFT = replace(LEFT_TO_A_PERSON, most=1)
_COPY_SPENT = ("when the claim is written", "at MAIL", "at RCPT", "at DATA")


def _rows() -> Iterator[Row]:
    for row in (*mail_server_rows.ROWS, *killed_rows.ROWS):
        spent = row.promise == SENT_IN_DOUBT or row.fault in _COPY_SPENT
        if row.inject and row.lasting == ONCE.value and spent:
            where = f"killed, {row.where}" if row.part == killed_rows.PART else row.where
            yield replace(
                row,
                part=PART,
                where=where,
                promise=_LEFT,
                inject=None,
                brief=row.brief and row.place == "here",
                settings={**row.settings, "UNCLEAR_DELIVERY": "hold"},
            )


ROWS = list(_rows())
