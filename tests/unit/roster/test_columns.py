"""Which columns are chosen, by headers and by what stands below them."""

from __future__ import annotations

import pytest

from chalicelib.roster.cells import cell
from chalicelib.roster.columns import Columns, find_columns
from chalicelib.roster.table import OddCell

HANA, DURI, OTHER = "010-0000-1001", "010-0000-1002", "010-0000-9001"


def _columns(headers: str, *rows: str) -> Columns:
    return find_columns(headers.split(","), [row.split(",") for row in rows], {})


def _used(headers: str, *rows: str) -> list[str]:
    columns = _columns(headers, *rows)
    assert not columns.missing
    return [header for _, header in columns.used]


def test_columns_may_be_in_any_order_among_others() -> None:
    used = _used("No.,이메일,티켓,연락처,회사명,이름,성별")
    assert used == ["이름", "연락처", "이메일"]


@pytest.mark.parametrize(
    ("headers", "used"),
    [
        ("이름,연락처(자택),연락처(핸드폰)", ["이름", "연락처(핸드폰)", "연락처(자택)"]),
        ("이름,연락처(비상),연락처(본인)", ["이름", "연락처(본인)"]),
        (
            "이름(보호자),휴대폰(보호자),이름(참가자),휴대폰(참가자)",
            ["이름(참가자)", "휴대폰(참가자)"],
        ),
        ("구매자 이름,구매자 휴대폰,참가자 이름,참가자 연락처", ["참가자 이름", "참가자 연락처"]),
        ("Booker name,Booker phone,Name,Phone", ["Name", "Phone"]),
        ("Name,Phone,Guest name,Guest phone,Guest email", ["Name", "Phone"]),
        ("Name,Phone number,Contact person's email", ["Name", "Phone number"]),
        ("이름(영문),이름(한글),휴대폰", ["이름(한글)", "이름(영문)", "휴대폰"]),
        ("Buyer name,Buyer phone", ["Buyer name", "Buyer phone"]),
        ("Guest name,Guest phone,Guest email", ["Guest name", "Guest phone", "Guest email"]),
        ("신청자 이름,신청자 연락처,참가자 이름", ["신청자 이름", "신청자 연락처"]),
        ("참석자명,휴대폰,이메일", ["참석자명", "휴대폰", "이메일"]),
        ("참가자 이름,참가자 연락처,이메일", ["참가자 이름", "참가자 연락처", "이메일"]),
        ("이름,Venue phone,참가자 휴대폰", ["이름", "참가자 휴대폰"]),
        ("이름,휴대폰,비상연락처 성함,관계,연락처", ["이름", "휴대폰"]),
        ("예약자명,예약자 연락처,실방문자명,실방문자 연락처", ["실방문자명", "실방문자 연락처"]),
        ("이름,휴대폰,Assistant phone", ["이름", "휴대폰"]),
        ("이름,연락처2,연락처1", ["이름", "연락처1", "연락처2"]),
    ],
)
def test_the_details_of_the_person_who_comes_are_used(headers: str, used: list[str]) -> None:
    assert _used(headers) == used


def test_details_that_are_somebody_elses_are_told_but_not_used() -> None:
    columns = _columns("참가자 이름,참가자 연락처,구매자 이메일")
    assert columns.emails == ()
    assert columns.passed_over == ("구매자 이메일",)


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        ("이름,이메일", [("phone number", ())]),
        ("Event name,Phone", [("name", ())]),
        ("학생 이름,보호자 연락처", [("phone number", ("보호자 연락처",))]),
        ("Name,User ID,Title,RSVP", [("phone number", ())]),  # Meetup exports no numbers
        ("소속", [("name", ()), ("phone number", ())]),
    ],
)
def test_what_is_missing_is_told_with_the_columns_that_will_not_do(
    headers: str, missing: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert _columns(headers).missing == tuple(missing)


class TestWhatStandsBelow:
    def test_a_column_without_phone_numbers_is_no_phone_column(self) -> None:
        columns = _columns("이름,연락처", "김하나,hana@example.com", "이두리,duri@example.com")
        assert columns.missing == (("phone number", ("연락처",)),)

    def test_a_contact_column_with_addresses_gives_way(self) -> None:
        used = _used("Name,Contact,Phone", f"Hana,a@example.com,{HANA}", f"Duri,b@x.com,{DURI}")
        assert used == ["Name", "Phone"]

    def test_a_blank_column_gives_way_to_a_filled_one(self) -> None:
        rows = (f"anonymous,,김하나,{HANA},h@x.com", f"anonymous,-,이두리,{DURI},d@x.com")
        used = _used("Email,Name,Name2,Mobile number,Email address", *rows)
        assert used == ["Name2", "Mobile number", "Email address"]

    def test_a_name_that_is_the_same_for_everybody_gives_way(self) -> None:
        rows = (f"Team,Hana,Kim,{HANA}", f"Team,Duri,Lee,{DURI}")
        assert _used("Name,First name,Last name,Phone", *rows) == [
            *("First name", "Last name", "Name"),
            "Phone",
        ]

    def test_it_is_used_if_there_is_no_other(self) -> None:
        assert _used("Name,Phone", f"Hana,{HANA}", f"Hana,{DURI}") == ["Name", "Phone"]

    def test_a_column_of_wrong_addresses_is_used_so_that_each_is_told(self) -> None:
        used = _used("Name,Phone,Email", f"Hana,{HANA},gmail", f"Duri,{DURI},hana@")
        assert used == ["Name", "Phone", "Email"]

    def test_without_rows_the_headers_decide(self) -> None:
        assert _used("Name,Phone,Email") == ["Name", "Phone", "Email"]


class TestDoubts:
    def test_there_are_none_between_a_better_and_a_worse_column(self) -> None:
        rows = (f"Hana,{HANA},{OTHER}", f"Duri,{DURI},010-0000-9002")
        assert _columns("Name,Mobile,Phone", *rows).doubts == ()

    def test_two_equal_columns_with_different_cells_are_told(self) -> None:
        (doubt,) = _columns("Name,Phone,Phone", f"Hana,{HANA},{OTHER}", f"Duri,,{DURI}").doubts
        assert doubt.startswith("columns 2, 3 could all be the phone number")

    def test_two_columns_with_the_same_cells_are_one(self) -> None:
        assert _columns("Name,Phone,Phone", f"Hana,{HANA},{HANA}").doubts == ()

    @pytest.mark.parametrize("headers", ["Name,Venue phone", "예약자,예약자연락처"])
    def test_a_column_that_may_be_something_else_is_told(self, headers: str) -> None:
        assert "may be something else" in _columns(headers).doubts[0]

    def test_such_a_column_gives_way_to_any_other(self) -> None:
        assert _used("Attendee #,First name,Phone") == ["First name", "Phone"]


class TestNames:
    def test_two_parts_are_put_together(self) -> None:
        columns = _columns("First name,Last name,Cell Phone")
        assert columns.full_name(("Alex", "Morgan", "")) == "Alex Morgan"
        assert columns.full_name(("하나", "김", "")) == "김하나"
        assert columns.full_name(("Alex", "", "")) == "Alex"

    def test_a_name_beside_a_family_name_is_the_given_one(self) -> None:
        assert _columns("성,이름,연락처").full_name(("김", "하나", "")) == "김하나"
        name = _columns("Name,Surname,Phone").full_name(("Alex", "Morgan", ""))
        assert name == "Alex Morgan"

    def test_a_blank_full_name_is_put_together_from_its_parts(self) -> None:
        columns = _columns("api_id,name,first_name,last_name,email,phone_number")  # Luma
        assert columns.full_name(("g1", "Robin", "Robin", "Taylor", "", "")) == "Robin"
        assert columns.full_name(("g2", "", "Robin", "Taylor", "", "")) == "Robin Taylor"

    def test_an_attendee_in_two_parts_goes_before_the_buyer_in_one(self) -> None:
        columns = _columns("Buyer name,Attendee first name,Attendee last name,Phone")
        assert columns.full_name(("Sam", "Alex", "Morgan", "")) == "Alex Morgan"

    def test_a_part_that_is_no_text_spoils_the_whole(self) -> None:
        odd = OddCell("", "a formula without a value")
        assert _columns("성,이름,연락처").full_name(("김", odd, "")) is odd


class TestCells:
    def test_a_row_falls_back_on_the_persons_next_column(self) -> None:
        columns = _columns("이름,휴대폰,전화번호")
        assert columns.phone_text(("김하나", HANA, OTHER)) == HANA
        assert columns.phone_text(("이두리", "", DURI)) == DURI
        assert columns.phone_text(("박서진", "-", DURI)) == DURI

    def test_a_row_may_be_shorter_than_the_headers(self) -> None:
        columns = _columns("Name,Phone,Email")
        assert columns.phone_text(("Alex",)) == ""
        assert columns.email_texts(("Alex",)) == []

    @pytest.mark.parametrize("text", ["-", "—", "없음", "N/A", " . ", "Anonymous", "\u200b"])
    def test_what_says_nothing_is_blank(self, text: str) -> None:
        assert cell([text], 0) == ""

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("'Seojin Park", "Seojin Park"),
            ("'haneul@example.com'", "haneul@example.com"),
            ("Sam O'Neil", "Sam O'Neil"),
            ("'t Hooft", "'t Hooft"),
            ("\u200b박서진\u200b", "박서진"),
        ],
    )
    def test_an_apostrophe_before_it_is_not_part_of_it(self, written: str, meant: str) -> None:
        assert cell([written], 0) == meant
