"""Which rows do not count, by what they say themselves: cancelled, declined, waiting.

A status is a word in a column for it (`참가상태: 취소`), or an answer to a header (`Void: true`,
`참석 여부: X`). Whoever declines the dinner still comes to the event, so a header that asks whether
somebody comes may have no other words than those in words.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.attendance.registration import Status
from chalicelib.attendance.text import one_line
from chalicelib.roster.cells import letters
from chalicelib.roster.words import WORDS

_NOT_COUNTING: tuple[Status, ...] = ("cancelled", "waiting")
_YES = frozenset(WORDS["answer"]["yes"])
_NO = frozenset(WORDS["answer"]["no"])
_DATE = re.compile(r"\d+\D+\d+")
_LONGEST_SHOWN = 30  # characters

# The headers, in letters only. A remark is read as a status if it is exactly one of the words.
_STATUS_HEADER = re.compile(
    r"status|state$|approv|confirmed|decision|rsvp|상태|승인|결과|선정여부|확정여부|ステータス|状態|状态"
)
_REMARK_HEADER = re.compile(
    r"(?:비고|메모|.*구분|참고|특이사항|기타|notes?|remarks?|memo|comments?|備考|备注)"
)
_CANCELLED_HEADER = re.compile(
    r"(?:is|ticket|order|attendee|신청|참가|참석|예약)?(?:void|voided|cancel|cancelled|canceled|refunded|declined"
    r"|취소|취소됨|환불|환불됨|불참)(?:status|at|on|date|time|여부|일|일자|일시|날짜|유무)?"
)
_WAITING_HEADER = re.compile(
    r"(?:is|on)?(?:the)?(?:waitlist|waitlisted|waiting|waitinglist|대기|대기자)(?:status|at|여부|유무)?"
)
_ASKING = re.compile("|".join(WORDS["attending"]["asking"]))
_ASKING_OR_FILLER = re.compile(
    "|".join(
        sorted(
            (*WORDS["attending"]["asking"], *WORDS["attending"]["filler"]), key=len, reverse=True
        )
    )
)

# `개설자취소`, `참여대기`, `취소신청`, but not `취소 안 함`; `참석하지 않습니다`, `못 갑니다`.
_CANCELLED_PART = re.compile(r"취소|환불|거절|거부|반려|불참|cancel|declin|refund|void")
_WAITING_PART = re.compile(r"대기|waitlist")
_DENIED = re.compile(r"안\s?함|않|아님|없음|불가|부분|partial|non|\bno\b", re.IGNORECASE)
_DECLINES = re.compile(
    r"[참출]\S*\s?(?:하지\s?)?(?:않|못|안\s?[하함])|못\s?[가갑갈감참]|안\s?[가갑갈감]|어렵|어려"
    r"|\b(?:not|can.?t|cannot|won.?t|unable|regrets?)\b",
    re.IGNORECASE,
)
_OTHER_STATUS = re.compile(
    r"newsletter|mail|sms|visa|marital|vaccin|checkin|profile|체크인|메일|수신|결혼|병역"
)


_OF_A_LIST = re.compile(r"(?:자|인원)?(?:명단|목록|list)?$")


class LeftOutBy(NamedTuple):
    """Why a row does not count: its status, and the words that say so."""

    status: Status
    reason: str


Judge = Callable[[str], Status | None]


class Statuses:
    """The columns of one table that say whether somebody counts.

    `headers` are those that are sure; `doubts` are sentences about other columns that look like it.
    """

    def __init__(
        self, headers: Sequence[str], others: frozenset[int], rows: Sequence[Sequence[str]] = ()
    ) -> None:
        """`others` are the columns that hold something else; `rows` are some rows of the table."""
        self._columns = [
            (column, header.strip(), judge)
            for column, header in enumerate(headers)
            if column not in others and (judge := _judge(header))
        ]
        self.headers = tuple(
            header
            for _, header, _ in self._columns
            if not _REMARK_HEADER.fullmatch(letters(header))
        )
        judged = others | {column for column, _, _ in self._columns}
        self.doubts = tuple(
            doubt
            for column, header in enumerate(headers)
            if column not in judged
            for doubt in _doubts(header, [row[column] for row in rows if column < len(row)])
        )

    def left_out(self, cells: Sequence[str]) -> LeftOutBy | None:
        for column, header, judge in self._columns:
            text = cells[column].strip() if column < len(cells) else ""
            if text and (status := judge(text)):
                return LeftOutBy(status, f"{_shown(header)}: {_shown(text)}")
        return None


def _judge(header: str) -> Judge | None:
    """How the cells below this header are read; None if they say nothing of a status."""
    words = letters(header)
    if _CANCELLED_HEADER.fullmatch(words):
        return lambda text: "cancelled" if _agrees(text) else _says(text)
    if _WAITING_HEADER.fullmatch(words):
        return lambda text: "waiting" if _agrees(text) else _says(text)
    if _ASKING.search(words) and not _ASKING_OR_FILLER.sub("", words).strip("를을은는이가"):
        return lambda text: "cancelled" if _declines(text) else _says(text)
    if _STATUS_HEADER.search(words) and not _OTHER_STATUS.search(words):
        return lambda text: "cancelled" if _plain(text) in _NO else _says(text)
    if _REMARK_HEADER.fullmatch(words):
        return lambda text: _BY_WORD.get(letters(text))
    return None


def _doubts(header: str, cells: Sequence[str]) -> Iterator[str]:
    """Whether all cells are words of a status, though the header does not say so."""
    if _OTHER_STATUS.search(letters(header)) or _ASKING.search(letters(header)):
        return  # it is about something else
    words = [letters(cell) for cell in cells if cell.strip()]
    not_counting = [word for word in words if word in _BY_WORD]
    if not_counting and all(word in _BY_WORD or word in _COUNTING for word in words):
        yield (
            f"the column {_shown(header)!r} says {not_counting[0]!r} in some rows, but is not read "
            "as a status"
        )


def _agrees(text: str) -> bool:
    return _plain(text) in _YES or bool(_DATE.search(text))


def _declines(text: str) -> bool:
    first = re.split(r"[\s(,.:;/-]", _plain(text), maxsplit=1)[0]
    return first in _NO or bool(_DECLINES.search(text))


def _says(text: str) -> Status | None:
    """The status in `취소 (10/3)`, `개설자 취소` and `Waitlist #4`, but not in `취소 안 함`."""
    if _DENIED.search(text):
        return _BY_WORD.get(letters(text))
    first = letters(re.split(r"[(\[:,/#]|\s-", text.strip(), maxsplit=1)[0])
    word = letters(text.split(maxsplit=1)[0])
    for candidate in (first, word):
        if candidate in _BY_WORD:
            return _BY_WORD[candidate]
    if _CANCELLED_PART.search(_plain(text)):
        return "cancelled"
    return "waiting" if _WAITING_PART.search(_plain(text)) else None


def status_of_title(text: str) -> Status | None:
    """The status in a title such as `취소자 명단` or `Waitlist`."""
    title = letters(text)
    return _BY_WORD.get(title) or _BY_WORD.get(_OF_A_LIST.sub("", title))


def status_in_name(name: str) -> Status | None:
    """The status in `김하나(취소)`, `[대기]김하나` and `김하나 - 불참`."""
    parts = re.findall(r"[(\[]([^)\]]*)[)\]]|\s-\s?(\S+)$", name)
    words = (letters(word) for part in parts for word in part if word)
    return next((_BY_WORD[word] for word in words if word in _BY_WORD), None)


def _shown(text: str) -> str:
    """On one short line, without numbers or addresses: people paste and mail the report."""
    line = re.sub(r"\S*@\S*|\d(?:[\s.-]?\d){8,}", "…", one_line(text))
    return line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + "…"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


_BY_WORD: dict[str, Status] = {
    letters(word): status for status in _NOT_COUNTING for word in WORDS["status"][status]
}
_COUNTING = frozenset(map(letters, WORDS["status"]["counting"])) | _YES | _NO
