"""Batch reads and writes, which repeat whatever DynamoDB leaves unprocessed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.storage.dynamodb import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        KeysAndAttributesUnionTypeDef,
        WriteRequestUnionTypeDef,
    )

    from chalicelib.storage.dynamodb import Item

Thing = TypeVar("Thing")

# DynamoDB's limits for one call. It may leave some items unprocessed, and callers should then back
# off (API reference, BatchWriteItem and BatchGetItem). The waits add up to 13 s.
MOST_WRITES = 25
MOST_GETS = 100
_TRIES = 8


class Batches:
    """Batches of one table. All methods raise StorageUnavailable."""

    def __init__(
        self, client: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def put(self, items: Sequence[Item]) -> None:
        """Store up to MOST_WRITES items, replacing existing ones. No key may occur twice."""
        self._write([{"PutRequest": {"Item": item}} for item in items])

    def delete(self, keys: Sequence[Item]) -> None:
        """Delete the items with these keys (at most MOST_WRITES, all different), if they exist."""
        self._write([{"DeleteRequest": {"Key": key}} for key in keys])

    def _write(self, requests: Sequence[WriteRequestUnionTypeDef]) -> None:
        attempts = itertools.count()
        while requests:
            self._back_off(next(attempts))
            with storage_errors():
                answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer["UnprocessedItems"].get(self._table, [])

    def get(self, wanted: KeysAndAttributesUnionTypeDef) -> Iterator[Item]:
        """Yield the items with these `Keys` (at most MOST_GETS, all different), in no order.

        Missing items are left out.
        """
        left: KeysAndAttributesUnionTypeDef | None = wanted if wanted["Keys"] else None
        attempts = itertools.count()
        while left:
            self._back_off(next(attempts))
            with storage_errors():
                answer = self._client.batch_get_item(RequestItems={self._table: left})
            yield from answer["Responses"].get(self._table, ())
            left = answer["UnprocessedKeys"].get(self._table)

    def _back_off(self, attempt: int) -> None:
        """Wait before every try but the first, and give up after the last."""
        if attempt == _TRIES:
            raise StorageUnavailable("a batch was not fully processed")
        if attempt:
            self._sleep(0.05 * 2**attempt)


def batched(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """Yield lists of `size` items; the last may be shorter. (In itertools from Python 3.12.)"""
    remaining = iter(things)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
