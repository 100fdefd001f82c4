"""Secrets, kept by the container; a deployed stage has them in SSM Parameter Store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from chalicelib.storage.dynamodb import AT_THE_DOOR, session, storage_errors

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient


class KeptSecret:
    """Read at first use, and kept. `read` raises StorageUnavailable. Threads share it."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value: str | None = None

    def reveal(self) -> str:
        """Raises StorageUnavailable."""
        with self._lock:
            if self._value is None:
                self._value = self._read()
            return self._value

    def renewed(self, refused: str) -> bool:
        """Whether it is another one than the `refused`, which was read once more to find out.

        Raises StorageUnavailable.
        """
        with self._lock:
            if self._value == refused:
                self._value = self._read()
            return self._value != refused


def read_secret(name: str) -> str:
    """The value of a SecureString. Raises StorageUnavailable."""
    with storage_errors():
        client = cast("SSMClient", session().create_client("ssm", config=AT_THE_DOOR))
        answer = client.get_parameter(Name=name, WithDecryption=True)
    return answer["Parameter"]["Value"]
