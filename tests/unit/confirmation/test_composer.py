"""The confirmation, read back from its bytes as a mail client would."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.attendance.errors import MalformedItem, StorageUnavailable
from chalicelib.attendance.event import LOCALES, Event, Locale
from chalicelib.confirmation.composer import Composer, Message, Sender, UnusableAddress
from chalicelib.confirmation.content import one_line
from chalicelib.confirmation.language import words
from chalicelib.confirmation.records import Record
from chalicelib.confirmation.replies import Halted

NOW = datetime(2026, 2, 11, 9, 42, 20, tzinfo=UTC)
SENDER = Sender("Rollcall", "rollcall@example.com", "desk@example.com")
ADDRESS = "hana@example.com"
EVENT = Event(
    event_code="0211ABC",
    name="February Meetup",
    organization="Python Seoul",
    venue="Gangnam, 3rd floor",
    starts_at=datetime(2026, 2, 11, 10, 0, tzinfo=UTC),
    check_in_opens_at=datetime(2026, 2, 11, 8, 0, tzinfo=UTC),
    check_in_closes_at=datetime(2026, 2, 11, 13, 0, tzinfo=UTC),
    timezone="Asia/Seoul",
    locale="en",
    expires_at=datetime(2026, 4, 1, tzinfo=UTC),
    announcement="Wi-Fi: meetup\n\nSlides: https://example.com/0211.",
    reply_to="team@example.com",
)
KOREAN = replace(EVENT, locale="ko", name="2월 정기 모임", venue="강남 3층", organization="파이썬")
TEXTS = {
    "event_code": "0211ABC",
    "check_in_id": "7F3K-9QRT-2MXA-HB4D",
    "name": "Hana Kim",
    "email": ADDRESS,
    "checked_at": "2026-02-11T09:42:00Z",
}


class FakeEvents:
    """Knows one event; `error` is what a look-up meets."""

    def __init__(self, event: Event | None, error: StorageUnavailable | None = None) -> None:
        self._event = event
        self._error = error

    def get(self, event_code: str) -> Event | None:
        if self._error:
            raise self._error
        known = self._event and self._event.event_code == event_code
        return self._event if known else None


def record(number: str = "100", **changes: str | None) -> Record:
    """Hana's check-in; None takes an attribute away."""
    texts = {name: value for name, value in (TEXTS | changes).items() if value is not None}
    return Record(number, {}, {name: {"S": value} for name, value in texts.items()})


def composed(
    record: Record,
    event: Event | None = EVENT,
    to: str = ADDRESS,
    *,
    sender: Sender = SENDER,
    locale: Locale = "en",
) -> Message:
    composer = Composer(FakeEvents(event), sender, default_locale=locale, now=lambda: NOW)
    return composer.compose(record, to)


def read(record: Record, event: Event | None = EVENT, **options: Any) -> EmailMessage:
    return parsed(composed(record, event, **options).content)


HANA = record()
UNKNOWN = Record("100", {}, {})


@dataclass
class Page(HTMLParser):
    """An HTML page as its reader meets it: the tags with their attributes, and the text."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style":
            self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def page(mail: EmailMessage) -> Page:
    return Page(part(mail, "html"))


def of_event(**changes: Any) -> EmailMessage:
    return read(HANA, replace(EVENT, **changes))


# What it says


@pytest.mark.parametrize(
    "fact",
    [
        "Hana Kim",
        "February Meetup",
        "Python Seoul",
        "Wednesday, 11 February 2026, 19:00 KST",
        "Wednesday, 11 February 2026, 18:42 KST",
        "Gangnam, 3rd floor",
        "7F3K-9QRT-2MXA-HB4D",
        "goods desk",
        "Wi-Fi: meetup",
    ],
)
def test_both_parts_say_who_which_event_when_where_and_the_proof(fact: str) -> None:
    mail = read(HANA)
    assert fact in part(mail, "plain")
    assert fact in page(mail).text


def test_an_event_in_korean_is_confirmed_in_korean() -> None:
    mail = read(record(name="김하나"), KOREAN)
    assert mail["Subject"] == "[2월 정기 모임] 체크인이 확인되었습니다"
    assert mail["Content-Language"] == "ko"
    assert page(mail).attributes("html") == [{"lang": "ko"}]
    for text in (part(mail, "plain"), page(mail).text):
        assert "2026년 2월 11일 (수) 19:00 KST" in text
        assert "굿즈 데스크" in text
        assert "체크인 번호" in text


@pytest.mark.parametrize("locale", LOCALES)
def test_an_address_alone_results_in_a_mail_without_gaps(locale: Locale) -> None:
    mail = read(UNKNOWN, locale=locale)
    assert str(mail["To"]) == "hana@example.com"
    text = part(mail, "plain")
    assert "hana@example.com" in text
    assert "hana@example.com" in page(mail).text
    assert "None" not in text + part(mail, "html")
    assert not re.search(r":[ ]*$|[{}]|\n{3}", text, re.MULTILINE)
    assert not page(mail).attributes("th")


def test_blank_attributes_leave_no_rows() -> None:
    bare = replace(EVENT, venue=" ", organization="", announcement="\n ")
    mail = read(record(name=" ", check_in_id=""), bare)
    text = part(mail, "plain") + page(mail).text
    for label in ("Venue", "Organizer", "From the organizers", "Check-in number"):
        assert label not in text
    assert part(mail, "plain").startswith("Hello,\n")


def test_an_event_code_that_leads_to_no_event_is_shown_itself() -> None:
    mail = read(HANA, None)
    assert "Event code: 0211ABC" in part(mail, "plain")
    assert "0211ABC" in page(mail).text
    assert "0211ABC" not in part(read(HANA), "plain")


# When


@pytest.mark.parametrize("event", [EVENT, None])
def test_a_time_without_a_zone_is_shown_as_written_and_without_a_zone(event: Event | None) -> None:
    mail = read(record(checked_at="2026-02-11T18:42:00"), event)
    assert "Checked in: Wednesday, 11 February 2026, 18:42\n" in part(mail, "plain")


@pytest.mark.parametrize(
    ("checked_at", "shown"),
    [("2026-02-11T09:42:00Z", "09:42 UTC"), ("2026-02-11T18:42:00+09:00", "18:42 UTC+09:00")],
)
def test_without_an_event_a_time_keeps_its_own_zone(checked_at: str, shown: str) -> None:
    assert shown in part(read(record(checked_at=checked_at), None), "plain")


def test_a_zone_without_an_abbreviation_is_named_by_its_offset() -> None:
    assert "14:00 UTC+04" in part(of_event(timezone="Asia/Dubai"), "plain")


def test_a_time_at_the_end_of_the_calendar_does_not_prevent_the_mail() -> None:
    mail = read(record(checked_at="9999-12-31T23:59:00Z"))
    assert "31 December 9999, 23:59 UTC" in part(mail, "plain")


# The announcement


def test_the_announcement_keeps_its_lines() -> None:
    mail = of_event(announcement="one\r\n  two\n\nthree\n")
    assert "\none\n  two\n\nthree\n" in part(mail, "plain")
    shown = re.sub(r"\n +", "\n", page(mail).text)
    assert re.search(r"one\n+two\n+three", shown)
    assert len(page(of_event(announcement="one")).attributes("br")) + 3 == len(
        page(mail).attributes("br")
    )


@pytest.mark.parametrize(
    ("announcement", "target"),
    [
        ("Slides: https://example.com/0211.", "https://example.com/0211"),
        ("자료는 https://example.com/0211에서", "https://example.com/0211"),
        ("(http://example.com/a?b=1&c=2)", "http://example.com/a?b=1&c=2"),
        ('<a href="https://example.com/x">', "https://example.com/x"),
    ],
)
def test_a_url_becomes_a_link_to_itself_without_what_follows_it(
    announcement: str, target: str
) -> None:
    mail = page(of_event(announcement=announcement))
    assert [link["href"] for link in mail.attributes("a")] == [target]
    assert announcement in mail.text


@pytest.mark.parametrize("announcement", ["javascript:alert(1)", "data:text/html,x", "example.com"])
def test_nothing_but_http_becomes_a_link(announcement: str) -> None:
    assert not page(of_event(announcement=announcement)).attributes("a")


# Headers


def test_the_headers_say_who_sends_when_and_that_a_machine_does() -> None:
    mail = read(HANA)
    assert str(mail["From"]) == "Rollcall <rollcall@example.com>"
    assert str(mail["To"]) == "Hana Kim <hana@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_answers_go_to_the_event_else_to_the_setting_else_to_the_sender() -> None:
    assert read(HANA)["Reply-To"] == "team@example.com"
    assert of_event(reply_to=None)["Reply-To"] == "desk@example.com"
    silent = read(HANA, replace(EVENT, reply_to=None), sender=replace(SENDER, reply_to=None))
    assert silent["Reply-To"] is None
    assert "Replies" not in part(silent, "plain")


def test_an_unusable_reply_address_does_not_prevent_the_mail() -> None:
    assert of_event(reply_to="team@\r\nBcc: x")["Reply-To"] == "desk@example.com"


def test_the_message_id_is_the_check_ins_and_stays() -> None:
    expected = "<7F3K-9QRT-2MXA-HB4D@example.com>"
    assert read(HANA)["Message-ID"] == expected
    assert read(record("", name="Duri"), None, locale="ko")["Message-ID"] == expected


def test_without_a_check_in_id_the_message_id_still_tells_records_apart() -> None:
    records = [
        record(check_in_id=None),
        record(check_in_id=None, number="222"),
        record(check_in_id=None, email="duri@example.com"),
        record(check_in_id=None, name="Duri Lee"),
        record(check_in_id=None, event_code="0212ABC"),
        record(check_in_id=None, checked_at="2026-02-12T09:42:00Z"),
        record(check_in_id="not> an\r\nid"),
        UNKNOWN,
    ]
    ids = [str(read(each)["Message-ID"]) for each in records]
    assert len(set(ids)) == len(ids)
    assert ids == [str(read(each)["Message-ID"]) for each in records]
    assert all(re.fullmatch(r"<[0-9a-f]{32}@example\.com>", each) for each in ids)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hana",
        "hana@",
        "@example.com",
        "hana@example.com\r\nBcc: duri@example.com",
        "hana@example.com, duri@example.com",
        "Hana <hana@example.com>, Duri <duri@example.com>",
        "hana\x00@example.com",
        "하나@example.com",
        "=?utf-8?q?hana=0D=0ABcc?=@example.com",
        "h" * 300 + "@example.com",
    ],
)
def test_an_unusable_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        composed(HANA, to=address)
    assert str(refused.value) == "not an address that mail can be sent to"
    assert refused.value.__context__ is None


@pytest.mark.parametrize("address", ["Hana <hana@example.com>", "hana\u202e＠example.com"])
def test_a_mended_address_is_the_only_recipient(address: str) -> None:
    message = composed(HANA, to=address)
    assert message.address == "hana@example.com"


def test_an_international_domain_travels_in_ascii() -> None:
    message = composed(HANA, to="hana@bücher.example.com")
    assert message.address == "hana@xn--bcher-kva.example.com"
    assert parsed(message.content)["To"].addresses[0].addr_spec == message.address


# Hostile or odd data

ODD_TEXTS = [
    "Park, Jamie",
    'Conan "the" O\'Brien',
    "Zoë; <duri@example.com>",
    "김, 하나 (서울) \\",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&amp;",
    "{{7*7}} {% raw %} {event} {0} %s",
    "/etc/hostname",
    "None",
]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_text_arrives_as_it_is_and_as_text_everywhere(text: str) -> None:
    mail = read(record(name=text), replace(EVENT, name=text, venue=text, announcement=text))
    assert mail["To"].addresses == (Address(text, addr_spec="hana@example.com"),)
    assert mail["Subject"] == f"You are checked in: {text}"
    assert part(mail, "plain").count(text) >= 4
    shown = page(mail)
    assert shown.text.count(text) >= 4
    assert not {"script", "img"} & {tag for tag, _ in shown.tags}
    assert [each.get_content_type() for each in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    "character",
    ["\r", "\n", "\r\n", "\x00", "\x1b", "\x0b", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"],
)
def test_no_control_character_override_or_surrogate_comes_through(character: str) -> None:
    text = f"Hana{character}Bcc: duri@example.com"
    plain = read(HANA)
    event = replace(EVENT, name=text, organization=text, venue=text)
    hers = record(name=text, check_in_id=text)
    mail = read(hers, event, sender=replace(SENDER, name=text))
    assert mail.keys() == plain.keys()
    assert [each.addr_spec for each in mail["To"].addresses] == ["hana@example.com"]
    assert [each.addr_spec for each in mail["From"].addresses] == ["rollcall@example.com"]
    assert re.fullmatch(
        "You are checked in: Hana ?Bcc: duri@example.com", str(mail["Subject"]), re.ASCII
    )
    if character not in "\r\n":
        assert character not in part(mail, "plain") + part(mail, "html")


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?Hana=0D=0ABcc:_duri@example.com?=",
        "Hana =?utf-8?b?4oCu?=",
        "=?utf-8?q?duri=40example=2Ecom=2C?=",
    ],
)
def test_an_encoded_word_in_the_data_is_not_decoded_into_a_header(text: str) -> None:
    mail = read(record(name=text), replace(EVENT, name=text), sender=replace(SENDER, name=text))
    assert mail.keys() == read(HANA).keys()
    assert [each.addr_spec for each in mail["To"].addresses] == ["hana@example.com"]
    assert [each.addr_spec for each in mail["From"].addresses] == ["rollcall@example.com"]
    assert mail["Subject"] == f"You are checked in: {text.replace('=?', '= ?')}"
    assert text in page(mail).text


@pytest.mark.parametrize("tail", ["", "é"])
def test_a_long_name_with_commas_stays_one_address(tail: str) -> None:
    name = "Hana, " * 12 + "<duri@example.com>" + tail
    mail = read(record(name=name))
    assert [each.addr_spec for each in mail["To"].addresses] == ["hana@example.com"]
    assert mail["To"].addresses[0].display_name.startswith("Hana Hana Hana")
    assert name in page(mail).text


LONG_ADDRESS = "hana.kim@research.department.example.co.kr"


@settings(deadline=None, derandomize=True)
@given(
    st.text('김하나éaB ,;:<>()[]"@.\\', min_size=1, max_size=16),
    st.sampled_from(["hana@example.com", LONG_ADDRESS]),
)
@example("김하나 Hana Kim, Acme", LONG_ADDRESS)
@example("é, e@x.io, <f@y.io>,", LONG_ADDRESS)
@example("Meetup, 서울", f"h@{'a' * 33}.com")  # fits on the line of To, and not on that of From
def test_no_name_adds_another_address(name: str, address: str) -> None:
    sender = replace(SENDER, name=name, address=address)
    sent = composed(record(name=name), to=address, sender=sender).content
    for header in ("From", "To"):
        found = parsed(sent)[header]
        assert [each.addr_spec for each in found.addresses] == [address]
        # As older readers see it too, who split before they decode.
        raw = str(email.message_from_bytes(sent)[header])
        assert [each for _, each in getaddresses([raw])] == [address]


def test_ten_thousand_characters_are_cut_to_a_line_that_a_person_reads() -> None:
    endless = "가" * 10_000
    mail = read(record(name=endless), replace(EVENT, name=endless, venue=endless))
    assert mail["Subject"] == f"You are checked in: {'가' * 99}…"
    assert len(mail["To"].addresses[0].display_name) < 120
    assert len(part(mail, "plain")) < 1_500


def test_a_cut_does_not_leave_half_an_emoji() -> None:
    assert one_line("ab 👩‍👧", longest=5) == "ab 👩…"


# On the way


@pytest.mark.parametrize(
    ("hers", "event"),
    [
        (HANA, EVENT),
        (record(name="Zoë"), None),
        (record(name="김하나" * 30), KOREAN),
        (HANA, replace(EVENT, announcement="x" * 5_000 + "\n" + "가" * 5_000 + "\n.\nFrom here")),
    ],
)
def test_any_server_can_carry_it(hers: Record, event: Event | None) -> None:
    content = composed(hers, event, sender=replace(SENDER, reply_to=None)).content
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998  # RFC 5322 2.1.1


def test_a_long_sender_domain_leaves_the_message_id_whole() -> None:
    domain = "a" * 60 + ".example.com"
    mail = read(HANA, sender=replace(SENDER, address=f"rollcall@{domain}"))
    assert mail["Message-ID"] == f"<7F3K-9QRT-2MXA-HB4D@{domain}>"


def test_the_html_loads_nothing_from_anywhere() -> None:
    mail = read(HANA)
    tags = page(mail).tags
    assert not {"img", "link", "script", "iframe", "object"} & {tag for tag, _ in tags}
    assert not any({"src", "srcset", "background"} & attributes.keys() for _, attributes in tags)
    assert not re.search(r"@import|url\(", part(mail, "html"))


def test_the_html_says_that_it_has_dark_colours() -> None:
    mail = read(HANA)
    assert {"name": "color-scheme", "content": "light dark"} in page(mail).attributes("meta")
    assert "prefers-color-scheme: dark" in part(mail, "html")


# Whatever an item holds


@pytest.mark.parametrize(
    ("written", "found"), [("0211abc", True), (" 0211ABC ", True), ("0212ABC", False), ("?", False)]
)
def test_the_event_is_found_however_its_code_is_written(written: str, found: bool) -> None:
    subject = str(read(record(event_code=written))["Subject"])
    assert subject.endswith("February Meetup") is found


def test_a_malformed_event_results_in_a_general_text(
    app_log: pytest.LogCaptureFixture,
) -> None:
    events = FakeEvents(None, MalformedItem("malformed event item"))
    composer = Composer(events, SENDER, default_locale="en", now=lambda: NOW)
    mail = parsed(composer.compose(HANA, ADDRESS).content)
    assert mail["Subject"] == "You are checked in"
    assert "Event code: 0211ABC" in part(mail, "plain")
    assert "event 0211ABC: malformed event item" in app_log.text


def test_an_event_that_cannot_be_read_prevents_the_mail() -> None:
    events = FakeEvents(None, StorageUnavailable("ThrottlingException"))
    with pytest.raises(StorageUnavailable):
        Composer(events, SENDER, default_locale="en", now=lambda: NOW).compose(HANA, ADDRESS)


WRITINGS = st.text() | st.sampled_from(["2026-02-11T19:00:00", "9999-12-31T23:59:59-12:00", "1e9"])
ATTRIBUTES = (
    st.dictionaries(st.sampled_from(["S", "N"]), WRITINGS, min_size=1, max_size=1)
    | st.just({"NULL": True})
    | WRITINGS
    | st.none()
)


@settings(derandomize=True, deadline=None, database=None, max_examples=60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TEXTS, ATTRIBUTES)))
def test_no_image_prevents_a_mail(image: dict[str, Any]) -> None:
    assert read(Record("1", {}, image))["To"].addresses[0].addr_spec == ADDRESS


def test_every_language_has_all_words() -> None:
    for locale in LOCALES:
        assert words(locale).keys() == words("en").keys()
        assert (len(words(locale)["months"]), len(words(locale)["weekdays"])) == (12, 7)


def test_a_broken_template_or_word_is_our_fault_and_not_the_attendees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = {**words("ko"), "subject": "{evnet}", "moment": "{yeer}"}
    monkeypatch.setattr("chalicelib.confirmation.language.words", lambda _: broken)
    composer = Composer(FakeEvents(None), SENDER, default_locale="ko", now=lambda: NOW)
    with pytest.raises(Halted, match="the mail cannot be composed: KeyError"):
        composer.compose(HANA, ADDRESS)
