"""The consumer's clock is changed at every awkward moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from smtp_server import DROP, GO_ON, Fault

from faults.check_ins import Record
from faults.row import SENT, SENT_IN_DOUBT, Promise, Row
from faults.scene import Play, Scene

PART = "The clock"

_MOVES = {
    "an hour back": timedelta(hours=-1),
    "two minutes ahead": timedelta(minutes=2),
    "a day ahead": timedelta(days=1),
}


def _before_the_batch(move: timedelta) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        scene.meetup.move_clock(move)
        scene.meetup.deliver(records)

    return play


def _while_the_reply_is_awaited(move: timedelta) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        def moving() -> Fault:
            scene.meetup.move_clock(move)
            return GO_ON

        scene.server.on("end", moving)
        scene.meetup.deliver(records)

    return play


def _while_the_reply_is_awaited_and_the_sweep_runs(move: timedelta) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        def moving() -> Fault:
            scene.meetup.move_clock(move)
            scene.meetup.start().sweep_deliveries()
            return GO_ON

        scene.server.on("end", moving)
        scene.meetup.deliver(records)

    return play


def _while_it_is_put_off(move: timedelta) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        scene.server.on("RCPT", *["450 4.2.1 later"] * scene.meetup.tries)
        scene.meetup.deliver(records)
        scene.meetup.move_clock(move)

    return play


def _while_it_is_unclear(move: timedelta) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        scene.server.on("end", DROP)
        scene.meetup.deliver(records)
        scene.meetup.move_clock(move)

    return play


_MOMENTS: dict[str, tuple[Callable[[timedelta], Play], Promise]] = {
    "before the batch": (_before_the_batch, SENT),
    "while the reply to the data is awaited": (_while_the_reply_is_awaited, SENT),
    "the same, and the sweep runs": (
        _while_the_reply_is_awaited_and_the_sweep_runs,
        SENT_IN_DOUBT,
    ),
    "after a refusal for now": (_while_it_is_put_off, SENT),
    "after a lost reply": (_while_it_is_unclear, SENT_IN_DOUBT),
}


def _rows() -> Iterator[Row]:
    for moment, (play, promise) in _MOMENTS.items():
        for fault, move in _MOVES.items():
            yield Row(
                part=PART,
                where=moment,
                fault=fault,
                play=play(move),
                promise=promise,
                brief=fault == "two minutes ahead",
            )


ROWS = list(_rows())
