"""What a column's header says: which detail the column holds, and whose.

Event services and forms use many words: `참가자 이름`, `visitor_mobile`, `연락처(이메일)`, `What is
your phone number?`. A header is read word by word, in brackets and behind colons, too. A word that
is not in words.toml can mean anything: the `Band name` is nobody's name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from chalicelib.roster.words import WORDS

Field = Literal["name", "given", "family", "phone", "email"]
Party = Literal["participant", "unsaid", "registrant", "buyer", "guest", "other"]

_TAGS = {"".join(word.split()): tag for tag, words in WORDS["header"].items() for word in words}
_LONGEST_FIRST = sorted(_TAGS, key=len, reverse=True)
_WORD = re.compile(
    r"(?<![a-z])(?:{})(?![a-z])|{}|(?P<person>(?<=[자인객생원수])명)".format(
        "|".join(" ?".join(word) for word in _LONGEST_FIRST if word.isascii()),
        "|".join(word for word in _LONGEST_FIRST if not word.isascii()),
    )
)
# 성함이 어떻게 되시나요?, 이메일을 알려주세요. What follows in brackets still counts.
_REQUEST = re.compile(
    r"[을를은는이가]?\s*(?:입력|기재|작성|기입|적어|알려|말씀|써|남겨|어떻게|무엇|뭔가|부탁)[^(\[<]*"
)
_PARTICLES = {*"을를은는이가의로도님에s", "님의"}  # the s of "attendee's"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPACED_OUT = re.compile(r"(?<![가-힣])[가-힣](?: +[가-힣](?![가-힣]))+")  # 연 락 처

_OTHERS_FIRST: tuple[Party, ...] = ("other", "guest", "buyer", "participant", "registrant")


@dataclass(frozen=True, slots=True)
class Header:
    """What one header says. `field` is None if the column holds none of the details.

    `is_doubtful`: it may mean something else. `kind` and `number` order the columns of one person
    and field, best first: mobile before home, `Email 1` before `Email 2`. `is_known`: every word is
    known; `has_tag`: one of them says something.
    """

    field: Field | None
    party: Party = "unsaid"
    is_doubtful: bool = False
    kind: int = 0
    number: int = 0
    is_known: bool = False
    has_tag: bool = False


@lru_cache(maxsize=1024)
def read_header(text: str) -> Header:
    text = unicodedata.normalize("NFKC", text)
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    text = _CAMEL.sub(" ", text).casefold()
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    text = re.sub(r"(?<=\w)[.\-'’](?=\w)", "", text.replace("'s ", " "))  # e-mail, H.P
    words = " ".join(re.sub(r"[\W\d_]+", " ", _REQUEST.sub(" ", text)).split())
    tags = {_tag(found) for found in _WORD.finditer(words)} - {"filler"}
    left_over = _WORD.sub(" ", words).split()
    is_known = all(word in _PARTICLES for word in left_over)
    party: Party = next((party for party in _OTHERS_FIRST if party in tags), "unsaid")
    number = re.search(r"\d+$", text.strip())
    field = _field(tags, is_known=is_known)
    return Header(
        field=field,
        party=party,
        is_doubtful=not is_known or (field == "name" and "name" not in tags),
        kind=_kind(tags, field),
        number=int(number[0]) if number else 0,
        is_known=is_known,
        has_tag=bool(tags),
    )


def is_known_header(text: str) -> bool:
    header = read_header(text)
    return header.field is not None and header.is_known


def _tag(found: re.Match[str]) -> str:
    return "name" if found["person"] else _TAGS[found[0].replace(" ", "")]


def _field(tags: set[str], *, is_known: bool) -> Field | None:
    phones, names = tags & {"phone", "mobile"}, tags & {"name", "given", "family"}
    if "nothing" in tags:
        return None
    if "email" in tags and not phones and not names:
        return "email"
    if (phones or "contact" in tags) and not names and "email" not in tags:
        return "phone"
    if not is_known or "place" in tags or tags & {"contact", "email"} or phones:
        return None
    if tags and tags <= {"participant", "registrant", "buyer"}:
        return "name"  # a column `참가자` has their names
    return next((field for field in ("given", "family", "name") if field in tags), None)


def _kind(tags: set[str], field: Field | None) -> int:
    if tags & {"place", "second"}:
        return 3
    if field == "phone":
        return 0 if "mobile" in tags else 1 if "phone" in tags else 2
    return 0
