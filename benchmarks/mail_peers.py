"""What one would write instead: the mailers that Rollcall is held against, and the limit."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import yagmail

from local.loopback import HOST

Records = Sequence[dict[str, Any]]

USER, PASSWORD = "hello@example.com", "a password"
_SUBJECT = "체크인이 확인되었습니다"
_TEXT = "{name} 님, 체크인이 확인되었습니다. 굿즈 데스크에서 이 메일을 보여 주세요."


def plain_handler(port: int, records: Records) -> None:
    """The first that comes to mind; yagmail's `send` logs in for each mail."""
    mailer = yagmail.SMTP(USER, PASSWORD, host=HOST, port=port)
    for record in records:
        item = record["dynamodb"]["NewImage"]
        text = _TEXT.format(name=item["name"]["S"])
        mailer.send(to=item["email"]["S"], subject=_SUBJECT, contents=text)
    mailer.close()


def persistent(port: int) -> Callable[[Records], None]:
    """yagmail, logged in once: what its `send` does after the login."""
    mailer = yagmail.SMTP(USER, PASSWORD, host=HOST, port=port)
    mailer.login()

    def send(records: Records) -> None:
        for record in records:
            item = record["dynamodb"]["NewImage"]
            text = _TEXT.format(name=item["name"]["S"])
            recipients, message = mailer.prepare_send(item["email"]["S"], _SUBJECT, text)
            mailer.smtp.sendmail(USER, recipients, message)

    return send


class Raw:
    """The limit: connections that do nothing but send bytes which are there already."""

    def __init__(self, port: int, connections: int, message: bytes) -> None:
        self._message = message
        self._open = [_connect(port) for _ in range(connections)]

    def send(self, recipients: Sequence[str]) -> None:
        count = len(self._open)
        shares = [recipients[place::count] for place in range(count)]
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(_send_all, self._open, shares, repeat(self._message)))


def _connect(port: int) -> smtplib.SMTP_SSL:
    smtp = smtplib.SMTP_SSL(HOST, port, context=ssl.create_default_context())
    smtp.ehlo("example.com")
    login = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    smtp.docmd("AUTH", f"PLAIN {login}")
    return smtp


def _send_all(smtp: smtplib.SMTP, recipients: Sequence[str], message: bytes) -> None:
    for recipient in recipients:
        smtp.send(f"MAIL FROM:<{USER}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
        replies = [smtp.getreply()[0] for _ in range(3)]
        smtp.send(message)
        replies.append(smtp.getreply()[0])
        assert replies == [250, 250, 354, 250], replies
