from __future__ import annotations

import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP, SMTPDataError, SMTPSenderRefused
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from local.inbox import Inbox

ADDRESSES = ("rollcall@example.com", ["hong@example.com", "kim@example.com"])


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path, smtp_port=0, web_port=0) as running:
        yield running


def send(inbox: Inbox, content: bytes, options: tuple[str, ...] = ()) -> None:
    with SMTP(inbox.host, inbox.smtp_port, timeout=10) as smtp:
        smtp.sendmail(*ADDRESSES, content, mail_options=options)


def fetch(inbox: Inbox, path: str, **request: Any) -> tuple[str, dict[str, str]]:
    address = f"http://{inbox.host}:{inbox.web_port}{path}"
    with urlopen(Request(address, **request), timeout=10) as response:
        return response.read().decode("utf-8", "replace"), dict(response.headers)


def status_of(inbox: Inbox, path: str, **request: Any) -> int:
    with pytest.raises(HTTPError) as raised:
        fetch(inbox, path, **request)
    raised.value.close()
    return raised.value.code


def listed(inbox: Inbox) -> list[dict[str, Any]]:
    messages = json.loads(fetch(inbox, "/api/messages")[0])["messages"]
    assert isinstance(messages, list)
    return messages


def confirmation() -> bytes:
    mail = EmailMessage()
    mail["From"] = "Rollcall <rollcall@example.com>"
    mail["To"] = "홍길동 <hong@example.com>"
    mail["Subject"] = "참석 확인 <script>"
    mail.set_content("Hello & welcome\n")
    mail.add_alternative("<p>Hello<script>alert(1)</script></p>", subtype="html")
    mail.add_attachment(b"PDF", maintype="text", subtype="html", filename="영수증.html")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def test_a_mail_is_one_file_with_its_envelope_and_its_bytes(inbox: Inbox, tmp_path: Path) -> None:
    content = b"Subject: dots\r\n\r\n.\r\n..\xff\r\n"
    send(inbox, content, ("BODY=8BITMIME",))
    (file,) = tmp_path.iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes().endswith(content)
    assert file.read_bytes().startswith(
        b"Return-Path: <rollcall@example.com>\r\n"
        b"Delivered-To: hong@example.com\r\nDelivered-To: kim@example.com\r\n"
    )


def test_the_list_has_the_newest_first_and_what_earlier_runs_received(tmp_path: Path) -> None:
    for subject in (b"first", b"second"):
        with Inbox(tmp_path, smtp_port=0, web_port=0) as inbox:
            send(inbox, b"Subject: " + subject + b"\r\n\r\n")
            subjects = [message["subject"] for message in listed(inbox)]
            page, _ = fetch(inbox, "/")
    assert subjects == ["second", "first"]
    assert page.index("second") < page.index("first")


def test_scripts_read_a_mail_as_json(inbox: Inbox) -> None:
    send(inbox, confirmation())
    (summary,) = listed(inbox)
    assert summary["to"] == "홍길동 <hong@example.com>"
    assert summary["envelope"] == {"from": ADDRESSES[0], "to": ADDRESSES[1]}
    message = json.loads(fetch(inbox, f"/api/messages/{summary['id']}")[0])
    assert summary.items() <= message.items()
    assert message["text"] == "Hello & welcome\r\n"
    assert message["html"].startswith("<p>Hello")
    assert ["Subject", "참석 확인 <script>"] in message["headers"]
    (attachment,) = message["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("영수증.html", 3)


def test_a_mail_is_read_as_html_text_and_source(inbox: Inbox) -> None:
    content = confirmation()
    send(inbox, content)
    page = f"/messages/{listed(inbox)[0]['id']}"
    html, _ = fetch(inbox, page)
    assert re.search(r'<iframe[^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"', html)
    assert "Hello &amp; welcome" in fetch(inbox, f"{page}?view=text")[0]
    assert "Content-Type: multipart/mixed" in fetch(inbox, f"{page}?view=source")[0]
    assert "<script>" not in html.partition("<body>")[2]
    assert fetch(inbox, f"{page}/source")[0] == content.decode()


def test_a_mail_without_html_opens_as_text(inbox: Inbox) -> None:
    send(inbox, b"Subject: plain\r\n\r\n<b>plain")
    page = f"/messages/{listed(inbox)[0]['id']}"
    assert "&lt;b&gt;plain" in fetch(inbox, page)[0]
    assert "no HTML part" in fetch(inbox, f"{page}?view=html")[0]


def test_the_framed_mail_runs_no_script_and_loads_nothing(inbox: Inbox) -> None:
    send(inbox, confirmation())
    _, headers = fetch(inbox, f"/messages/{listed(inbox)[0]['id']}/frame")
    directives = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in directives
    assert "img-src data:" in directives
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in directives


def test_an_attachment_is_saved_and_never_shown(inbox: Inbox) -> None:
    send(inbox, confirmation())
    message = fetch(inbox, f"/api/messages/{listed(inbox)[0]['id']}")[0]
    body, headers = fetch(inbox, json.loads(message)["attachments"][0]["url"])
    assert body == "PDF"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")


def test_malformed_mails_break_neither_the_list_nor_their_page(inbox: Inbox) -> None:
    for content in (
        b"",
        b"no headers",
        b"Subject: =?klingon?b?!?= \xff\r\nContent-Type: text/html; charset=klingon\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary*0*=a; boundary*=b\r\n\r\n--a",
        b"Content-Type: application/x; name*=a\0b''c\r\n\r\nx",
    ):
        send(inbox, content)
    fetch(inbox, "/")
    messages = listed(inbox)
    assert len(messages) == 5
    for message in messages:
        for suffix in ("", "?view=html", "?view=text", "?view=source", "/frame", "/source"):
            fetch(inbox, f"/messages/{message['id']}{suffix}")
        fetch(inbox, f"/api/messages/{message['id']}")


@pytest.mark.parametrize(
    "path",
    [
        "/messages/20260211T120000.000000Z",
        "/messages/..%2fsecret",
        "/messages/%2e%2e%2fsecret/source",
        "/messages/secret/frame",
        "/api/messages/secret",
    ],
)
def test_an_id_that_is_not_a_mail_is_not_found(inbox: Inbox, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.eml").write_text("secret")
    (tmp_path.parent / "secret.eml").write_text("secret")
    assert status_of(inbox, path) == 404


def test_a_missing_view_or_attachment_is_not_found(inbox: Inbox) -> None:
    send(inbox, b"Subject: x\r\n\r\n")
    page = f"/messages/{listed(inbox)[0]['id']}"
    assert status_of(inbox, f"{page}?view=other") == 404
    assert status_of(inbox, f"{page}/attachments/0") == 404


def test_delete_all_empties_the_inbox(inbox: Inbox, tmp_path: Path) -> None:
    send(inbox, b"Subject: x\r\n\r\n")
    origin = {"Origin": f"http://{inbox.host}:{inbox.web_port}"}
    fetch(inbox, "/delete", method="POST", headers=origin)
    assert listed(inbox) == []
    assert list(tmp_path.iterdir()) == []


def test_a_page_from_elsewhere_can_neither_delete_nor_read(inbox: Inbox) -> None:
    send(inbox, b"Subject: x\r\n\r\n")
    elsewhere = {"Origin": "http://example.com"}
    assert status_of(inbox, "/delete", method="POST", headers=elsewhere) == 403
    assert status_of(inbox, "/delete") == 405
    assert status_of(inbox, "/api/messages", headers={"Host": "example.com"}) == 400
    assert len(listed(inbox)) == 1


def test_any_login_is_accepted_and_unicode_addresses_are(inbox: Inbox) -> None:
    mail = EmailMessage()
    mail["From"] = mail["To"] = "길동@example.com"
    with SMTP(inbox.host, inbox.smtp_port, timeout=10) as smtp:
        assert smtp.login("anyone", "anything")[0] == 235
        smtp.send_message(mail)
    assert listed(inbox)[0]["envelope"]["to"] == ["길동@example.com"]


def test_a_mail_over_the_limit_is_refused(inbox: Inbox) -> None:
    with pytest.raises(SMTPSenderRefused) as refused:
        send(inbox, b"x\r\n" * (9 * 1024 * 1024))
    assert refused.value.smtp_code == 552


def test_a_mail_that_cannot_be_stored_gets_a_temporary_refusal(
    inbox: Inbox, tmp_path: Path
) -> None:
    tmp_path.rmdir()
    tmp_path.touch()
    with pytest.raises(SMTPDataError) as refused:
        send(inbox, b"Subject: x\r\n\r\n")
    assert refused.value.smtp_code == 451


def test_no_log_line_holds_an_address(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(inbox, confirmation())
        with SMTP(inbox.host, inbox.smtp_port, timeout=10) as smtp:
            smtp.docmd("NONSENSE", "hong@example.com")
        fetch(inbox, "/")
    assert "@" not in caplog.text


@pytest.mark.parametrize("taken", ["smtp_port", "web_port"])
def test_a_port_in_use_is_reported_and_the_other_is_released(tmp_path: Path, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        inbox = Inbox(tmp_path, **({"smtp_port": 0, "web_port": 0} | {taken: port}))
        with pytest.raises(OSError, match=f"port {port}: Address already in use"):
            inbox.start()
    with inbox:
        assert listed(inbox) == []


def test_stopping_ends_every_thread_and_open_connection(tmp_path: Path) -> None:
    before = threading.enumerate()
    inbox = Inbox(tmp_path, smtp_port=0, web_port=0)
    inbox.start()
    with (
        socket.create_connection((inbox.host, inbox.smtp_port), timeout=10) as idle,
        socket.create_connection((inbox.host, inbox.smtp_port), timeout=10) as sending,
    ):
        for connection in (idle, sending):
            assert connection.recv(1024).startswith(b"220")
        sending.sendall(b"HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
        inbox.stop()
        for port in (inbox.smtp_port, inbox.web_port):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((inbox.host, port), timeout=10)
    assert threading.enumerate() == before
    inbox.stop()  # stopping twice is harmless


def test_it_starts_again_on_the_same_ports(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, smtp_port=0, web_port=0)
    with inbox:
        ports = (inbox.smtp_port, inbox.web_port)
    with inbox:
        assert (inbox.smtp_port, inbox.web_port) == ports
        assert listed(inbox) == []
