"""Phone numbers as people, spreadsheets and scanners write them."""

from __future__ import annotations

import pytest

from chalicelib.attendance.errors import InvalidPhone
from chalicelib.attendance.phone import attendee_id, parse_phone


@pytest.mark.parametrize(
    "written",
    [
        "010-0000-0001",
        "01000000001",
        "010 0000 0001",
        " 010-0000-0001\t",
        "(010) 0000.0001",
        "0 1 0 0 0 0 0 0 0 0 1",
        "０１０－００００－０００１",
        "010–0000–0001",
        "010ー0000ー0001",
        "٠١٠٠٠٠٠٠٠٠١",
        "1000000001",
        "+82 10-0000-0001",
        "+82-10-0000-0001",
        "+82 010-0000-0001",
        "+821000000001",
        "＋８２ １０ ００００ ０００１",
        "82 10 0000 0001",
        "\u202a010-0000-0001\u202c",
        "\ufeff010-0000-0001\u200b",
    ],
)
def test_a_number_is_recognised_in_every_notation(written: str) -> None:
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
        "010-0000-00011",
        "010-0000-0001 010-0000-0002",
        "010-0000-0001/010-0000-0002",
        "010-0000-0001 ext. 5",
        "010-0000-0001#5",
        "010-0000-0001,,5",
        "+82-10-0000-0001;ext=5",
        "01000000001;phone-context=+1",
        "nonsense",
        "전화번호",
        "1e10",
        "NaN",
        "010\x000000\x000001",
        "010\n0000\n0001",
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
    "text",
    ["010-0000-000A", "010-0000-FLO", "O10-0000-0001", "전화 010-0000-0001", "010-0000-00²1"],
)
def test_a_letter_does_not_turn_it_into_somebody_elses_number(text: str) -> None:
    with pytest.raises(InvalidPhone):
        parse_phone(text, "KR")


def test_a_text_that_is_too_long_is_not_even_parsed() -> None:
    assert parse_phone("010-0000-0001".ljust(40), "KR") == "+821000000001"
    with pytest.raises(InvalidPhone, match="too long"):
        parse_phone("010-0000-0001".ljust(41), "KR")


def test_a_refusal_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(InvalidPhone) as refusal:
        parse_phone("010-0000-00011", "KR")
    assert "0000" not in str(refusal.value)
    assert refusal.value.field == "phone"


@pytest.mark.parametrize(
    ("text", "region_code", "number"),
    [
        ("+1 202-555-0100", "KR", "+12025550100"),
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
