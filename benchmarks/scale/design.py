"""What one check-in and its mail write, read off infrastructure/data.yaml.

A write to the table writes an index too where it changes something that the index holds, and twice
where it changes the index's key: one entry goes, one comes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.scale.parameters import ROOT
from chalicelib.storage.deliveries import DUE_SHARDS

# What each of the three writes of a check-in and its mail changes (chalicelib/storage).
_MAIL = {"delivery", "due_at", "claim", "copies", "attempts"}
_WRITES = {
    "put": {"attendee_id", "event_code", "checked_at", "due_shard", "name", *_MAIL},
    "claim": _MAIL,
    "settle": {*_MAIL, "due_shard", "settled_at"},
}
_GROWING = {"checked_at", "due_at"}  # sort keys by which DynamoDB cannot split what is hot


@dataclass(frozen=True, slots=True)
class Index:
    """`keys`: values of its partition key in one event. `writes`: units by kind of write.

    `splits`: whether DynamoDB can spread one key over several partitions.
    """

    keys: int
    splits: bool
    writes: dict[str, int]

    @property
    def units(self) -> int:
        """For one check-in and its mail."""
        return sum(self.writes.values())


@dataclass(frozen=True, slots=True)
class Design:
    by_event: Index
    due_deliveries: Index

    @property
    def units(self) -> int:
        """Write units of one check-in and its mail, the table's own included."""
        return len(_WRITES) + self.by_event.units + self.due_deliveries.units

    @classmethod
    def read(cls) -> Design:
        template = yaml.safe_load(
            (ROOT / "infrastructure" / "data.yaml").read_text(encoding="utf-8")
        )
        table = template["Resources"]["CheckInTable"]["Properties"]
        indexes = {each["IndexName"]: each for each in table["GlobalSecondaryIndexes"]}
        return cls(
            by_event=_index(indexes["by_event"], keys=1),
            due_deliveries=_index(indexes["due_deliveries"], keys=len(DUE_SHARDS)),
        )


# `by_event` as it was, with all attributes, and as it could be, sorted by what is random.
FULL = Index(keys=1, splits=False, writes={"put": 1, "claim": 1, "settle": 1})
INVERTED = Index(keys=1, splits=True, writes={"put": 1, "claim": 0, "settle": 0})


def _index(definition: dict[str, Any], *, keys: int) -> Index:
    key = [each["AttributeName"] for each in definition["KeySchema"]]
    projection = definition["Projection"]
    held = {*key, *projection.get("NonKeyAttributes", ())}
    holds_all = projection["ProjectionType"] == "ALL"
    writes = {
        # The claim gives the entry another key, so one goes and one comes; the end takes it away.
        kind: 2
        if kind == "claim" and changed & set(key)
        else int(holds_all or bool(changed & held))
        for kind, changed in _WRITES.items()
    }
    return Index(keys, key[-1] not in _GROWING, writes)
