"""Which rows do not count, by what they say themselves: cancelled, declined, waiting.

A status is a word in a column for it (`참가상태: 취소`), or an answer to a header (`Void: true`,
`참석 여부: X`). A dinner that somebody declined is not the event, so a header with other words than
those listed here says nothing about it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chalicelib.attendance.registration import Status
from chalicelib.roster.words import WORDS

_NOT_COUNTING: tuple[Status, ...] = ("cancelled", "waiting")
_YES = frozenset(WORDS["answer"]["yes"])
_NO = frozenset(WORDS["answer"]["no"])
_DATE = re.compile(r"\d{4}\D\s?\d{1,2}\D\s?\d{1,2}")

# The headers, in letters only. A remark is read as a status if it is exactly one of the words.
_STATUS_HEADER = re.compile(
    r"status|approval|decision|rsvp|상태|승인|신청결과|선정결과|선정여부|심사결과|처리결과|확정여부|ステータス|状態|状态"
)
_REMARK_HEADER = re.compile(
    r"(?:비고|메모|구분|참고|특이사항|기타|note|notes|remark|remarks|memo|comment|comments|備考|备注)"
)
_CANCELLED_HEADER = re.compile(
    r"(?:is|ticket|order|attendee|신청|참가|참석|예약)?(?:void|voided|cancel|cancelled|canceled|refunded|declined"
    r"|취소|취소됨|환불|환불됨|불참)(?:status|at|on|date|time|여부|일|일자|일시|날짜|유무)?"
)
_WAITING_HEADER = re.compile(
    r"(?:is|on)?(?:the)?(?:waitlist|waitlisted|waiting|waitinglist|대기|대기자)(?:status|at|여부|유무)?"
)
_ATTENDING_HEADER = re.compile(
    r"(?:행사|본행사|모임|당일)?(?:참석|참가|참여)(?:여부|의사|가능|가능여부|유무|하시나요|하십니까)"
    r"|(?:will|are|can|do)?(?:you)?(?:be|plan)?(?:to)?(?:rsvp|attending|attend|going|coming|come)"
    r"(?:status)?(?:to)?(?:the|this)?(?:event|meetup|conference)?"
)


class LeftOutBy(NamedTuple):
    """Why a row does not count: its status, and the words that say so."""

    status: Status
    reason: str


class Statuses:
    """The columns of one table that say whether somebody counts; `headers` has theirs."""

    def __init__(self, headers: Sequence[str], others: frozenset[int]) -> None:
        """`others` are the columns that hold something else, by their index."""
        self._columns = [
            (column, header.strip(), judge)
            for column, header in enumerate(headers)
            if column not in others and (judge := _judge(header))
        ]
        self.headers = tuple(
            header
            for _, header, _ in self._columns
            if not _REMARK_HEADER.fullmatch(_letters(header))
        )

    def left_out(self, cells: Sequence[str]) -> LeftOutBy | None:
        for column, header, judge in self._columns:
            text = cells[column].strip() if column < len(cells) else ""
            if text and (status := judge(text)):
                return LeftOutBy(status, f"{header}: {text}")
        return None


Judge = Callable[[str], Status | None]


def _judge(header: str) -> Judge | None:
    """How the cells below this header are read; None if they say nothing of a status."""
    letters = _letters(header)
    if _CANCELLED_HEADER.fullmatch(letters):
        return lambda text: "cancelled" if _agrees(text) else _begins(text)
    if _WAITING_HEADER.fullmatch(letters):
        return lambda text: "waiting" if _agrees(text) else _begins(text)
    if _ATTENDING_HEADER.fullmatch(letters):
        return lambda text: "cancelled" if _plain(text) in _NO else _begins(text)
    if _STATUS_HEADER.search(letters):
        return _begins
    if _REMARK_HEADER.fullmatch(letters):
        return lambda text: _BY_WORD.get(_letters(text))
    return None


def _agrees(text: str) -> bool:
    return _plain(text) in _YES or bool(_DATE.match(text))


def _begins(text: str) -> Status | None:
    """The status in `취소 (10/3)` and `Waitlist #4`, but not in `취소 안 함`."""
    if re.search(r"안\s?함|않|아님|\bno\b", text, re.IGNORECASE):
        return _BY_WORD.get(_letters(text))
    exact = _BY_WORD.get(_letters(re.split(r"[(\[:,/#]|\s-", text.strip(), maxsplit=1)[0]))
    return exact or _BY_WORD.get(_letters(text.split(maxsplit=1)[0]))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, _plain(text)))


_BY_WORD: dict[str, Status] = {
    _letters(word): status for status in _NOT_COUNTING for word in WORDS["status"][status]
}
