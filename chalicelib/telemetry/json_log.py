"""The log of a deployed function: one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib import invocation
from chalicelib.attendance.errors import RollcallError

# What a record may bring besides (`extra`). No other attribute of it is written.
FIELDS = (
    "method",
    "route",
    "status",
    "reason",
    "milliseconds",
    "check_in_id",
    "sequence_number",
)


def configure(chalice_log: logging.Logger, function: str | None) -> None:
    """Log JSON lines, all through one handler, in the Lambda function of that name.

    Where no Lambda runs (None), the log stays as it is: text, for people.

    Lambda's own handler on the root logger and Chalice's on `chalice_log` are both replaced, since
    with either a record would appear twice, or as text.
    """
    if function is None:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(function))
    logging.getLogger().handlers[:] = [handler]
    chalice_log.handlers.clear()
    chalice_log.propagate = True
    chalice_log.addFilter(_without_path)


class JsonLines(logging.Formatter):
    """`function` is the Lambda function's name. What a record does not have is left out."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self._function = function

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "function": self._function,
            "request_id": invocation.request_id(),
            **{name: getattr(record, name, None) for name in FIELDS},
            "exception": "\nafter ".join(_tracebacks(error)) or None,
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})


def _tracebacks(error: BaseException | None) -> Iterator[str]:
    """Of the error, and of each that led to it; the text of those that are not ours is left out.

    `invalid literal for int(): '010-0000-0001'`: Python and the SDK quote what they were given.
    """
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        name = type(error).__qualname__
        said = f"{name}: {error}" if isinstance(error, RollcallError) else name
        yield "".join(traceback.format_tb(error.__traceback__)) + said
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_path(record: logging.LogRecord) -> bool:
    """Chalice's own records repeat the path that was asked for, in which anything can stand."""
    if isinstance(record.args, tuple):
        record.args = tuple("…" for _ in record.args)
    return True
