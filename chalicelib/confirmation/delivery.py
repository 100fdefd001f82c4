"""What the stream consumer does with a batch: a confirmation for each new check-in.

Each record stands alone. One that can never be mailed is noted and left behind; one that has to
come again is handed back, and when it comes again, those mailed before it are not mailed twice:
the check-in itself says that its confirmation is out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from email.policy import SMTP
from typing import Any, Literal, Protocol

from chalicelib.attendance.check_in import DeliveryStatus
from chalicelib.attendance.errors import MalformedItem, StorageUnavailable
from chalicelib.attendance.event import Event, normalize_event_code
from chalicelib.attendance.ports import Events
from chalicelib.confirmation.message import Composer, Confirmation, UnusableAddress
from chalicelib.confirmation.records import Image, NewItem, moment, new_items, text
from chalicelib.confirmation.transport import DeliveryError, Halted, Rejected

log = logging.getLogger("rollcall.confirmation")

BatchItemFailures = dict[str, list[dict[str, str]]]


class Items(Protocol):
    """Where the check-ins lie. Both raise StorageUnavailable."""

    def image(self, keys: Image) -> Image | None:
        """The item as it is now; None where there is none, or `keys` are not this table's."""

    def settle(self, keys: Image, delivery: DeliveryStatus, now: datetime) -> None:
        """Record how the delivery ended, on the item if it is there."""


class Outbox(Protocol):
    def send(self, recipient: str, content: bytes) -> None:
        """Raises a leaf of DeliveryError."""


class Postroom:
    """Mails the confirmations of one batch after the other; `now` gives aware UTC."""

    def __init__(
        self,
        events: Events,
        items: Items,
        compose: Composer,
        outbox: Outbox,
        now: Callable[[], datetime],
    ) -> None:
        self._events = events
        self._items = items
        self._compose = compose
        self._outbox = outbox
        self._now = now

    def deliver(self, event: Mapping[str, Any]) -> BatchItemFailures:
        """Mail what a stream event brings; the answer names the records that must come again.

        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
        """
        failures = []
        outcomes: Counter[str] = Counter()
        halted = False
        for item in new_items(event):
            if not halted:
                try:
                    outcomes[self._deliver(item)] += 1
                    continue
                except Halted as error:
                    halted = True
                    log.error("record %s: stopped, %s", item.sequence_number, error)
                except (DeliveryError, StorageUnavailable) as error:
                    log.warning("record %s: again later, %s", item.sequence_number, error)
            failures.append({"itemIdentifier": item.sequence_number})
            outcomes["handed back"] += 1
        log.info("batch: %s", ", ".join(f"{count} {name}" for name, count in outcomes.items()))
        return {"batchItemFailures": failures}

    def _deliver(self, item: NewItem) -> DeliveryStatus | Literal["passed over"]:
        current = self._items.image(item.keys)
        if current and text(current, "delivery") not in (None, "due"):
            return "passed over"  # an earlier try settled it, or nothing was ever owed
        image = item.image or current
        recipient = text(image, "email") if image else None
        if image is None or recipient is None:
            return "passed over"
        try:
            message = self._compose(self._confirmation(item, image, recipient), self._now())
            address = message["To"].addresses[0].addr_spec
            self._outbox.send(address, message.as_bytes(policy=SMTP))
            delivery: DeliveryStatus = "sent"
        except (UnusableAddress, Rejected) as error:
            delivery = "failed"
            log.warning("record %s: not delivered, %s", item.sequence_number, error)
        try:
            self._items.settle(item.keys, delivery, self._now())
        except StorageUnavailable as error:
            # Handing the record back would mail a second copy of what is out already.
            log.error("record %s: %s, not recorded: %s", item.sequence_number, delivery, error)
        return delivery

    def _confirmation(self, item: NewItem, image: Image, recipient: str) -> Confirmation:
        event_code = text(image, "event_code")
        code = normalize_event_code(event_code) if event_code else None
        return Confirmation(
            to=recipient,
            name=text(image, "name"),
            checked_at=moment(image, "checked_at"),
            event_code=event_code,
            check_in_id=text(image, "check_in_id"),
            event=self._event(code) if code else None,
            record=item.sequence_number or None,
        )

    def _event(self, event_code: str) -> Event | None:
        """None, and so general wording, where there is none or its item cannot be read."""
        try:
            return self._events.get(event_code)
        except MalformedItem as error:
            log.error("event %s: %s", event_code, error)
            return None
