"""What Lambda says of a running invocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Request

_WITHOUT_LAMBDA = 60.0


class _Running:
    """One for all threads: Lambda gives a container one invocation at a time."""

    request_id: str | None = None


_running = _Running()


def time_left(context: Any) -> Callable[[], float]:
    """Gives the seconds until Lambda ends the invocation; a minute where nothing ends it.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    if context is None:
        return lambda: _WITHOUT_LAMBDA
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


def noted(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Chalice middleware for every function: keeps the id of the request, until the next comes."""
    context = event.lambda_context if isinstance(event, Request) else event.context
    _running.request_id = getattr(context, "aws_request_id", None)
    return get_response(event)


def request_id() -> str | None:
    """Lambda's, by which its own lines name the invocation; None where there was none yet."""
    return _running.request_id
