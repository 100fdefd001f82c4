"""Reads and writes in batches: what DynamoDB leaves undone of one is asked for again."""

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

# DynamoDB takes no more at once, may leave some of it undone, and asks to back off then
# (API reference, BatchWriteItem and BatchGetItem). The waits add up to 13 s.
MOST_PUTS = 25
MOST_GETS = 100
_TRIES = 8


class Batches:
    """Of one table. Every method raises StorageUnavailable."""

    def __init__(
        self, client: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def put(self, items: Sequence[Item]) -> None:
        """Store them, MOST_PUTS at most and no key twice, each over what was there."""
        requests: Sequence[WriteRequestUnionTypeDef] = [
            {"PutRequest": {"Item": item}} for item in items
        ]
        attempts = itertools.count()
        while requests:
            self._back_off(next(attempts))
            with storage_errors():
                answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer["UnprocessedItems"].get(self._table, [])

    def get(self, wanted: KeysAndAttributesUnionTypeDef) -> Iterator[Item]:
        """The items of its `Keys`, MOST_GETS at most and none twice, in no order.

        Those that are not there are left out.
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
        """Wait before every try but the first; after the last, give up."""
        if attempt == _TRIES:
            raise StorageUnavailable("a batch that stays undone")
        if attempt:
            self._sleep(0.05 * 2**attempt)


def batched(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """`size` of them at a time, the last time what is left (itertools has it from Python 3.12)."""
    remaining = iter(things)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
