"""Turns the phone number that somebody typed into the id by which Rollcall knows them.

A wrong number is worse than a refused one: it is somebody else's. So the library, which skips what
it does not know, gets nothing but digits (writing.py), and what is unclear is refused.

The raw number exists only in memory, until the keyed hash replaces it.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

from chalicelib.attendance.errors import InvalidPhone
from chalicelib.attendance.writing import read_digits

# Where national rules are stricter than the library's, which takes 010 with seven more digits.
# Of the others that leave the length of a mobile number open, Germany, Indonesia and Malaysia have
# numbers of several lengths (github.com/google/libphonenumber/issues/747 and 1443).
_KOREA = 82
_DIGITS_IN_KOREA = {"10": 10}  # github.com/iziz/libPhoneNumber-iOS/issues/172
# The 2G networks are gone, and their numbers with them: SK Telecom returned its own in August 2022,
# LG U+ and KT ended theirs in the summer of 2023. A 010 that lost its last 0 looks like one.
_ENDED_IN_KOREA = re.compile(r"1[16-9]\d{7,8}")

_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "digits are missing",
    ValidationResult.TOO_LONG: "too many digits",
}
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def parse_phone(text: str, region_code: str) -> str:
    """Return the number in E.164 form (`+821000000001`).

    Accepts national and international formats, `00` for `+`, the digits and separators of any
    script, and a national number without its leading zero. `region_code` (ISO 3166, `KR`) is the
    country of numbers without a country code. Raises InvalidPhone, whose message never repeats the
    input.
    """
    digits = read_digits(text)
    if digits.startswith("+"):
        number = _parse(digits)
    elif digits.startswith("00"):
        number = _after_zeros(digits[2:])
    else:
        number = _national(digits, region_code)
    if problem := _problem(number):
        raise InvalidPhone(problem)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def attendee_id(phone: str, secret_key: str) -> str:
    """HMAC-SHA256 of an E.164 number, as 64 hex digits. It is the same at every event.

    The hash has a key, because all hundred million Korean mobile numbers can be hashed in a minute.
    """
    message = b"attendee:" + phone.encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()


def _parse(digits: str, region_code: str | None = None) -> PhoneNumber:
    try:
        return phonenumbers.parse(digits, region_code)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone("not a phone number") from error


def _after_zeros(digits: str) -> PhoneNumber:
    """What follows `00`. But 001 is also what many in Asia dial before a country code."""
    if digits.startswith("1") and _exists("+" + digits[1:]):
        raise InvalidPhone("its country code is unclear after 001; write it with a +")
    return _parse("+" + digits)


def _national(digits: str, region_code: str) -> PhoneNumber:
    """Without its zero, a number can be a foreign one: (312) 555-0100 is not Korea's 031."""
    number = _parse(digits, region_code)
    metadata = PhoneMetadata.metadata_for_region(region_code)
    zero_lost = (
        metadata is not None
        and metadata.national_prefix is not None
        and digits == phonenumbers.national_significant_number(number)
        and phonenumbers.number_type(number) not in _MOBILE
    )
    if zero_lost and (_exists("+1" + digits) or _exists("+" + digits)):
        raise InvalidPhone("neither a leading zero nor a + before it")
    return number


def _problem(number: PhoneNumber) -> str | None:
    if _is_in_use(number):
        return None
    if _has_ended(number):
        return "numbers that begin with 011, 016, 017, 018 or 019 have ended"
    if any(_is_in_use(_with(number, f"{number.national_number}{digit}")) for digit in range(10)):
        return "a digit is missing"
    if _is_in_use(_with(number, str(number.national_number)[:-1])):
        return "a digit too many"
    return _IMPOSSIBLE.get(
        phonenumbers.is_possible_number_with_reason(number), "no such phone number"
    )


def _is_in_use(number: PhoneNumber) -> bool:
    national = phonenumbers.national_significant_number(number)
    if number.country_code == _KOREA:
        length = _DIGITS_IN_KOREA.get(national[:2], len(national))
        if len(national) != length or _has_ended(number):
            return False
    return phonenumbers.is_valid_number(number)


def _has_ended(number: PhoneNumber) -> bool:
    national = phonenumbers.national_significant_number(number)
    return number.country_code == _KOREA and _ENDED_IN_KOREA.fullmatch(national) is not None


def _with(number: PhoneNumber, national_number: str) -> PhoneNumber:
    other = PhoneNumber()
    other.merge_from(number)
    other.national_number = int(national_number or 0)
    return other


def _exists(international: str) -> bool:
    try:
        return _is_in_use(_parse(international))
    except InvalidPhone:
        return False
