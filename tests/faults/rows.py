"""All rows, in the order of the page."""

from __future__ import annotations

from faults import clock_rows, hold_rows, killed_rows, mail_server_rows, storage_rows, stream_rows
from faults.row import Row

ROWS: list[Row] = [
    *mail_server_rows.ROWS,
    *storage_rows.ROWS,
    *killed_rows.ROWS,
    *hold_rows.ROWS,
    *stream_rows.ROWS,
    *clock_rows.ROWS,
]
