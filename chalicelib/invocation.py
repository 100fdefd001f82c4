"""What Lambda says about the current invocation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Request

_SECONDS_WITHOUT_LAMBDA = 60.0


class _Current:
    """Shared by all threads: Lambda gives a container one invocation at a time."""

    request_id: str | None = None


_current = _Current()


def time_left(context: Any) -> Callable[[], float]:
    """A function that returns the seconds until Lambda ends the invocation.

    Outside Lambda, it always returns a minute.
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    if context is None:
        return lambda: _SECONDS_WITHOUT_LAMBDA
    return lambda: float(context.get_remaining_time_in_millis()) / 1000


def keep_request_id(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Chalice middleware for every function: keeps the request's id until the next one comes."""
    context = event.lambda_context if isinstance(event, Request) else event.context
    _current.request_id = getattr(context, "aws_request_id", None)
    return get_response(event)


def request_id() -> str | None:
    """The id that Lambda's own log lines show for this invocation; None before the first one."""
    return _current.request_id
