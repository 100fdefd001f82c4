"""DynamoDB at each of the consumer's calls: throttling, refusing, dropping, stalling, nonsense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from faults.check_ins import Record, attendee_id
from faults.dynamodb_proxy import (
    BROKEN,
    DROP,
    GARBAGE,
    LATE,
    LOSE,
    OVERLOADED,
    REFUSE,
    STALL,
    THROTTLE,
    Action,
)
from faults.row import (
    HOUR,
    LEFT_TO_A_PERSON,
    ONCE,
    SENT,
    SENT_IN_DOUBT,
    TRIES,
    Lasting,
    Promise,
    Row,
    under,
)
from faults.scene import Play, Scene

PART = "DynamoDB"

_CALLS = {
    "claim": "writing the claim",
    "record": "writing how it ended",
    "event": "reading the event",
    "Query": "asking what is owed",
}
_FAULTS: dict[str, Action] = {
    "ThrottlingException": THROTTLE,
    "ProvisionedThroughputExceededException": OVERLOADED,
    "AccessDeniedException": REFUSE,
    "InternalServerError": BROKEN,
    "dropped before it is done": DROP,
    "done, answer lost": LOSE,
    "not done, no answer": STALL,
    "done, no answer": LATE,
    "done, nonsense answered": GARBAGE,
}
_BRIEF = (REFUSE, LOSE)
_WAITED_FOR = (STALL, LATE)
_DONE = (LOSE, LATE, GARBAGE)


def _by_the_sweep(step: str, action: Action, lasting: Lasting) -> Play:
    """The stream brought nothing."""

    def play(scene: Scene, records: Sequence[Record]) -> None:
        if lasting is ONCE:
            scene.proxy.on(step, action)
        else:
            scene.proxy.always(step, action)
        scene.meetup.sweep()
        scene.meetup.sweep()

    return play


def _row(step: str, fault: str, lasting: Lasting, promise: Promise) -> Row:
    action = _FAULTS[fault]

    def inject(scene: Scene, address: str) -> None:
        about = attendee_id(address) if step in ("claim", "record") else ""
        if lasting is ONCE:
            scene.proxy.on(step, action, about=about)
        else:
            scene.proxy.always(step, action, about=about)

    swept = step == "Query"
    return Row(
        part=PART,
        where=_CALLS[step],
        fault=fault,
        lasting="two sweeps" if swept and lasting is TRIES else lasting.value,
        play=_by_the_sweep(step, action, lasting) if swept else under(inject, lasting),
        inject=inject if lasting is ONCE and not swept else None,
        promise=promise,
        place="behind the proxy",
        settings={"STORAGE_TIMEOUT": "3"} if action in _WAITED_FOR else {},
        brief=action in _BRIEF and lasting is TRIES,
    )


def _rows() -> Iterator[Row]:
    for step in _CALLS:
        for fault, action in _FAULTS.items():
            yield _row(step, fault, ONCE, SENT)
            unrecorded = step == "record" and action not in _DONE
            yield _row(step, fault, TRIES, SENT_IN_DOUBT if unrecorded else SENT)
    yield _row("claim", "AccessDeniedException", HOUR, SENT)
    yield _row("record", "AccessDeniedException", HOUR, LEFT_TO_A_PERSON)


ROWS = list(_rows())
