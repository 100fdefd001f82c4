"""The mail address to which a confirmation goes."""

from __future__ import annotations

from chalicelib.attendance.errors import InvalidRequest

_LONGEST = 254  # characters, RFC 5321 4.5.3.1.3 (a path of 256 octets with its angle brackets)


def parse_email(text: str) -> str:
    """The address in its normal form (domain in lower case, international domains in ASCII).

    Addresses that need SMTPUTF8 are refused: too few servers on the way would carry them.
    Raises InvalidRequest.
    """
    # Loaded here: most check-ins bring no address, and it would cost each cold start 60 ms.
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
