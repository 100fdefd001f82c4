"""Phone numbers as people, spreadsheets and scanners write them."""

from __future__ import annotations

import re

import pytest
from writings import WRITINGS

from chalicelib.attendance.errors import InvalidPhone
from chalicelib.attendance.phone import attendee_id, parse_phone


@pytest.mark.parametrize("written", WRITINGS)
def test_a_number_is_recognised_in_every_writing(written: str) -> None:
    assert parse_phone(written, "KR") == "+821000000001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-",
        "+",
        "010",
        "112",
        "010-0000-0001 010-0000-0002",
        "010-0000-0001/010-0000-0002",
        "010-0000-0001, 010-0000-0002",
        "02-123-4567/8",
        "02-123-4567~8",
        "02-123-4567〜8",
        "02-123-4567,8",
        "031-123-4567&8",
        "010/0000/0001",
        "010-0000-0001 ext. 5",
        "010-0000-0001#5",
        "010-0000-0001,,5",
        "010-0000-000*1",
        "+82-10-0000-0001;ext=5",
        "01000000001;phone-context=+1",
        "++82 10-0000-0001",
        "82+10-0000-0001",
        "+82 +82 10-0000-0001",
        "+82 82 10-0000-0001",
        "1,000,000,001",
        "nonsense",
        "전화번호",
        "tel:",
        "1e10",
        "NaN",
        "#ERROR!",
        "010\x000000\x000001",
        "010\n0000\n0001",
        "010-0000-0001\n010-0000-0002",
        "\ud800",
        "010-\udcff0000-0001",
        "🙂",
        "010-0000-😀0001",
        "2" * 40,
        "+" * 40,
        "650-253-0000",
    ],
)
def test_an_invalid_phone_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(text, "KR")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("010-000-0001", "a digit is missing"),
        ("010-0000-001", "a digit is missing"),
        ("0100000001", "a digit is missing"),
        ("100000001", "a digit is missing"),
        ("100000001.0", "a digit is missing"),
        ("+82 10-000-0001", "a digit is missing"),
        ("0082 10 0000 001", "a digit is missing"),
        ("+1 202-555-010", "a digit is missing"),
        ("+61 491 570 00", "a digit is missing"),
        ("010-0000-00011", "a digit too many"),
        ("+46 70-174", "digits are missing"),
        ("2" * 18, "too many digits for one number"),
    ],
)
def test_a_digit_too_few_or_too_many_is_said(text: str, problem: str) -> None:
    with pytest.raises(InvalidPhone) as refusal:
        parse_phone(text, "KR")
    assert refusal.value.problem == problem


@pytest.mark.parametrize("missing", range(11))
def test_whichever_digit_is_missing_it_is_nobody_elses_number(missing: int) -> None:
    digits = "01091234567"
    written = digits[:missing] + digits[missing + 1 :]
    if missing == 0:  # what a spreadsheet makes of it
        assert parse_phone(written, "KR") == "+821091234567"
    else:
        with pytest.raises(InvalidPhone):
            parse_phone(written, "KR")


@pytest.mark.parametrize("text", ["011-234-5678", "016-1234-5678", "+82 19 234 5678"])
def test_numbers_of_korean_networks_that_closed_have_ended(text: str) -> None:
    with pytest.raises(InvalidPhone, match="have ended"):
        parse_phone(text, "KR")


@pytest.mark.parametrize("text", ["-1000000001", "−1000000001", "－929", "-71.5", "-01000000001"])
def test_a_number_that_a_spreadsheet_computed_is_lost(text: str) -> None:
    with pytest.raises(InvalidPhone, match="computed"):
        parse_phone(text, "KR")


@pytest.mark.parametrize(
    "text",
    ["010-0000-000A", "010-0000-FLO", "O10-0000-0001", "전화 010-0000-0001", "010-0000-00²1"],
)
def test_a_letter_does_not_turn_it_into_somebody_elses_number(text: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(text, "KR")


@pytest.mark.parametrize("text", ["010-000-0001", "001-82-10-0000-0001", "010-0000-000A", "-929"])
def test_no_refusal_repeats_what_was_written(text: str) -> None:
    with pytest.raises(InvalidPhone) as refusal:
        parse_phone(text, "KR")
    assert not {"0000", "000A", "929"} & set(re.findall(r"\w+", refusal.value.problem))


def test_a_text_that_is_too_long_is_not_even_parsed() -> None:
    assert parse_phone("010-0000-0001".ljust(40), "KR") == "+821000000001"
    with pytest.raises(InvalidPhone, match="too long"):
        parse_phone("010-0000-0001".ljust(41), "KR")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0084 90 123 4567", "+84901234567"),
        ("0081 90-1234-5678", "+819012345678"),
        ("001-202-555-0100", "+12025550100"),
        ("00 49 (0)171 3920001", "+491713920001"),
    ],
)
def test_two_zeros_are_a_plus(text: str, number: str) -> None:
    assert parse_phone(text, "KR") == number


@pytest.mark.parametrize("text", ["001-82-10-0000-0001", "001 65 9823 4567"])
def test_after_001_a_country_code_is_not_guessed(text: str) -> None:
    """It is +1 to some, and to others what they dial before +82 or +65."""
    with pytest.raises(InvalidPhone, match="write it with a \\+"):
        parse_phone(text, "KR")


@pytest.mark.parametrize(
    "text", ["(202) 555-0101", "(312) 555-0100", "702-555-0100", "7025550100", "64 21 123 456"]
)
def test_a_foreign_number_without_its_code_is_not_guessed(text: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(text, "KR")


@pytest.mark.parametrize(
    ("text", "region_code", "number"),
    [
        ("+1 202-555-0100", "KR", "+12025550100"),
        ("+61 491 570 006", "KR", "+61491570006"),
        ("+49 171 3920001", "KR", "+491713920001"),
        ("+49 171/3920001", "KR", "+491713920001"),
        ("+46 (0)70-174 06 05", "KR", "+46701740605"),
        ("070-0000-9001", "KR", "+827000009001"),
        ("7000009001", "KR", "+827000009001"),
        ("02-123-4567", "KR", "+8221234567"),
        ("9012345678", "JP", "+819012345678"),
        ("9123 4567", "SG", "+6591234567"),
        ("202-555-0100", "US", "+12025550100"),
        ("+82 10-0000-0001", "US", "+821000000001"),
        ("(202) 555-0100", "US", "+12025550100"),
    ],
)
def test_other_countries_are_read_by_their_own_rules(
    text: str, region_code: str, number: str
) -> None:
    assert parse_phone(text, region_code) == number


class TestTheAttendeeId:
    def test_is_64_hex_digits_that_stay_the_same(self) -> None:
        expected = "cb6c9265c66a68d4e8a588390197d0017c088aecaed3bd76b1b20c166c59754a"
        assert attendee_id("+821000000001", "a key for tests") == expected

    def test_differs_by_number(self) -> None:
        assert attendee_id("+821000000001", "k") != attendee_id("+821000000002", "k")

    def test_differs_by_key(self) -> None:
        assert attendee_id("+821000000001", "one") != attendee_id("+821000000001", "two")

    def test_does_not_show_the_number(self) -> None:
        assert "0000001" not in attendee_id("+821000000001", "k")
