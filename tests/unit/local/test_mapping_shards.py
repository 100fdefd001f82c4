"""Order of shards: Amazon DynamoDB Developer Guide, "Reading and processing a stream"

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: a parent shard is
always processed before its children.
"""

from __future__ import annotations

from local.mapping.shards import Lineage, Shard


def shard(shard_id: str, parent_id: str | None = None) -> Shard:
    return Shard(shard_id, parent_id, closed=False)


PARENT = shard("parent")
CHILDREN = [shard("left", "parent"), shard("right", "parent")]


def readable(lineage: Lineage, *shards: Shard) -> list[str]:
    return [each.shard_id for each in lineage.readable(shards)]


def test_a_parent_is_read_before_its_children() -> None:
    assert readable(Lineage(), *CHILDREN, PARENT) == ["parent"]


def test_children_wait_while_their_parent_is_being_read() -> None:
    lineage = Lineage()
    lineage.start("parent")

    assert readable(lineage, PARENT, *CHILDREN) == []


def test_all_children_are_read_once_their_parent_is_finished() -> None:
    lineage = Lineage()
    lineage.start("parent")
    lineage.finish("parent")

    assert readable(lineage, PARENT, *CHILDREN) == ["left", "right"]


def test_a_grandchild_waits_for_its_own_parent() -> None:
    lineage = Lineage()
    lineage.finish("parent")

    assert readable(lineage, PARENT, *CHILDREN, shard("grandchild", "left")) == ["left", "right"]


def test_a_shard_whose_parent_is_gone_is_read() -> None:
    assert readable(Lineage(), *CHILDREN) == ["left", "right"]


def test_a_parent_that_the_stream_dropped_while_it_is_being_read_is_still_waited_for() -> None:
    lineage = Lineage()
    lineage.start("parent")

    assert readable(lineage, *CHILDREN) == []


def test_a_shard_is_read_once() -> None:
    lineage = Lineage()
    lineage.start("parent")
    lineage.finish("parent")
    lineage.start("left")

    assert readable(lineage, PARENT, *CHILDREN) == ["right"]


def test_shards_without_kinship_are_read_side_by_side() -> None:
    assert readable(Lineage(), shard("one"), shard("two")) == ["one", "two"]
