"""What the mail server's replies mean for a mail, and the errors that say so.

    DeliveryError
    ├── Halted      no mail can be sent now: no connection, or login or quota refused
    │   └── Throttled   the server asks for a pause (421, 454)
    ├── Postponed   try this mail later: a temporary reply, or connection lost before the data
    ├── Rejected    never try this mail again: recipient or content refused for good
    └── Unclear     the data was sent but no reply came: the server may have accepted the mail

Their messages contain only the codes of a reply (RFC 5321, RFC 3463), because servers repeat
addresses in the text.
"""

from __future__ import annotations

import re
import smtplib

Reply = tuple[int, bytes]

# The reply classes of RFC 5321 4.2.1.
_ACCEPTED = range(200, 300)
_TEMPORARY = range(400, 500)
_PERMANENT = range(500, 600)
_GO_AHEAD = 354
_SERVICE_CLOSING = 421
_PAUSE = frozenset({_SERVICE_CLOSING, 454})  # 454: from SES above its sending rate
# Servers may ask for the login at any command (RFC 4954 6), so a refused RCPT can mean it too.
_OWN_FAULT = frozenset({530, 534, 535, 538})
# Gmail's daily quota: a 550, even after RCPT, that says nothing about the recipient.
_QUOTA = b"5.4.5"
_ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


class DeliveryError(Exception):
    """The base class. Only its subclasses are raised."""


class Halted(DeliveryError):
    pass


class Throttled(Halted):
    pass


class Postponed(DeliveryError):
    pass


class Rejected(DeliveryError):
    pass


class Unclear(DeliveryError):
    pass


def is_accepted(reply: Reply) -> bool:
    return reply[0] in _ACCEPTED


def is_decision(reply: Reply) -> bool:
    """Whether the reply accepts or refuses; anything else is not a valid reply here."""
    return any(reply[0] in codes for codes in (_ACCEPTED, _TEMPORARY, _PERMANENT))


def goes_ahead(reply: Reply) -> bool:
    """Whether the server is ready for the data."""
    return reply[0] == _GO_AHEAD


def is_closing(reply: Reply) -> bool:
    return reply[0] == _SERVICE_CLOSING


def leaves_connection(reply: Reply) -> bool:
    """Whether the connection can still be used after a refusal.

    After an invalid reply, it is unknown which command the next reply answers. After a reply that
    asks for a login or a pause, only a new connection helps.
    """
    code = reply[0]
    return code not in _ACCEPTED and is_decision(reply) and code not in _OWN_FAULT | _PAUSE


def refusal(what: str, reply: Reply) -> DeliveryError:
    """The error for a refusal; `what` names the part that was refused."""
    code, text = reply
    if code in _PAUSE:
        return Throttled(f"the server asks for a pause: {codes(reply)}")
    if code in _OWN_FAULT or text.startswith(_QUOTA):
        return Halted(f"login or quota refused: {codes(reply)}")
    if code in _PERMANENT:
        return Rejected(f"{what} refused: {codes(reply)}")
    if code not in _TEMPORARY:
        return Postponed(f"invalid reply about the {what}")
    return Postponed(f"{what} refused for now: {codes(reply)}")


def login_failure(error: Exception) -> Halted:
    """The error for a failed connection or login, from the exception that smtplib raised."""
    if not isinstance(error, smtplib.SMTPResponseException):
        return Halted(f"no connection: {type(error).__name__}")
    halted = Throttled if error.smtp_code in _PAUSE else Halted
    return halted(f"no connection: {error.smtp_code}")


def codes(reply: Reply) -> str:
    """Such as `550 5.1.1`: the reply's code, and its enhanced code (RFC 3463) if it has one."""
    enhanced = _ENHANCED_CODE.match(reply[1])
    return f"{reply[0]} {enhanced[0].decode()}" if enhanced else str(reply[0])
