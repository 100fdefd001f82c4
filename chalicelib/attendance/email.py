"""The mail address to which a confirmation goes."""

from __future__ import annotations

import re

from chalicelib.attendance.errors import InvalidRequest

_LONGEST = 254  # characters, RFC 5321 4.5.3.1.3 (a path of 256 octets with its angle brackets)

# Most addresses are as plain as this, valid and in their normal form; of others the library knows
# more than a pattern can. To load it costs a cold start 40 ms.
_PLAIN = re.compile(
    r"\w+(?:[.+-]\w+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:com|net|org|[a-z]{2})", re.ASCII
)
_LONGEST_PLAIN = 64  # no part of it is too long then (RFC 5321 4.5.3.1)


def parse_email(text: str) -> str:
    """The address in its normal form (domain in lower case, international domains in ASCII).

    Addresses that need SMTPUTF8 are refused: too few servers on the way would carry them.
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
    """`h***@example.com` for hana@example.com: enough for its owner to recognise it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
