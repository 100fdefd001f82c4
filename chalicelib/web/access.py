"""Decides who may check people in at an event without self check-in.

Organizers open such a kiosk with a link that ends in `#key=…`, and the page sends the key with
each check-in. A fragment is never sent to the server, so the key appears in no access log.
"""

from __future__ import annotations

import hashlib
import hmac

from chalicelib.attendance.errors import KioskKeyRejected


def kiosk_key(secret_key: str, event_code: str) -> str:
    """The key of one event's kiosks: 32 hex digits. It is useless after the event."""
    message = b"kiosk:" + event_code.encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]


def is_staffed(authorization: str | None, expected_key: str) -> bool:
    """Whether the header is `Bearer` with this key. Raises KioskKeyRejected for any other key."""
    if not authorization:
        return False
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        key.strip().encode(errors="replace"), expected_key.encode()
    ):
        raise KioskKeyRejected("not this event's key")
    return True
