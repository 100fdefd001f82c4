"""Every call to AWS that a function makes, noted while the function runs in this process.

A function runs from Chalice's entry point to its return: `Chalice.__call__` is the API's, and
`EventSourceHandler.__call__` the others'. Lambda calls these, and so do Chalice's test client and
local gateway. Meanwhile a context variable names the function. Tasks that it gives to a pool and
threads that it starts inherit the name; Python itself hands no context on to them. Calls are noted
in the one method of botocore that every client's every call goes through. So a call counts whoever
made the client, and a test's own call, outside a function, does not.

Functions in other processes are not seen: the local runtime's, and the fault suite's consumers that
are there to be killed. They run no code that does not run in this process too: the fault suite's
other consumers are marked with `running`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from threading import Thread
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ParamValidationError
from chalice.app import Chalice, EventSourceHandler
from policies import Access, arn

Names = Mapping[str, str]  # settings, such as EVENT_TABLE

_TABLES = {
    "EVENT_TABLE": "${EventTable.Arn}",
    "REGISTRATION_TABLE": "${RegistrationTable.Arn}",
    "CHECK_IN_TABLE": "${CheckInTable.Arn}",
}
_PARAMETERS = {
    "SECRET_KEY_PARAMETER": arn("ssm", "parameter${SecretKeyParameter}"),
    "SMTP_PASSWORD_PARAMETER": arn("ssm", "parameter${SmtpPasswordParameter}"),
}

everything: set[Access] = set()  # since `install`

_sinks: list[set[Access]] = [everything]
_running: ContextVar[tuple[str, Names] | None] = ContextVar("running", default=None)


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
    """What functions use from here on, until the end of the block."""
    sink: set[Access] = set()
    _sinks.append(sink)
    try:
        yield sink
    finally:
        _sinks[:] = [each for each in _sinks if each is not sink]


@cache
def install() -> None:
    """Once a process, however often it is called."""
    _wrap(Chalice, "__call__", _request)
    _wrap(EventSourceHandler, "__call__", _event)
    _wrap(BaseClient, "_make_api_call", _call)
    _wrap(ThreadPoolExecutor, "submit", _submit)
    _wrap(Thread, "start", _start)


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
    """What the SDK itself refuses, for its parameters, is never asked of AWS."""
    made = True
    try:
        return call(client, operation, params)
    except ParamValidationError:
        made = False
        raise
    finally:
        if made and (mark := _running.get()):
            _note(*mark, client.meta.service_model.signing_name, operation, params)


def _note(
    function: str, names: Names, service: str, operation: str, params: dict[str, Any]
) -> None:
    for resource in _resources(names, service, params):
        access = Access(function, f"{service}:{operation}", resource)
        for sink in list(_sinks):
            sink.add(access)


def _resources(names: Names, service: str, params: dict[str, Any]) -> list[str]:
    """As the policies spell them; what is not known here no policy can grant, so it is reported.

    The operations of DynamoDB and of Parameter Store that are used are actions of the same name;
    a transaction or PartiQL would not be.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    """
    match service:
        case "dynamodb":
            tables = [params["TableName"]] if "TableName" in params else params.get("RequestItems")
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            known = _known(_TABLES, names)
            return [known.get(name, name) + index for name in tables or ["an unknown resource"]]
        case "ssm" if "Name" in params:
            return [_known(_PARAMETERS, names).get(params["Name"], params["Name"])]
    return ["an unknown resource"]


def _known(resources: Mapping[str, str], names: Names) -> dict[str, str]:
    return {names[name]: resource for name, resource in resources.items() if name in names}
