"""Mails what was checked in and is still owed, under the same claims as the consumer's.

A claim lets one worker make one attempt, so a replay can run beside the consumer, the sweep and
another replay, and again. Its counts say what became of the mails, whoever has sent them.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from chalicelib.confirmation.records import Image, moment, text

Record = dict[str, Any]
Standing = Literal["owed", "in hand", "mailed", "failed", "unclear", "nothing to mail"]

_STANDINGS: dict[str, Standing] = {
    "due": "owed",
    "sent": "mailed",
    "failed": "failed",
    "unclear": "unclear",
}

_BATCH = 100  # records for the postroom at a time
_SETBACKS = 3  # whole batches that come back, in a row
_SECONDS = 300.0  # no clock ends this process; its attempts are bounded by the mail settings


class Items(Protocol):
    def image(self, keys: Image) -> Image | None:
        """The item as it is now. Raises StorageUnavailable."""


class Post(Protocol):
    def deliver(
        self, event: Mapping[str, Any], time_left: Callable[[], float]
    ) -> dict[str, list[dict[str, str]]]: ...


class Replay:
    """`before` tells how all of them stood that were looked at, `after` those that were owed."""

    def __init__(self, items: Items, now: Callable[[], datetime]) -> None:
        self.before: Counter[Standing] = Counter()
        self.after: Counter[Standing] = Counter()
        self._items = items
        self._now = now

    def owed(self, check_ins: Iterable[Image]) -> Iterator[Record]:
        """Those of the check-ins, given by their keys, whose mail can be claimed now.

        Each is made a record of the stream's shape, without an image: its item says what is mailed.
        The log names it by its check-in id. Raises StorageUnavailable.
        """
        seen = set()
        for keys in check_ins:
            name = json.dumps(keys, sort_keys=True)
            if name in seen:
                continue  # the stream may tell of one twice: deleted, and made anew
            seen.add(name)
            image = self._items.image(keys)
            standing = _standing(image, self._now())
            self.before[standing] += 1
            if image and standing == "owed":
                number = text(image, "check_in_id") or str(len(seen))
                change = {"Keys": keys, "SequenceNumber": number}
                yield {"eventName": "INSERT", "dynamodb": change}

    def mail(self, records: Iterable[Record], postroom: Post) -> Iterator[Record]:
        """Mail them; yields each that need not come again, as soon as that is known.

        What comes back is tried again after all the others. Where whole batches come back, several
        in a row, nothing goes out now: one wrong login for each batch would lock the mailbox.
        """
        waiting = deque(records)
        setbacks = 0
        while waiting and setbacks < _SETBACKS:
            batch = [waiting.popleft() for _ in range(min(_BATCH, len(waiting)))]
            returned = _deliver(postroom, batch)
            waiting.extend(returned)
            setbacks = setbacks + 1 if len(returned) == len(batch) else 0
            came_back = set(map(_number, returned))
            yield from (record for record in batch if _number(record) not in came_back)

    def review(self, records: Iterable[Record]) -> None:
        """Read how they stand now, into `after`. Raises StorageUnavailable."""
        for record in records:
            image = self._items.image(record["dynamodb"]["Keys"])
            self.after[_standing(image, self._now())] += 1


def _deliver(postroom: Post, batch: list[Record]) -> list[Record]:
    """The records that come back."""
    answer = postroom.deliver({"Records": batch}, lambda: _SECONDS)
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    return [record for record in batch if _number(record) in failed]


def _number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _standing(image: Image | None, now: datetime) -> Standing:
    """Where the mail stands. `in hand`: claimed by another, or to be tried again later.

    `unclear` is what waits for a person. Without an item nobody can tell whether its mail is out.
    """
    if image is None or text(image, "email") is None:
        return "nothing to mail"
    delivery, due_at = text(image, "delivery"), moment(image, "due_at")
    if delivery in ("sending", "unclear") and due_at:
        return "owed" if due_at <= now else "in hand"
    return _STANDINGS.get(delivery or "", "nothing to mail")
