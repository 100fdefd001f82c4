"""Who may check people in where the event has no self check-in.

The organizers open such a kiosk by a link that ends in `#key=…`; the page sends the key along.
A fragment stays in the browser: it is in no request line, and so in no access log.
"""

from __future__ import annotations

import hashlib
import hmac

from chalicelib.attendance.errors import KioskKeyRejected


def kiosk_key(secret_key: str, event_code: str) -> str:
    """The key of one event's kiosks: 32 hex digits. It is worth nothing after the event."""
    message = b"kiosk:" + event_code.encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]


def is_staffed(authorization: str | None, expected_key: str) -> bool:
    """Whether `Authorization: Bearer <key>` shows the key. Raises KioskKeyRejected for another."""
    if not authorization:
        return False
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        key.strip().encode(errors="replace"), expected_key.encode()
    ):
        raise KioskKeyRejected("not this event's key")
    return True
