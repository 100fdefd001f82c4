"""What headers say, in the words of event services, forms and people."""

from __future__ import annotations

import pytest

from chalicelib.roster.headers import read_header


@pytest.mark.parametrize(
    ("field", "headers"),
    [
        (
            "name",
            "visitor_name|이름|참가자명|참석자 성함|Full name|NAME|이름 (실명)|[필수] 성명"
            "|이름 / Name|성 명"
            "|성함을 입력해주세요|Q1. 이름을 알려주세요|성함이 어떻게 되시나요?"
            "|What is your full name?"
            "|Name of attendee|Full Name (as on ID)|Display name|Ticket Full Name|氏名|姓名|Name2"
            "|\ufeff이름|\u110b\u1175\u1105\u1173\u11b7|First and last name",
        ),
        ("given", "First name|given_name|firstName|Attendee name: Given name|名|Name (First)"),
        (
            "family",
            "Last Name|Surname|성|성씨|姓|Attendee name: Family name|What's your last name?",
        ),
        (
            "phone",
            "visitor_mobile|휴대폰번호|연락처|전화번호를 적어 주세요.|Cell Phone|PhoneNumber"
            "|Contact|H.P|Tel."
            "|연락처(010-0000-0000)|연락처\n(Mobile)|연락 가능한 휴대폰 번호|연락처(자택)"
            "|Phone #|WhatsApp number"
            "|Please provide a mobile number so we can reach you|電話番号|手机号"
            "|휴대폰\u00a0번호|전화번호는?",
        ),
        (
            "email",
            "E-mail *|이메일 주소|E-MAIL|Contact email|연락처(이메일)|메일|전자우편"
            "|メールアドレス|邮箱|E-mail id"
            "|What's the best email to reach you at?|이\u200b메일|이 메 일"
            "|이메일을 기재해 주십시오",
        ),
        (
            None,
            "Event name|ticket_name|회사명|명|Username|Company name|성별|주소|이름/연락처"
            "|이메일 수신 동의"
            "|Phone type|팩스|이름표|상품명|Tickets|생년월일(YYYYMMDD)||-",
        ),
    ],
)
def test_a_header_says_which_detail_its_column_holds(field: str | None, headers: str) -> None:
    assert {header: read_header(header).field for header in headers.split("|")} == dict.fromkeys(
        headers.split("|"), field
    )


@pytest.mark.parametrize(
    ("party", "headers"),
    [
        ("participant", "참가자 연락처|Attendee email|Ticket Email|학생 이름"),
        ("registrant", "신청자명|Applicant name"),
        ("buyer", "구매자 이메일|Order Name|예약자 연락처|Booker phone"),
        ("guest", "Guest name|동반자 이름|Plus one: name"),
        (
            "other",
            "연락처(비상)|보호자 휴대폰|Contact person's email|Emergency phone|담당자 연락처",
        ),
        ("unsaid", "Name|Your phone number|이메일|연락처(본인)"),
    ],
)
def test_a_header_says_whose_detail_it_is(party: str, headers: str) -> None:
    assert {read_header(header).party for header in headers.split("|")} == {party}


def test_a_mobile_number_goes_before_others_and_one_at_home_or_work_comes_last() -> None:
    headers = ["휴대폰", "전화번호", "연락처", "연락처(자택)"]
    assert sorted(headers, key=lambda header: read_header(header).kind) == headers
    assert read_header("Work email").kind > read_header("Email").kind


@pytest.mark.parametrize("header", ["Venue phone", "참가자", "Attendee #"])
def test_a_header_that_may_mean_something_else_is_doubtful(header: str) -> None:
    read = read_header(header)
    assert read.field
    assert read.is_doubtful
