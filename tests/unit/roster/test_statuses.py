"""Which rows count, by the words and answers of their status columns."""

from __future__ import annotations

import pytest

from chalicelib.roster.statuses import Statuses


def _status(header: str, text: str) -> str | None:
    left_out = Statuses([header], frozenset()).left_out([text])
    return left_out and left_out.status


@pytest.mark.parametrize(
    ("header", "cancelled", "waiting", "counting"),
    [
        (
            "참가상태",
            "취소|취소 (10/3)|불참|거절",
            "대기|대기 3번|승인대기",
            "참가확정|확정|취소 안 함|",
        ),
        ("approval_status", "declined|rejected", "waitlist|pending_approval|invited", "approved"),
        ("참여상태", "참여취소|개설자 취소|취소신청", "참여대기", "참여완료"),
        ("선정 여부", "X|미선정", "", "선정"),
        ("참석하시겠습니까?", "아니오|못 갑니다|참석하지 않습니다", "", "네"),
        ("Q3. 참석 여부를 선택해주세요 (필수)", "불참", "", "참석"),
        ("참가 구분", "취소", "", "일반"),
        ("出欠", "欠席", "", "出席"),
        ("Will you attend the dinner?", "", "", "No"),
        ("Status", "CANCELED|Cancelled by attendee|Void|Not going", "Wait-listed", "registered"),
        ("Attendee Status", "Not Attending", "", "Attending|Checked In"),
        ("결제상태", "환불완료|결제취소", "입금대기", "결제완료"),
        ("RSVP", "No|Declined", "", "Yes|Maybe|"),
        ("참석 여부", "X|불참|아니오", "", "O|참석|예|미정"),
        ("Are you attending?", "no", "", "yes"),
        ("Void Status", "true|TRUE", "", "false|"),
        ("취소여부", "Y|예", "", "N|아니오"),
        ("canceled_at", "2026-10-01T00:00:00Z", "", ""),
        ("대기자", "", "Y|O", "N"),
        ("비고", "취소", "대기", "취소표 있으면 연락|채식"),
        ("뒤풀이 참석 여부", "", "", "X|불참"),
        ("소속", "", "", "취소"),
    ],
)
def test_a_row_counts_unless_its_status_says_otherwise(
    header: str, cancelled: str, waiting: str, counting: str
) -> None:
    for status, texts in (("cancelled", cancelled), ("waiting", waiting), (None, counting)):
        for text in filter(None, texts.split("|")):
            assert (text, _status(header, text)) == (text, status)


def test_the_reason_has_header_and_word() -> None:
    statuses = Statuses(["이름", "상태"], frozenset({0}))
    assert statuses.left_out(["취소", "대기중"]) == ("waiting", "상태: 대기중")
    assert statuses.left_out(["취소"]) is None


def test_the_reason_is_one_short_line_without_numbers_and_addresses() -> None:
    text = "취소\n(010-0000-1001 hana@example.com 로 연락 바랍니다, 꼭 부탁드립니다)"
    left_out = Statuses(["상태"], frozenset()).left_out([text])
    assert left_out
    assert left_out.reason == "상태: 취소 (… … 로 연락 바랍니다, 꼭 부탁드립니다)"


def test_other_columns_with_words_of_a_status_are_doubtful() -> None:
    rows = [["취소", "서울"], ["확정", "부산"]]
    (doubt,) = Statuses(["접수", "지역"], frozenset(), rows).doubts
    assert doubt == "the column '접수' says '취소' in some rows, but is not read as a status"


@pytest.mark.parametrize("header", ["Check-in status", "뒤풀이 참석 여부"])
def test_a_status_of_something_else_is_no_doubt(header: str) -> None:
    assert Statuses([header], frozenset(), [["pending"], ["불참"], ["참석"]]).doubts == ()


def test_columns_of_remarks_are_not_shown_as_statuses() -> None:
    assert Statuses(["비고", "상태", "이름"], frozenset({2})).headers == ("상태",)
