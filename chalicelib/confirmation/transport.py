"""One attempt to hand one mail to the mail server, and what became of it.

yagmail makes the connection, secures it and logs in. The mail itself is sent command by command,
because whoever retries must know how far it came: yagmail's own `send` does not say.

    DeliveryError
    ├── Halted      nothing can be sent now: server not reached, login or quota refused
    ├── Postponed   this mail, later: a temporary reply, or the connection lost before the data
    ├── Rejected    this mail, never: the server refused the recipient or the content for good
    └── Unclear     the data went out and no reply came: the server may have taken the mail

Their messages hold the reply's code alone: servers repeat addresses in the text.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.settings import MailSettings

if TYPE_CHECKING:
    import yagmail

Reply = tuple[int, bytes]

# The reply classes of RFC 5321 4.2.1.
_ACCEPTED = range(200, 300)
_TEMPORARY = range(400, 500)
_PERMANENT = range(500, 600)
_GO_AHEAD = 354
_SERVICE_CLOSING = 421
# Servers may ask for the login at any command (RFC 4954 6), so also where RCPT is refused.
_OWN_FAULT = frozenset({_SERVICE_CLOSING, 530, 534, 535, 538})
# Gmail's daily quota: a 550, also at RCPT, that says nothing about the recipient.
_QUOTA = b"5.4.5"


class DeliveryError(Exception):
    """The root. Only its leaves are raised."""


class Halted(DeliveryError):
    pass


class Postponed(DeliveryError):
    pass


class Rejected(DeliveryError):
    pass


class Unclear(DeliveryError):
    pass


class Mailer:
    """Sends mail after mail over one connection, which outlives an invocation.

    `password` is asked for at each login, and not before. Not for use by several threads.
    """

    def __init__(self, settings: MailSettings, password: Callable[[], str]) -> None:
        self._settings = settings
        self._password = password
        self._client: yagmail.SMTP | None = None

    def send(self, recipient: str, content: bytes) -> None:
        """Send `content` (a message with CRLF line ends, RFC 5322) to one address.

        Returns when the server has taken it (RFC 5321 4.1.1.4). Raises a leaf of DeliveryError.
        """
        try:
            smtp = self._begin(len(content))
            self._judge(smtp.rcpt(recipient))
            reply = smtp.docmd("DATA")
            if reply[0] != _GO_AHEAD:
                self._refuse(reply)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Postponed(f"connection lost before the data: {type(error).__name__}") from error
        try:
            smtp.send(_as_data(content))
            reply = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unclear(f"no reply to the data: {type(error).__name__}") from error
        if not _is_decision(reply):
            self._drop()
            raise Unclear("no sense in the reply to the data")
        self._judge(reply)

    def close(self) -> None:
        """Say goodbye; a server that does not answer changes nothing."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.smtp.quit()
        except (smtplib.SMTPException, OSError):
            client.smtp.close()
        client.is_closed = True

    def _begin(self, size: int) -> smtplib.SMTP:
        """MAIL FROM, on the connection that is there or on a new one.

        A server may have closed a connection that lay idle. Nothing was sent on it then, so a
        new one is tried at once.
        """
        sender = self._settings.sender[1]
        if self._client is not None:
            smtp: smtplib.SMTP = self._client.smtp
            try:
                reply = smtp.mail(sender, _size(smtp, size))
                if reply[0] != _SERVICE_CLOSING:
                    self._judge_sender(reply)
                    return smtp
            except (smtplib.SMTPException, OSError):
                pass
            self._drop()
        smtp = self._connect()
        self._judge_sender(smtp.mail(sender, _size(smtp, size)))
        return smtp

    def _connect(self) -> smtplib.SMTP:
        import yagmail  # 120 ms, which only a container that mails has to pay

        settings = self._settings
        username = settings.username or ""
        # yagmail verifies nothing unless it is told to.
        tls = {"context": ssl.create_default_context()} if settings.security != "none" else {}
        client = yagmail.SMTP(
            user={username: username},  # a str without @ would become one at gmail.com
            password=self._reveal_password() if username else None,
            host=settings.host,
            port=settings.port,
            smtp_ssl=settings.security == "tls",
            smtp_starttls=tls if settings.security == "starttls" else False,
            smtp_skip_login=not username,
            soft_email_validation=False,
            timeout=settings.timeout,
            # Else smtplib asks the resolver for this machine's name, which can take seconds.
            local_hostname=settings.sender[1].rpartition("@")[2],
            **(tls if settings.security == "tls" else {}),
        )
        try:
            client.login()
            client.smtp.ehlo_or_helo_if_needed()
        # ValueError: a password outside ASCII, or a challenge that is no base64.
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if client.smtp is not None:
                client.smtp.close()
            client.is_closed = True
            raise Halted(f"no connection: {_code_of(error)}") from error
        self._client = client
        smtp: smtplib.SMTP = client.smtp
        return smtp

    def _reveal_password(self) -> str:
        try:
            return self._password()
        except StorageUnavailable as error:
            raise Halted(f"no password: {error}") from error

    def _judge_sender(self, reply: Reply) -> None:
        """A refused MAIL says nothing about the recipient: for good, it is our own fault."""
        try:
            self._judge(reply)
        except Rejected as error:
            raise Halted(f"sender refused: {reply[0]}") from error

    def _judge(self, reply: Reply) -> None:
        if reply[0] not in _ACCEPTED:
            self._refuse(reply)

    def _refuse(self, reply: Reply) -> NoReturn:
        """Raise the error that the reply means.

        After one that makes no sense here nobody knows which command the next one answers, and
        after one that asks for a login only a new connection helps.
        """
        code, text = reply
        if code in _ACCEPTED or not _is_decision(reply) or code in _OWN_FAULT:
            self._drop()
        else:
            self._reset()
        if code in _OWN_FAULT or text.startswith(_QUOTA):
            raise Halted(f"server replied {code}")
        if code in _PERMANENT:
            raise Rejected(f"server replied {code}")
        raise Postponed(f"server replied {code}")

    def _reset(self) -> None:
        """Leave the connection ready for the next mail, or leave none."""
        if self._client is None:
            return
        try:
            ready = self._client.smtp.rset()[0] in _ACCEPTED
        except (smtplib.SMTPException, OSError):
            ready = False
        if not ready:
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.smtp.close()
            client.is_closed = True


def _is_decision(reply: Reply) -> bool:
    return any(reply[0] in codes for codes in (_ACCEPTED, _TEMPORARY, _PERMANENT))


def _as_data(content: bytes) -> bytes:
    """The message as it travels: dots at line starts doubled, then the end (RFC 5321 4.5.2)."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


def _size(smtp: smtplib.SMTP, size: int) -> list[str]:
    return [f"size={size}"] if smtp.has_extn("size") else []


def _code_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"server replied {error.smtp_code}"
    return type(error).__name__
