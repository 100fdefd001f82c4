"""A row of the tables in docs/delivery.md: a fault, the promise, and the measurement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Literal

from faults.check_ins import Record
from faults.scene import DURI, HANA, Play, Scene

Inject = Callable[[Scene, str], None]  # a fault for the mail to this address
Place = Literal["here", "at a server", "behind the proxy", "in a process"]


class Lasting(Enum):
    ONCE = "once"
    TRIES = "while the batch is tried"
    HOUR = "an hour"
    EVER = "without end"


ONCE, TRIES, HOUR, EVER = Lasting.ONCE, Lasting.TRIES, Lasting.HOUR, Lasting.EVER


@dataclass(frozen=True, slots=True)
class Promise:
    """How the delivery ends, and how many copies the attendee gets."""

    state: str
    least: int
    most: int


SENT = Promise("sent", 1, 1)
SENT_IN_DOUBT = Promise("sent", 1, 2)  # a reply or its record was lost
REFUSED = Promise("failed", 0, 0)
LEFT_TO_A_PERSON = Promise("unclear", 0, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`brief` rows also run in `make test`. `settings` apply to this row only.

    `inject` is the fault alone, if it can hit anybody once.
    """

    part: str
    where: str
    fault: str
    lasting: str = ONCE.value
    play: Play
    inject: Inject | None = None
    promise: Promise = SENT
    place: Place = "here"
    brief: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.part, self.where, self.fault, self.lasting


@dataclass(frozen=True, slots=True)
class Measured:
    copies: int
    state: str
    settled: str


def under(inject: Inject, lasting: Lasting) -> Play:
    """The batch arrives during the fault, which then lasts for the given time."""

    def play(scene: Scene, records: Sequence[Record]) -> None:
        inject(scene, HANA)
        scene.meetup.deliver(records)
        if lasting is HOUR:
            scene.meetup.sweep_for(timedelta(hours=1))
        if lasting is EVER:
            scene.meetup.sweep_until_settled()

    return play


def measure(row: Row, scene: Scene) -> Measured:
    """Run the row, end the faults, and wait until nothing is owed."""
    meetup = scene.meetup
    meetup.open()
    meetup.watched = HANA
    row.play(scene, meetup.check_in(HANA, DURI))
    scene.calm()
    meetup.sweep_until_settled()
    assert meetup.states()[DURI] == "sent"
    assert meetup.copies()[DURI] == 1
    assert all(len(ids) == 1 for ids in meetup.message_ids().values())
    return Measured(meetup.copies()[HANA], meetup.states()[HANA], meetup.settled)
