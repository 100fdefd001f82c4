"""Each call to AWS that a function makes is held against its policy. A plugin of conftest.py.

A call that no policy allows fails on the spot, in every test. A function runs from Chalice's entry
point to its return: `Chalice.__call__` is the API's, `EventSourceHandler.__call__` the others'.
Meanwhile a context variable names it. Threads and a pool's tasks inherit the name, which Python
itself does not hand on. Every client's every call goes through one method of botocore, so a call
counts whoever made the client, and a test's own call, outside a function, does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import Thread
from typing import Any

from botocore.client import BaseClient
from chalice.app import Chalice, EventSourceHandler
from policies import Access, granted

Names = Mapping[str, str]  # settings, such as EVENT_TABLE

# What each setting names on the stage dev.
_RESOURCES = {
    "EVENT_TABLE": "table/rollcall-dev-events",
    "REGISTRATION_TABLE": "table/rollcall-dev-registrations",
    "CHECK_IN_TABLE": "table/rollcall-dev-check-ins",
    "SECRET_KEY_PARAMETER": "parameter/rollcall/dev/secret-key",
    "SMTP_PASSWORD_PARAMETER": "parameter/rollcall/dev/smtp-password",
}

_granted = granted()
_used: set[Access] = set()
_running: ContextVar[tuple[str, Names] | None] = ContextVar("running", default=None)


def pytest_configure() -> None:
    _wrap(Chalice, "__call__", _request)
    _wrap(EventSourceHandler, "__call__", _event)
    _wrap(BaseClient, "_make_api_call", _call)
    _wrap(ThreadPoolExecutor, "submit", _submit)
    _wrap(Thread, "start", _start)


@contextmanager
def running(function: str, names: Names = os.environ) -> Iterator[None]:
    """What is called within, `function` calls. `names` says which table is which."""
    mark = _running.set((function, names))
    try:
        yield
    finally:
        _running.reset(mark)


@contextmanager
def recording() -> Iterator[set[Access]]:
    """What functions use from here on, complete at the end of the block."""
    _used.clear()
    yield _used


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(owner, name, wrapped)


def _request(handle: Callable[..., Any], app: Chalice, event: Any, context: Any) -> Any:
    with running("api_handler"):
        return handle(app, event, context)


def _event(
    handle: Callable[..., Any], handler: EventSourceHandler, event: Any, context: Any
) -> Any:
    with running(handler.func.__name__):
        return handle(handler, event, context)


def _submit(
    submit: Callable[..., Any], pool: ThreadPoolExecutor, task: Any, /, *args: Any, **kwargs: Any
) -> Any:
    return submit(pool, _inheriting(task), *args, **kwargs)


def _start(start: Callable[..., Any], thread: Thread) -> None:
    if _running.get():
        thread.run = _inheriting(thread.run)  # type: ignore[method-assign]
    start(thread)


def _inheriting(task: Callable[..., Any]) -> Callable[..., Any]:
    inherited = _running.get()

    def run(*args: Any, **kwargs: Any) -> Any:
        mark = _running.set(inherited)
        try:
            return task(*args, **kwargs)
        finally:
            _running.reset(mark)

    return run


def _call(call: Callable[..., Any], client: Any, operation: str, params: dict[str, Any]) -> Any:
    if mark := _running.get():
        function, names = mark
        service = client.meta.service_model.signing_name
        for resource in _resources(names, params):
            access = Access(function, f"{service}:{operation}", resource)
            _used.add(access)
            assert access in _granted, access
    return call(client, operation, params)


def _resources(names: Names, params: dict[str, Any]) -> list[str]:
    """What the call is about. A name that no setting has stays, and no policy allows it.

    The operations that are used are actions of the same name; those of a transaction are not.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    """
    known = {
        names[setting]: resource for setting, resource in _RESOURCES.items() if setting in names
    }
    if "Name" in params:
        return [known.get(params["Name"], params["Name"])]
    if "TableName" in params:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        return [known.get(params["TableName"], params["TableName"]) + index]
    tables = params.get("RequestItems") or ["an unknown resource"]
    return [known.get(name, name) for name in tables]
