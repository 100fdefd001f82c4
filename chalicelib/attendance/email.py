"""The address that a confirmation goes to."""

from __future__ import annotations

import re

from chalicelib.attendance.errors import InvalidRequest

_LONGEST = 254  # characters: RFC 5321, section 4.5.3.1.3 allows 256 with the angle brackets

# Most addresses match this pattern: they are valid and already in normal form. The library checks
# all others, but importing it for every cold start would cost 40 ms.
_PLAIN = re.compile(
    r"\w+(?:[.+-]\w+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:com|net|org|[a-z]{2})", re.ASCII
)
_LONGEST_PLAIN = 64  # so that no part exceeds its limit (RFC 5321, section 4.5.3.1)


def parse_email(text: str) -> str:
    """Return the address in normal form (domain in lower case, international domains in ASCII).

    Addresses that need SMTPUTF8 are refused, because too few mail servers support it.
    Raises InvalidRequest.
    """
    if len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text):
        return text
    from email_validator import EmailNotValidError, validate_email

    if len(text) > _LONGEST:
        raise InvalidRequest("email", "too long for an e-mail address")
    try:
        valid = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidRequest("email", "not an e-mail address") from error
    return valid.ascii_email or valid.normalized


def mask_email(address: str) -> str:
    """Return `h***@example.com` for hana@example.com, which its owner still recognises."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
