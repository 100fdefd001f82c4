"""The consumer as a process: one call a line on stdin, one answer a line on stdout, all JSON.

A call is {"function", "event", "now"}: the name in app.py, and the clock in epoch seconds. The
answer is the function's, or "failed" where storage did not answer.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import UTC, datetime
from typing import Any

from chalice.local import LambdaContext

from chalicelib import settings
from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.wiring import Wiring

_MILLISECONDS = 900_000


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # before the app is made, which logs there
    app: Any = importlib.import_module("app")
    now = datetime.now(UTC)
    app.wiring = Wiring(settings.load(), now=lambda: now)
    for line in sys.stdin:
        call = json.loads(line)
        now = datetime.fromtimestamp(call["now"], UTC)
        context = LambdaContext(call["function"], memory_size=128, max_runtime_ms=_MILLISECONDS)
        try:
            answer = getattr(app, call["function"])(call["event"], context)
        except StorageUnavailable:
            answer = "failed"
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
