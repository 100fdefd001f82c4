"""The address that a confirmation goes to."""

from __future__ import annotations

import re

from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.text import plain

_LONGEST = 254  # characters: RFC 5321, section 4.5.3.1.3 allows 256 with the angle brackets

# Most addresses match this pattern: they are valid and already in normal form. The library checks
# all others, but importing it for every cold start would cost 40 ms.
_PLAIN = re.compile(
    r"\w+(?:[.+-]\w+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:com|net|org|[a-z]{2})", re.ASCII
)
_LONGEST_PLAIN = 64  # so that no part exceeds its limit (RFC 5321, section 4.5.3.1)

# What people copy along with an address: `mailto:…`, `Hana Kim <…>`, and the end of a sentence.
_WRAPPED = re.compile(r"(?:mailto:|[^<>@]*<)?([^<>]*?)>?[.,;]?", re.IGNORECASE)

# The first that is found is the reason. Japanese carriers issued addresses with such dots
# (`a..b@`, `a.@`). In SMTP they need quotation marks (RFC 5321, section 4.1.2), which many servers
# on the way refuse or remove, so nobody can promise that a mail arrives.
_PROBLEMS = {
    re.compile(r"@[^@\s,;/|]+[\s,;/|][^@]*@"): "more than one address",
    re.compile(r"^[^@]*$"): "not an e-mail address (no @ in it)",
    re.compile(r"@[^@]*@"): "not an e-mail address (more than one @)",
    re.compile(r"\s"): "not an e-mail address (a space in it)",
    re.compile(r"^@"): "not an e-mail address (nothing before the @)",
    re.compile(r"@[^.]*$"): "not an e-mail address (no complete domain after the @)",
    re.compile(r"^\.|\.\.[^@]*@|\.@"): "dots before the @ that mail servers refuse",
}


def parse_email(text: str) -> str:
    """Return the address in normal form (domain in lower case, international domains in ASCII).

    Full-width and invisible characters are mended, and what was copied along is left out. Addresses
    that need SMTPUTF8 are refused, because too few mail servers support it. Raises InvalidRequest.
    """
    if _is_plain(text):
        return text
    if len(text) > _LONGEST:
        raise InvalidRequest("email", "too long for an e-mail address")
    address = _unwrapped(plain(text).strip())
    if _is_plain(address):
        return address
    for pattern, problem in _PROBLEMS.items():
        if pattern.search(address):
            raise InvalidRequest("email", problem)
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidRequest("email", "not an e-mail address") from error
    return valid.ascii_email or valid.normalized


def mask_email(address: str) -> str:
    """Return `h***@example.com` for hana@example.com, which its owner still recognises."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text) is not None


def _unwrapped(text: str) -> str:
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[1].strip() if wrapped else text
