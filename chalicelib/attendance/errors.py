"""The errors with which Rollcall refuses a request or reports a failure.

    RollcallError
    ├── Refused                  the attendee cannot be checked in (now, or with these details)
    │   ├── NotOpen, Closed      outside the check-in window; carry the event
    │   ├── NotRegistered        not on the roster, and the event takes no walk-ins
    │   ├── DetailsRequired      a walk-in without a name
    │   └── EmailRequired        there is no address for the confirmation
    ├── UnknownEvent             no event has this code
    ├── InvalidRequest           a field is missing, of the wrong type, too long or unreadable
    │   └── InvalidPhone         the text is not a phone number
    ├── KioskKeyRequired         the event does not allow self check-in, and the request has no key
    ├── KioskKeyRejected         the request's key is not this event's
    ├── PayloadTooLarge          the request body is over the limit
    └── StorageUnavailable       the tables did not answer, or refused the call
        └── MalformedItem        they returned an item that Rollcall did not write

`reason` is the stable code that clients act on (docs/api.md lists them all). The message is for
the log and contains no personal data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from chalicelib.attendance.event import Event


class RollcallError(Exception):
    """The base class. Only subclasses with a `reason` are raised."""

    reason: ClassVar[str]


class Refused(RollcallError):
    """The request is valid, but it does not check the attendee in."""


class OutsideWindow(Refused):
    """Check-in is not open; `event` has its opening and closing times."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"event {event.event_code}: {self.reason}")
        self.event = event


class NotOpen(OutsideWindow):
    reason = "not_open"


class Closed(OutsideWindow):
    reason = "closed"


class NotRegistered(Refused):
    reason = "not_registered"


class DetailsRequired(Refused):
    reason = "details_required"


class EmailRequired(Refused):
    reason = "email_required"


class UnknownEvent(RollcallError):
    reason = "unknown_event"


class InvalidRequest(RollcallError):
    """`field` names the faulty field (None: the body itself); `problem` says what is wrong."""

    reason = "invalid_request"

    def __init__(self, field: str | None, problem: str) -> None:
        super().__init__(f"{field or 'body'}: {problem}")
        self.field = field
        self.problem = problem


class InvalidPhone(InvalidRequest):
    reason = "invalid_phone"

    def __init__(self, problem: str) -> None:
        super().__init__("phone", problem)


class KioskKeyRequired(RollcallError):
    reason = "kiosk_key_required"


class KioskKeyRejected(RollcallError):
    reason = "kiosk_key_rejected"


class PayloadTooLarge(RollcallError):
    reason = "payload_too_large"


class StorageUnavailable(RollcallError):
    reason = "storage_unavailable"


class MalformedItem(StorageUnavailable):
    """Retrying does not help until somebody has repaired the item."""
