"""The stream: records that come twice, in another order, broken, or never."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any

from smtp_server import GO_ON, Fault

from faults.check_ins import Record
from faults.row import Row
from faults.scene import Play, Scene

PART = "The stream"

_BROKEN: list[Any] = [
    None,
    "INSERT",
    {},
    {"eventName": "INSERT"},
    {"eventName": "INSERT", "dynamodb": {"Keys": {}, "NewImage": {}}},
    {"eventName": "INSERT", "dynamodb": {"Keys": {"attendee_id": "a"}, "NewImage": 5}},
]


def _twice(scene: Scene, records: Sequence[Record]) -> None:
    scene.meetup.deliver(records)
    scene.meetup.deliver(records)


def _twice_at_once(scene: Scene, records: Sequence[Record]) -> None:
    def other() -> Fault:
        assert scene.meetup.start().send_confirmations({"Records": records})
        return GO_ON

    scene.server.on("end", other)
    scene.meetup.deliver(records)


def _with_the_sweep(scene: Scene, records: Sequence[Record]) -> None:
    def other() -> Fault:
        scene.meetup.start().sweep_deliveries()
        return GO_ON

    scene.server.on("DATA", other)
    scene.meetup.deliver(records)


def _again_a_day_later(scene: Scene, records: Sequence[Record]) -> None:
    scene.meetup.deliver(records)
    scene.meetup.move_clock(timedelta(days=1))
    scene.meetup.deliver(records)


def _doubled(scene: Scene, records: Sequence[Record]) -> None:
    scene.meetup.deliver([records[0], *records])


def _backwards(scene: Scene, records: Sequence[Record]) -> None:
    scene.meetup.deliver(list(reversed(records)))


def _missing(scene: Scene, records: Sequence[Record]) -> None:
    scene.meetup.deliver(records[1:])


def _never(scene: Scene, records: Sequence[Record]) -> None:
    pass


def _among_broken_ones(scene: Scene, records: Sequence[Record]) -> None:
    hers, others = records
    scene.meetup.deliver([*_BROKEN[:3], hers, *_BROKEN[3:], others], size=10)


def _changed(**change: Any) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        hers, others = json.loads(json.dumps(records))
        hers |= change
        scene.meetup.deliver([hers, others])

    return play


def _without(name: str) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        hers, others = deepcopy(list(records))
        del hers["dynamodb"][name]
        scene.meetup.deliver([hers, others])

    return play


def _with_an_image(image: object) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        hers, others = deepcopy(list(records))
        hers["dynamodb"]["NewImage"] = image
        scene.meetup.deliver([hers, others])

    return play


_PLAYS: dict[tuple[str, str], Play] = {
    ("the batch", "comes twice"): _twice,
    ("the batch", "comes to two at the same time"): _twice_at_once,
    ("the batch", "comes while the sweep runs"): _with_the_sweep,
    ("the batch", "comes again a day later"): _again_a_day_later,
    ("the batch", "never comes: the mapping is off"): _never,
    ("the records", "backwards"): _backwards,
    ("the records", "among broken ones"): _among_broken_ones,
    ("her record", "twice in the batch"): _doubled,
    ("her record", "is missing"): _missing,
    ("her record", "says MODIFY"): _changed(eventName="MODIFY"),
    ("her record", "says REMOVE"): _changed(eventName="REMOVE"),
    ("her record", "is empty"): _changed(dynamodb={}),
    ("her record", "has no keys"): _without("Keys"),
    ("her record", "has no sequence number"): _without("SequenceNumber"),
    ("her record", "has no image"): _without("NewImage"),
    ("her record", "has a broken image"): _with_an_image({"email": {"SS": []}, "delivery": 5}),
    ("her record", "has an image that is none"): _with_an_image("image"),
}

ROWS = [
    Row(part=PART, where=where, fault=fault, play=play) for (where, fault), play in _PLAYS.items()
]
