"""Which columns of a roster hold the name, the phone number and the e-mail address.

Event services and forms use many names: `이름`, `참가자 이름`, `visitor_mobile`, `E-mail (필수)`.
A header says whose detail it is, and then which. Case, spaces, punctuation, digits and remarks
in brackets are ignored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

Field = Literal["phone", "name", "given", "family", "email"]

# Most preferred first. The buyer of the tickets comes last: in an order for three people, the
# buyer's number is not the number of the other two.
_WHOSE = (
    *("참가자", "참석자", "참여자", "방문자", "방문객", "관람객"),
    *("attendee", "participant", "visitor", "guest", "ticketholder"),
    *("신청자", "신청인", "예약자", "등록자", "registrant", "applicant", "member"),
    "",
    *("주문자", "구매자", "결제자", "buyer", "purchaser", "customer", "orderer"),
)
_WHAT: dict[Field, tuple[str, ...]] = {
    "phone": (
        *("휴대폰", "휴대폰번호", "휴대전화", "휴대전화번호", "핸드폰", "핸드폰번호", "모바일"),
        *("mobile", "mobilenumber", "mobileno", "mobilephone", "mobilephonenumber"),
        *("cell", "cellphone", "cellphonenumber", "cellnumber", "hp"),
        *("phone", "phonenumber", "phoneno", "전화", "전화번호", "연락처"),
        *("contactnumber", "contactno", "telephone", "telephonenumber", "tel"),
    ),
    "name": ("이름", "성명", "성함", "실명", "명", "fullname", "name"),
    "given": ("firstname", "givenname", "forename"),
    "family": ("lastname", "familyname", "surname", "성", "성씨"),
    "email": (
        *("이메일", "이메일주소", "전자우편", "전자메일", "메일", "메일주소"),
        *("email", "emailaddress", "mail", "mailaddress"),
    ),
}
_NOT_A_NAME = "명"  # on its own this is a head count; it means a name only in words like 참가자명

# A header's rank: the position of the owner in _WHOSE, then that of the word in _WHAT.
_RANKS: dict[Field, dict[str, tuple[int, int]]] = {
    field: {
        whose + what: (owner, rank)
        for (owner, whose), (rank, what) in product(enumerate(_WHOSE), enumerate(whats))
        if whose + what != _NOT_A_NAME
    }
    for field, whats in _WHAT.items()
}

_REMARK = re.compile(r"[\[(<【].*?[\])>】]", re.DOTALL)
_REQUEST = re.compile(r"[을를]\s*(입력|기재|작성|기입|적어).*", re.DOTALL)  # 성함을 입력해 주세요
_PARTS = re.compile(r"[/|:,\n]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7a3\u4e00-\u9fff\s]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The index of each detail in a row, from 0; None if there is no such column.

    `used` has the headers in the order phone, name, email; `passed_over` has the other headers
    that matched.
    """

    phone: int
    name: int | None
    given: int | None
    family: int | None
    email: int | None
    used: tuple[str, ...]
    passed_over: tuple[str, ...]

    def full_name(self, cells: Sequence[str]) -> str:
        """The full name, joined from its two parts if there is no full name."""
        whole = _cell(cells, self.name)
        given, family = _cell(cells, self.given), _cell(cells, self.family)
        if whole and (self.given is not None or not family):
            return whole
        given = given or whole  # `Name` beside `Surname`, `이름` beside `성`
        if _HANGUL.fullmatch(family + given):
            return family + given
        return f"{given} {family}"

    def phone_text(self, cells: Sequence[str]) -> str:
        return _cell(cells, self.phone)

    def email_text(self, cells: Sequence[str]) -> str:
        return _cell(cells, self.email)


def find_columns(headers: Sequence[str]) -> Columns | None:
    """The columns under these headers, or None unless there are names and phone numbers."""
    found = {field: _matches(headers, ranks) for field, ranks in _RANKS.items()}
    parts = found["given"] + found["family"]
    if not found["phone"] or not (found["name"] or parts):
        return None
    matching = {match.column for matches in found.values() for match in matches}
    if found["name"] and parts and min(parts).owner < found["name"][0].owner:
        found["name"] = []  # the parts are the attendee's name, and the full name is the buyer's
    best = {field: matches[0].column if matches else None for field, matches in found.items()}
    chosen = [column for column in best.values() if column is not None]
    return Columns(
        phone=found["phone"][0].column,
        name=best["name"],
        given=best["given"],
        family=best["family"],
        email=best["email"],
        used=tuple(headers[column].strip() for column in chosen),
        passed_over=tuple(headers[column].strip() for column in sorted(matching - set(chosen))),
    )


def is_known_header(text: str) -> bool:
    return any(_key(text) in ranks for ranks in _RANKS.values())


class _Match(NamedTuple):
    owner: int
    rank: int
    column: int


def _matches(headers: Sequence[str], ranks: dict[str, tuple[int, int]]) -> list[_Match]:
    """The matching columns, best first; of two with the same header, the left one first."""
    keys = ((column, _key(header)) for column, header in enumerate(headers))
    return sorted(_Match(*ranks[key], column) for column, key in keys if key in ranks)


def _key(header: str) -> str:
    """Return `email` for `E-mail (필수)`, and only the first part of `이름 / Name`."""
    text = unicodedata.normalize("NFKC", header).casefold()
    text = _REQUEST.sub("", _REMARK.sub("", text))
    keys = ("".join(filter(str.isalpha, part)) for part in _PARTS.split(text))
    return next(filter(None, keys), "")


def _cell(cells: Sequence[str], column: int | None) -> str:
    return cells[column].strip() if column is not None and column < len(cells) else ""
