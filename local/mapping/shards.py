"""Which shards of a stream may be read next.

Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams" (Streams.html): shards
come and go, and can split into new ones at any time; an application always processes a parent
shard before its children, so that the records are in order. A shard is open while its range of
sequence numbers has no end (API_streams_DescribeStream), and a parent can be gone: what a stream
has kept for 24 hours it drops, shards too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    shard_id: str
    parent_id: str | None
    closed: bool


class Lineage:
    """Keeps account of the shards that are being read or were read to their end."""

    def __init__(self) -> None:
        self._reading: set[str] = set()
        self._finished: set[str] = set()

    def start(self, shard_id: str) -> None:
        self._reading.add(shard_id)

    def finish(self, shard_id: str) -> None:
        self._reading.discard(shard_id)
        self._finished.add(shard_id)

    def readable(self, shards: Iterable[Shard]) -> list[Shard]:
        """Those not begun whose parent is finished, or unknown to the stream and to this account.

        `shards` is the whole stream as it is described now.
        """
        listed = list(shards)
        unfinished = ({shard.shard_id for shard in listed} | self._reading) - self._finished
        begun = self._reading | self._finished
        return [
            shard
            for shard in listed
            if shard.shard_id not in begun and shard.parent_id not in unfinished
        ]
