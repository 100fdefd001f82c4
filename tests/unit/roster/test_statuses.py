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


def test_columns_of_remarks_are_not_shown_as_statuses() -> None:
    assert Statuses(["비고", "상태", "이름"], frozenset({2})).headers == ("상태",)
