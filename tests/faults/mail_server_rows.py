"""The mail server at each of its steps: refusing, dropping, stalling, talking nonsense, late."""

from __future__ import annotations

import time
from collections.abc import Iterator

from smtp_server import DROP, GO_ON, LATE, STALL, Action, Fault, Step

from faults.row import (
    EVER,
    HOUR,
    LEFT_TO_A_PERSON,
    ONCE,
    REFUSED,
    SENT,
    SENT_IN_DOUBT,
    TRIES,
    Lasting,
    Promise,
    Row,
    under,
)
from faults.scene import Scene

PART = "The mail server"

_LATE_SECONDS = 0.05  # well within SMTP_TIMEOUT
_TIMEOUT = "3"  # for rows that wait for it
_STEPS: dict[Step, str] = {
    "connect": "connect",
    "banner": "banner",
    "EHLO": "EHLO",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "MAIL": "MAIL",
    "RCPT": "RCPT",
    "DATA": "DATA",
    "end": "the final dot",
    "QUIT": "QUIT",
}
_OF_HERS: tuple[Step, ...] = ("RCPT", "DATA", "end")
_WAITED_FOR = (STALL, LATE)


def _late_in_time() -> Fault:
    time.sleep(_LATE_SECONDS)
    return GO_ON


_FAULTS: dict[str, Action] = {
    "421, closing": "421 4.3.2 closing",
    "refused for now, 450": "450 4.2.0 later",
    "refused for good, 550": "550 5.1.1 never",
    "dropped": DROP,
    "no answer": STALL,
    "answered when nobody waits any more": LATE,
    "answered late, in time": _late_in_time,
    "nonsense": "hello?",
}
_AT_ONE_STEP: dict[Step, dict[str, Action]] = {
    "AUTH": {
        "temporarily no login, 454": "454 4.7.0 later",
        "wrong password, 535": "535 5.7.8 no",
    },
    "MAIL": {"sender refused, 553": "553 5.7.1 not you"},
    "RCPT": {
        "mailbox full, 452": "452 4.2.2 full",
        "throttled, 454": "454 4.7.0 too fast",
        "login wanted, 530": "530 5.7.0 login",
        "quota, 550 5.4.5": "550 5.4.5 quota",
        "mailbox name refused, 553": "553 5.1.3 what?",
    },
    "end": {
        "throttled, 454": "454 4.7.0 too fast",
        "quota, 550 5.4.5": "550 5.4.5 quota",
        "content refused, 554": "554 5.6.0 spam",
    },
}
_BRIEF = {
    *((step, "dropped") for step in _STEPS),
    ("end", "nonsense"),
    ("end", "refused for now, 450"),
    *((step, fault) for step, faults in _AT_ONE_STEP.items() for fault in faults),
}
_OWN_FAULTS = ("login wanted, 530", "quota, 550 5.4.5")


def _promise(step: Step, fault: str, action: Action) -> Promise:
    if step not in _OF_HERS:
        return SENT
    if step == "end" and (action in (DROP, STALL, LATE) or fault == "nonsense"):
        return SENT_IN_DOUBT
    permanent = isinstance(action, str) and action.startswith("5")
    return REFUSED if permanent and fault not in _OWN_FAULTS else SENT


def _row(step: Step, fault: str, lasting: Lasting, promise: Promise | None = None) -> Row:
    action = {**_FAULTS, **_AT_ONE_STEP.get(step, {})}[fault]

    def inject(scene: Scene, address: str) -> None:
        about = address if step in _OF_HERS else ""
        if lasting is ONCE:
            scene.server.on(step, action, about=about)
        else:
            scene.server.always(step, action, about=about)

    waited_for = action in _WAITED_FOR
    settings = {"SMTP_TIMEOUT": _TIMEOUT} if waited_for else {}
    if step == "QUIT":
        settings["SMTP_MESSAGES_PER_CONNECTION"] = "1"
    return Row(
        part=PART,
        where=_STEPS[step],
        fault=fault,
        lasting=lasting.value,
        play=under(inject, lasting),
        inject=inject if lasting is ONCE else None,
        promise=promise or _promise(step, fault, action),
        brief=lasting is ONCE and (step, fault) in _BRIEF,
        settings=settings,
    )


def _rows() -> Iterator[Row]:
    for step in _STEPS:
        for fault in (*_FAULTS, *_AT_ONE_STEP.get(step, {})):
            if step == "connect" and fault not in ("dropped", "no answer"):
                continue  # there is no reply at this step
            for lasting in (ONCE, TRIES):
                yield _row(step, fault, lasting)
    yield _row("connect", "dropped", HOUR)
    yield _row("AUTH", "wrong password, 535", HOUR)
    yield _row("RCPT", "mailbox full, 452", HOUR)
    yield _row("RCPT", "quota, 550 5.4.5", HOUR)
    yield _row("RCPT", "mailbox full, 452", EVER, REFUSED)
    yield _row("end", "dropped", EVER, LEFT_TO_A_PERSON)


ROWS = list(_rows())
