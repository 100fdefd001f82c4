"""The log of a deployed function: one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib import invocation
from chalicelib.attendance.errors import RollcallError

# The additional fields (`extra`) that are written. All others are dropped.
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
    """Log JSON lines through one handler, in the Lambda function with this name.

    Outside Lambda (None) the log stays plain text.

    Lambda has a handler on the root logger, and Chalice one on `chalice_log`. Both are replaced,
    because they would write records twice, or as text.
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
    """`function` is the Lambda function's name. Fields without a value are left out."""

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
    """The traceback of the error and of each error that led to it.

    Messages of errors that are not ours are left out, since Python and the SDK quote their input in
    them: `invalid literal for int(): '010-0000-0001'`.
    """
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        name = type(error).__qualname__
        said = f"{name}: {error}" if isinstance(error, RollcallError) else name
        yield "".join(traceback.format_tb(error.__traceback__)) + said
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_path(record: logging.LogRecord) -> bool:
    """Drop the arguments of Chalice's records: they repeat the path, which can contain anything."""
    if isinstance(record.args, tuple):
        record.args = tuple("…" for _ in record.args)
    return True
