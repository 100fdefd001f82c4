"""Secrets, read once per container; a deployed stage keeps them in SSM Parameter Store."""

from __future__ import annotations

import threading
from collections.abc import Callable

import boto3
from botocore.config import Config

from chalicelib.storage.dynamodb import AT_A_DESK, storage_errors


class KeptSecret:
    """Reads a secret at first use and keeps it. Thread-safe. `read` raises StorageUnavailable."""

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
        """Read the secret again if it is still the `refused` one; return whether it differs now.

        Raises StorageUnavailable.
        """
        with self._lock:
            if self._value == refused:
                self._value = self._read()
            return self._value != refused


def read_secret(name: str, config: Config = AT_A_DESK) -> str:
    """The value of a SecureString. Raises StorageUnavailable."""
    with storage_errors():
        answer = boto3.client("ssm", config=config).get_parameter(Name=name, WithDecryption=True)
    return answer["Parameter"]["Value"]
