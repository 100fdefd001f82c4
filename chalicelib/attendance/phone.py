"""Turns the phone number that somebody typed into the id by which Rollcall knows them.

The raw number exists only in memory, until the keyed hash replaces it.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import phonenumbers

from chalicelib.attendance.errors import InvalidPhone

_LONGEST = 40  # characters; E.164 allows 15 digits; the rest are spaces, hyphens, brackets

# phonenumbers reads letters as keypad digits, or drops them and everything after them, so a typing
# error would become somebody else's number. Japanese keyboards produce ー for a hyphen.
_LETTER = re.compile(r"[^\W\d_ー]")


def parse_phone(text: str, region_code: str) -> str:
    """Return the number in E.164 form (`+821000001234`).

    Accepts national and international formats, spaces, hyphens, full-width digits, and a national
    number without its leading zero. `region_code` (ISO 3166, `KR`) is the country of numbers
    without a country code. Raises InvalidPhone, whose message never repeats the input.
    """
    if len(text) > _LONGEST:
        raise InvalidPhone("too long for a phone number")
    if _LETTER.search(text):
        raise InvalidPhone("letters in a phone number")
    try:
        number = phonenumbers.parse(text, region_code)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone("not a phone number") from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidPhone("no such phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def attendee_id(phone: str, secret_key: str) -> str:
    """HMAC-SHA256 of an E.164 number, as 64 hex digits. It is the same at every event.

    The hash has a key, because all hundred million Korean mobile numbers can be hashed in a minute.
    """
    message = b"attendee:" + phone.encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()
