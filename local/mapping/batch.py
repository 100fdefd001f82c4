"""A batch: the records that go to the function in one invocation, and how they gather."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass
from typing import Any

from local.mapping.records import StreamRecord
from local.mapping.settings import MappingSettings

_LARGEST_PAYLOAD = 6 * 1024 * 1024  # bytes, the limit of a synchronous invocation
_ENVELOPE = len('{"Records": []}')
_SEPARATOR = len(", ")


@dataclass(frozen=True, slots=True)
class Batch:
    """`invocations` counts how often it was sent, `retries` what it used of its retry quota.

    `function_error`: the function itself failed at the last invocation, rather than reporting
    some of its records.
    """

    records: tuple[StreamRecord, ...]
    invocations: int = 0
    retries: int = 0
    function_error: bool = False

    def event(self) -> dict[str, Any]:
        """What the function is invoked with: a copy, since a handler may change what it gets."""
        return {"Records": [copy.deepcopy(record.event) for record in self.records]}

    def expired(self, now: float, oldest_age: float) -> int:
        """How many records at the front are older than `oldest_age` seconds."""
        for count, record in enumerate(self.records):
            if now - record.created_at <= oldest_age:
                return count
        return len(self.records)


class Buffer:
    """Gathers records into batches.

    with-ddb.html ("Polling and batching streams"): a batch goes out when its window is over, when
    it has BatchSize records, or when its payload reaches 6 MB. Without a window it goes out with
    what is there.
    """

    def __init__(self, settings: MappingSettings) -> None:
        self._batch_size = settings.batch_size
        self._window = settings.maximum_batching_window_seconds
        self._waiting: deque[tuple[float, StreamRecord]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: StreamRecord, now: float) -> None:
        self._waiting.append((now, record))

    def take(self, now: float, *, last: bool) -> Batch | None:
        """The next batch that is due. `last`: the shard has ended, so nothing is worth waiting."""
        count = self._fitting()
        if not count:
            return None
        full = count == self._batch_size or count < len(self._waiting)
        window_over = now - self._waiting[0][0] >= self._window
        if not (full or window_over or last):
            return None
        return Batch(tuple(self._waiting.popleft()[1] for _ in range(count)))

    def _fitting(self) -> int:
        payload = _ENVELOPE
        for count, (_, record) in enumerate(self._waiting):
            payload += record.size + _SEPARATOR
            if count == self._batch_size or (count and payload > _LARGEST_PAYLOAD):
                return count
        return len(self._waiting)
