"""The guests of the benchmarks' event, 0 to 9,999, and when each one's mail came."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from local.inbox.mailbox import Mailbox

MOST = 10_000

_PATIENCE = 60  # seconds without a further mail
_PAUSE = 0.01  # seconds, and a second for 5,000: to look costs time, and decides nothing
_HEAD = 4096  # bytes, with the envelope in them


def phone(number: int) -> str:
    return f"010-0000-{number:04d}"


def email(number: int) -> str:
    return f"guest{number}@example.com"


class Arrivals:
    """The mails in an inbox, each read once. `last_words` says more where one never comes."""

    def __init__(self, inbox: Path, last_words: Callable[[], str]) -> None:
        self._mailbox = Mailbox(inbox)
        self._last_words = last_words
        self._seen: set[str] = set()
        self._came: dict[str, float] = {}

    def of(self, numbers: Sequence[int]) -> list[float]:
        """When the inbox took each guest's mail, in epoch seconds, once all are there.

        Raises ClickException where mails stay away, and for a second one of any guest.
        """
        deadline = time.monotonic() + _PATIENCE
        while missing := sum(email(number) not in self._came for number in numbers):
            if self.look():
                deadline = time.monotonic() + _PATIENCE
            elif time.monotonic() > deadline:
                raise click.ClickException(f"{missing} mails never came\n{self._last_words()}")
            else:
                time.sleep(_PAUSE + len(numbers) / 5_000)
        return [self._came[email(number)] for number in numbers]

    def look(self) -> int:
        """How many mails are new. Raises ClickException for a second one of any guest."""
        new = set(self._mailbox.ids()) - self._seen
        for mail_id in new:
            mail = self._mailbox.read(mail_id, limit=_HEAD)
            assert mail is not None, "nobody deletes it"
            for recipient in mail.envelope.recipients:
                if recipient in self._came:
                    raise click.ClickException(f"a second mail for {recipient}")
                self._came[recipient] = mail.received_at.timestamp()
        self._seen |= new
        return len(new)
