"""A check-in as an attendee would make it, watched until its confirmation is sent.

The probe has its own event, on 29 February, whose code nobody else would choose. The mail goes to
the stage's own sender address. Everything is cleaned up, whether the probe succeeds or fails.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.event import Event
from chalicelib.wiring import Wiring
from operations.deployment.aws import DeploymentError, wait_for

CODE = "0229ZZZ"
_ORGANIZATION = "Rollcall's own probe"
_LASTS = timedelta(hours=1)
_ANSWER_SECONDS = 30
# Until a new API has reached all of AWS, it answers 403 or 500, or its address is unknown.
_PROPAGATION = 60.0  # seconds
_SETTLED = ("sent", "failed", "unclear")


class _NotYetError(DeploymentError):
    """The API may start to answer a little later."""


class Probe:
    """`address` is the app's URL; `recipient` gets the mail."""

    def __init__(self, wiring: Wiring, address: str, recipient: str) -> None:
        self._wiring = wiring
        self._address = address
        self._recipient = recipient

    def run(self, patience: float, say: Callable[[str], None]) -> None:
        """Raise DeploymentError unless the confirmation is `sent` within `patience` seconds."""
        with self._event():
            began = time.monotonic()
            answer = self._answer(min(patience, _PROPAGATION))
            say(
                f"check-in {answer['check_in_id']}: answered after {time.monotonic() - began:.1f} s"
            )
            check_in = wait_for(
                "the probe's confirmation is still owed, and the functions' log says why "
                "(docs/runbook.md#mail-owed)",
                self._settled,
                seconds=patience,
                pause=0.5,
            )
            if check_in.delivery != "sent":
                raise DeploymentError(
                    f"the probe's confirmation is {check_in.delivery}: {check_in.delivery_reason}"
                )
            say(f"its confirmation: sent after {time.monotonic() - began:.1f} s")

    @contextmanager
    def _event(self) -> Iterator[None]:
        """The probe's event, while it is needed. Raises DeploymentError if somebody else has it."""
        table = self._wiring.event_table
        there = table.get(CODE)
        if there and there.organization != _ORGANIZATION:
            raise DeploymentError(
                f"the event {CODE} is somebody else's, so the probe cannot use it"
            )
        self._clean()  # left by a probe that was killed
        now = self._wiring.now().replace(microsecond=0)
        event = Event(
            event_code=CODE,
            name="Rollcall works",
            organization=_ORGANIZATION,
            venue="nowhere",
            starts_at=now,
            check_in_opens_at=now - _LASTS,
            check_in_closes_at=now + _LASTS,
            timezone="UTC",
            locale="en",
            expires_at=now + 2 * _LASTS,  # time to live cleans up if this process is killed
            walk_ins=True,
            announcement="A deployment checked itself. You have nothing to do.",
        )
        table.put(event)
        try:
            yield
        finally:
            self._clean()

    def _answer(self, patience: float) -> dict[str, str]:
        """Check in and return the answer. Raises DeploymentError with the last refusal."""
        person = {
            "phone": f"010-0000-{secrets.randbelow(10_000):04}",
            "name": "Rollcall",
            "email": self._recipient,
            "nonce": secrets.token_hex(8),  # so that a retry gets a lost answer again
        }
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._check_in(person)
            except _NotYetError:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(1)

    def _check_in(self, person: Mapping[str, str]) -> dict[str, str]:
        request = Request(  # noqa: S310  -- the address is the stage's own
            f"{self._address}/events/{CODE}/check-ins",
            json.dumps(person).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
                status, body = answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                said = f"the probe was answered {error.code}: {error.read().decode()}"
            if error.code != HTTPStatus.FORBIDDEN and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise DeploymentError(said) from error
            raise _NotYetError(said) from error
        except (URLError, OSError, ValueError) as error:
            raise _NotYetError(f"{self._address} did not answer the probe: {error}") from error
        if status != HTTPStatus.CREATED:
            raise DeploymentError(
                f"the probe was answered {status}, not {HTTPStatus.CREATED.value}"
            )
        found: dict[str, str] = body
        return found

    def _found(self) -> list[CheckIn]:
        return list(self._wiring.check_in_table.of_event(CODE))

    def _settled(self) -> CheckIn | None:
        return next((each for each in self._found() if each.delivery in _SETTLED), None)

    def _clean(self) -> None:
        """Delete everything of the event, also what an earlier probe has left and has expired."""
        holdings = self._wiring.holdings
        holdings.delete(list(holdings.of_event(CODE)))
        holdings.delete_event(CODE)
