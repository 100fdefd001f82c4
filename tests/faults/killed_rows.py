"""The process is killed with SIGKILL between any two steps of claim, send and record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from smtp_server import Step

from faults.check_ins import Record, attendee_id
from faults.dynamodb_proxy import Afterwards
from faults.row import LEFT_TO_A_PERSON, SENT, SENT_IN_DOUBT, Inject, Promise, Row
from faults.scene import HANA, Play, Scene

PART = "The process killed"

Arm = Callable[[Scene, str, int], None]


def _before(step: str) -> Arm:
    def arm(scene: Scene, address: str, times: int) -> None:
        scene.proxy.on(step, *[scene.kill_before] * times, about=attendee_id(address))

    return arm


def _after(step: str) -> Arm:
    def arm(scene: Scene, address: str, times: int) -> None:
        scene.proxy.on(step, *[Afterwards(scene.kill)] * times, about=attendee_id(address))

    return arm


def _at(step: Step) -> Arm:
    def arm(scene: Scene, address: str, times: int) -> None:
        about = address if step in ("RCPT", "DATA", "end") else ""
        scene.server.on(step, *[scene.kill_here] * times, about=about)

    return arm


_MOMENTS: dict[str, tuple[Arm, Promise]] = {
    "at connect": (_at("connect"), SENT),
    "before the claim is written": (_before("claim"), SENT),
    "when the claim is written": (_after("claim"), SENT),
    "at MAIL": (_at("MAIL"), SENT),
    "at RCPT": (_at("RCPT"), SENT),
    "at DATA": (_at("DATA"), SENT),
    "when the data is out, before the reply": (_at("end"), SENT_IN_DOUBT),
    "after the reply, before its record": (_before("record"), SENT_IN_DOUBT),
    "when the record is written": (_after("record"), SENT),
}
_BRIEF = ("when the claim is written", "when the data is out, before the reply")


def _once(arm: Arm) -> Inject:
    return lambda scene, address: arm(scene, address, 1)


def _by_the_stream(arm: Arm, times: int) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        arm(scene, HANA, times)
        scene.meetup.deliver(records)
        scene.meetup.sweep_until_settled()

    return play


def _by_the_sweep(arm: Arm) -> Play:
    def play(scene: Scene, records: Sequence[Record]) -> None:
        scene.meetup.deliver(records[1:])  # so that her record is the only one left
        arm(scene, HANA, 1)
        scene.meetup.sweep_until_settled()

    return play


def _rows() -> Iterator[Row]:
    for moment, (arm, promise) in _MOMENTS.items():
        row = _row("the batch", moment, "once", _by_the_stream(arm, 1), promise)
        yield replace(row, inject=_once(arm))
    for moment, (arm, promise) in _MOMENTS.items():
        yield _row("the sweep", moment, "once", _by_the_sweep(arm), promise)
    for moment in ("at connect", "before the claim is written"):
        yield _row("the batch", moment, "twice", _by_the_stream(_MOMENTS[moment][0], 2), SENT)
    for moment in ("at DATA", "when the data is out, before the reply"):
        play = _by_the_stream(_MOMENTS[moment][0], 2)
        yield _row("the batch", moment, "twice", play, LEFT_TO_A_PERSON)


def _row(where: str, moment: str, lasting: str, play: Play, promise: Promise) -> Row:
    return Row(
        part=PART,
        where=where,
        fault=moment,
        lasting=lasting,
        play=play,
        promise=promise,
        place="in a process",
        brief=(where, lasting) == ("the batch", "once") and moment in _BRIEF,
    )


ROWS = list(_rows())
