"""From an item to the finished mail: what its attributes say, the event they name, the bytes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from chalicelib.attendance.errors import MalformedItem
from chalicelib.attendance.event import Event, normalize_event_code
from chalicelib.attendance.ports import Events
from chalicelib.confirmation.message import Composer, Confirmation, Letter
from chalicelib.confirmation.records import NewItem, moment, text

log = logging.getLogger("rollcall.confirmation")


class Writer:
    """`now` gives aware UTC: the mail's date."""

    def __init__(self, events: Events, compose: Composer, now: Callable[[], datetime]) -> None:
        self._events = events
        self._compose = compose
        self._now = now

    def write(self, item: NewItem, recipient: str) -> Letter:
        """Raises UnusableAddress, and StorageUnavailable where the event cannot be asked for."""
        image = item.image or {}
        event_code = text(image, "event_code")
        code = normalize_event_code(event_code) if event_code else None
        confirmation = Confirmation(
            to=recipient,
            name=text(image, "name"),
            checked_at=moment(image, "checked_at"),
            event_code=event_code,
            check_in_id=text(image, "check_in_id"),
            event=self._event(code, item) if code else None,
            record=item.sequence_number or None,
        )
        return self._compose(confirmation, self._now())

    def _event(self, event_code: str, item: NewItem) -> Event | None:
        """None, and so general wording, where there is none or its item cannot be read."""
        try:
            return self._events.get(event_code)
        except MalformedItem as error:
            log.error("event %s: %s", event_code, error, extra=item.log_fields)
            return None
