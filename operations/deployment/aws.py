"""The AWS services that a deployment talks to, each client made when it is first needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from chalicelib.storage.dynamodb import AT_A_DESK

T = TypeVar("T")

_PATIENCE = 180.0  # seconds
# A sweep that is asked to start may run for its whole minute, and is not to be started twice.
_CONFIG = AT_A_DESK.merge(Config(read_timeout=90))


class DeploymentError(Exception):
    """The deployment cannot go on; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that stands in a deployment's way: in words, and how it goes away."""

    words: str
    mend: Callable[[], object]


@cache
def client(service: str) -> Any:
    """Endpoint, region and credentials come the SDK's own way."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


def wait_for(
    what: str,
    ready: Callable[[], T | None],
    *,
    seconds: float = _PATIENCE,
    pause: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """What `ready` gives, once that is something. Raises DeploymentError after `seconds`."""
    deadline = clock() + seconds
    while not (found := ready()):
        if clock() > deadline:
            raise DeploymentError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
    return found
