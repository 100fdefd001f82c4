from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from local.inbox.mailbox import Envelope, Mail
from local.inbox.message import Summary, frame_document, parse_message, summarize

ENVELOPE = Envelope("rollcall@example.com", ("hong@example.com", "kim@example.com"))


def summary_of(content: bytes) -> Summary:
    return summarize(Mail("id", datetime(2026, 2, 11, tzinfo=UTC), ENVELOPE, content))


def confirmation() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "참석 확인"
    mail.set_content("안녕하세요\n")
    mail.add_alternative('<!DOCTYPE html><img src="cid:qr@example.com">', subtype="html")
    html = mail.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(b"PNG", "image", "png", cid="<qr@example.com>", filename="qr.png")
    mail.add_attachment(b"PDF", maintype="application", subtype="pdf", filename="영수증.pdf")
    return mail


def test_the_parts_of_a_mail_are_told_apart() -> None:
    message = parse_message(confirmation().as_bytes())
    assert message.headers[0] == ("Subject", "참석 확인")
    assert message.text == "안녕하세요\n"
    assert message.html is not None
    assert "cid:qr@example.com" in message.html
    assert [(found.filename, found.content_type) for found in message.attachments] == [
        ("qr.png", "image/png"),
        ("영수증.pdf", "application/pdf"),
    ]


def test_a_framed_mail_carries_its_images_and_keeps_its_doctype_first() -> None:
    document = frame_document(parse_message(confirmation().as_bytes()))
    assert document.startswith(
        '<!DOCTYPE html><base target="_blank"><img src="data:image/png;base64,UE5H">'
    )


def test_a_link_to_an_image_that_is_not_there_stays_as_it_is() -> None:
    message = parse_message(b"Content-Type: text/html\r\n\r\n<img src='cid:none'>")
    assert frame_document(message) == "<base target=\"_blank\"><img src='cid:none'>"


def test_headers_are_read_as_encoded_words_and_as_raw_utf8() -> None:
    encoded = b"From: =?utf-8?b?7ZmN6ri464+Z?= <hong@example.com>\r\n"
    summary = summary_of(encoded + "Subject: 안녕\r\n\r\n".encode())
    assert (summary.sender, summary.subject) == ("홍길동 <hong@example.com>", "안녕")


def test_missing_headers_are_taken_from_the_envelope() -> None:
    summary = summary_of(b"no headers at all")
    assert summary.sender == "rollcall@example.com"
    assert summary.recipients == "hong@example.com, kim@example.com"
    assert summary.subject == ""


@pytest.mark.parametrize(
    "charset", ["klingon", "hex", "idna", "undefined", "utf-8", '"a\0b"', "utf-8''%ff"]
)
def test_a_text_is_shown_whatever_charset_it_claims(charset: str) -> None:
    content = f"Content-Type: text/plain; charset={charset}\r\n\r\nhi ".encode() + b"\xff"
    assert parse_message(content).text == "hi \ufffd"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"Subject: =?utf-8?b?!?=\xff\xfe =?klingon?q?x?=\r\nFrom: <<>,;\r\nTo: \x00\r\n\r\nx",
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: multipart/mixed; boundary*1=b; boundary*=c; boundary*0*=d\r\n\r\nx",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx",
        b"Content-Type: application/x; name*=a\0b''c\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n!",
        b"Content-Type: message/rfc822\r\n\r\n" * 500,
    ],
)
def test_a_malformed_mail_is_shown_as_far_as_it_goes(content: bytes) -> None:
    summary = summary_of(content)
    message = parse_message(content)
    shown = [summary.subject, summary.sender, message.text or "", frame_document(message)]
    assert "".join(shown).encode()
    assert message.text is not None or message.attachments


def test_a_name_of_an_attachment_is_a_plain_file_name() -> None:
    content = b'Content-Disposition: attachment; filename="../a\x01b.pdf"\r\n\r\nx'
    assert parse_message(content).attachments[0].filename == ".._a_b.pdf"
