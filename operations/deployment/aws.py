"""The AWS services that a deployment talks to. Each client is created when it is first needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config

T = TypeVar("T")
Say = Callable[[str], None]

_PATIENCE = 180.0  # seconds
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=90,  # a sweep may run for its whole minute
    retries={"mode": "standard", "total_max_attempts": 5},
)


class DeploymentError(Exception):
    """The deployment cannot continue; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that is wrong on AWS: a line that describes it, and the call that fixes it."""

    words: str
    apply: Callable[[], object]


@cache
def client(service: str) -> Any:
    """Create a client. The SDK finds endpoint, region and credentials by itself."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


def wait_for(
    what: str, ready: Callable[[], T | None], *, seconds: float = _PATIENCE, pause: float = 1.0
) -> T:
    """Wait for `ready` to return something. Raises DeploymentError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        if time.monotonic() > deadline:
            raise DeploymentError(f"{what} (waited {seconds:g} s)")
        time.sleep(pause)
    return found
