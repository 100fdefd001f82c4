"""Which column holds what, by the headers of real event services and forms."""

from __future__ import annotations

import pytest

from chalicelib.roster.columns import Columns, find_columns


def _columns(*headers: str) -> Columns:
    columns = find_columns(headers)
    assert columns is not None
    return columns


@pytest.mark.parametrize(
    "headers",
    [
        ("visitor_name", "visitor_mobile", "visitor_email"),
        ("이름", "휴대폰", "이메일"),
        ("성명", "휴대폰번호", "이메일 주소"),
        ("참가자명", "연락처", "메일"),
        ("신청자 이름", "핸드폰", "전자우편"),
        ("참석자 성함", "참석자 전화번호", "참석자 이메일"),
        ("Name", "Phone", "Email"),
        ("Full name", "Phone number", "E-mail"),
        ("NAME", " cell_phone ", "EMAIL-ADDRESS"),
        ("Attendee Name", "Attendee Mobile Number", "Attendee Email Address"),
        ("\ufeff이름", "휴대폰\u00a0번호", "이\u200b메일"),
        ("이름 (실명)", "휴대폰 번호 (필수)", "E-mail *"),
        ("[필수] 성명", "연락처(010-0000-0000)", "이메일:"),
        ("이름 / Name", "휴대폰\nMobile", "이메일/Email"),
        ("성함을 입력해주세요", "전화번호를 적어 주세요.", "이메일을 기재해 주십시오"),
        ("\u110b\u1175\u1105\u1173\u11b7", "\u1112\u1172\u1103\u1162\u1111\u1169\u11ab", "email"),
    ],
)
def test_headers_are_known_by_their_many_names(headers: tuple[str, str, str]) -> None:
    columns = _columns(*headers)
    assert (columns.name, columns.phone, columns.email) == (0, 1, 2)


def test_columns_may_be_in_any_order_among_others() -> None:
    columns = _columns("No.", "이메일", "티켓", "연락처", "회사명", "이름", "성별")
    assert (columns.name, columns.phone, columns.email) == (5, 3, 1)
    assert columns.passed_over == ()


@pytest.mark.parametrize(
    "headers",
    [
        ("Event name", "Phone"),
        ("ticket_name", "Phone"),
        ("회사명", "휴대폰"),
        ("명", "휴대폰"),
        ("Username", "Phone"),
        ("이름", "이메일"),
        ("Name", "User ID", "Title", "RSVP", "Joined Group on"),  # Meetup exports no numbers
        (),
    ],
)
def test_names_and_phone_numbers_are_both_needed(headers: tuple[str, ...]) -> None:
    assert find_columns(headers) is None


def test_the_more_specific_of_two_columns_is_used_and_the_other_told() -> None:
    columns = _columns("전화번호", "휴대폰", "이름")
    assert columns.phone == 1
    assert columns.used == ("휴대폰", "이름")
    assert columns.passed_over == ("전화번호",)


def test_the_left_one_of_two_columns_with_one_name_is_used() -> None:
    assert _columns("Name", "Email", "Email", "Phone").email == 1


def test_an_attendee_goes_before_the_buyer_of_the_tickets() -> None:
    headers = ("구매자 이름", "구매자 휴대폰", "참가자 이름", "참가자 연락처", "구매자 이메일")
    columns = _columns(*headers)
    assert (columns.name, columns.phone, columns.email) == (2, 3, 4)


def test_the_buyer_is_used_if_nobody_else_is_named() -> None:
    assert _columns("Buyer name", "Buyer phone").phone == 1


def test_a_name_in_two_parts_is_put_together() -> None:
    columns = _columns("First name", "Last name", "Cell Phone")
    assert columns.full_name(("Alex", "Morgan", "")) == "Alex Morgan"
    assert columns.full_name(("하나", "김", "")) == "김하나"
    assert columns.full_name(("Alex", "", "")).strip() == "Alex"


def test_a_name_beside_a_family_name_is_the_given_one() -> None:
    assert _columns("성", "이름", "연락처").full_name(("김", "하나", "")) == "김하나"
    assert _columns("Name", "Surname", "Phone").full_name(("Alex", "Morgan", "")) == "Alex Morgan"


def test_a_blank_full_name_is_put_together_from_its_parts() -> None:
    columns = _columns("api_id", "name", "first_name", "last_name", "email", "phone_number")  # Luma
    assert columns.full_name(("g1", "Robin", "Robin", "Taylor", "", "")) == "Robin"
    assert columns.full_name(("g2", "", "Robin", "Taylor", "", "")) == "Robin Taylor"


def test_an_attendee_in_two_parts_goes_before_the_buyer_in_one() -> None:
    columns = _columns("Buyer name", "Attendee first name", "Attendee last name", "Phone")
    assert columns.full_name(("Sam", "Alex", "Morgan", "")) == "Alex Morgan"


def test_a_row_may_be_shorter_than_the_headers() -> None:
    columns = _columns("Name", "Phone", "Email")
    assert columns.email_text(("Alex",)) == ""
    assert columns.phone_text(("Alex",)) == ""
