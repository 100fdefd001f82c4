"""What Lambda says of a running invocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_WITHOUT_LAMBDA = 60.0


def time_left(context: Any) -> Callable[[], float]:
    """Gives the seconds until Lambda ends the invocation; a minute where nothing ends it.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    if context is None:
        return lambda: _WITHOUT_LAMBDA
    return lambda: float(context.get_remaining_time_in_millis()) / 1000
