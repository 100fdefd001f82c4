"""One attempt to hand one mail to the mail server, and what became of it.

yagmail makes the connection, secures it and logs in. The mail itself is sent by Rollcall, because
whoever retries must know how far it came: yagmail's own `send` does not say.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from typing import TYPE_CHECKING, NoReturn, Protocol

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.pipeline import Pipeline
from chalicelib.confirmation.replies import (
    Halted,
    Postponed,
    Rejected,
    Reply,
    Unclear,
    goes_ahead,
    is_accepted,
    is_closing,
    is_decision,
    leaves_connection,
    login_failure,
    refusal,
)
from chalicelib.settings import MailSettings

if TYPE_CHECKING:
    import yagmail

# A connection takes several waits (greeting, EHLO, STARTTLS, login): each may use this share of the
# time that is left, and half a second in any case.
_WAITS = 6
_SHORTEST_WAIT = 0.5
# Without this share of a send's time, the data is not begun: a reply that comes too late is a reply
# lost.
_FOR_THE_REPLY = 1 / 4
# Timeouts: servers look at a mail before they take it, and hanging up meanwhile means sending it
# again (RFC 5321 4.5.3.2.6 wants ten minutes).
_PATIENCE_FOR_THE_MAIL = 4
_GOODBYE_SECONDS = 1.0


class Password(Protocol):
    """Both raise StorageUnavailable."""

    def reveal(self) -> str: ...

    def renewed(self, refused: str) -> bool:
        """Whether it has been changed since."""


class Mailer:
    """Sends mail after mail over one connection, which outlives an invocation.

    `password` is asked for at a login, and not before; where the login is refused, it is read once
    more. Not for use by several threads at once.
    """

    def __init__(self, settings: MailSettings, password: Password) -> None:
        self._settings = settings
        self._password = password
        self._client: yagmail.SMTP | None = None
        self._begun = 0  # mails, on this connection
        self._deadline = 0.0

    def ready(self, seconds: float) -> None:
        """Have a connection, before a delivery is claimed for it. Raises Halted.

        `seconds` is the time that is left for everything.
        """
        if self._begun >= self._settings.messages_per_connection:
            self.close()
        if self._client is None:
            self._connect(seconds)

    def send(self, recipient: str, content: bytes, seconds: float) -> None:
        """Send `content` (a message with CRLF line ends, RFC 5322) to one address.

        Returns when the server has taken it (RFC 5321 4.1.1.4), and within `seconds` unless the
        server feeds its replies in drops. Raises a leaf of DeliveryError.
        """
        self._deadline = time.monotonic() + seconds
        try:
            smtp = self._announce(recipient, len(content))
            if self._seconds_left() < seconds * _FOR_THE_REPLY:
                raise TimeoutError
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Postponed(f"connection lost before the data: {type(error).__name__}") from error
        try:
            smtp.send(_as_data(content))
            reply = self._in_time(smtp, _PATIENCE_FOR_THE_MAIL).getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unclear(f"no reply to the data: {type(error).__name__}") from error
        if not is_decision(reply):
            self._drop()
            raise Unclear("no sense in the reply to the data")
        self._judge("message", reply)

    def close(self) -> None:
        """Say goodbye; a server that does not answer changes nothing."""
        client = self._client
        if client is None:
            return
        try:
            client.smtp.sock.settimeout(_GOODBYE_SECONDS)
            client.smtp.quit()
        except (smtplib.SMTPException, OSError, AttributeError):  # no socket: closed already
            pass
        self._drop()

    def _announce(self, recipient: str, size: int) -> smtplib.SMTP:
        """Sender, recipient and DATA: the connection on which the server now takes the mail.

        A server may have closed a connection that lay idle. Nothing was sent on it then, so a
        new one is tried at once.
        """
        used = self._client is not None and self._begun > 0
        try:
            smtp, pipeline = self._begin(recipient, size)
            reply = pipeline.reply()
            closed = is_closing(reply)
        except (smtplib.SMTPException, OSError):
            if not used:
                raise
            closed = True
        if used and closed:
            self._drop()
            smtp, pipeline = self._begin(recipient, size)
            reply = pipeline.reply()
        self._judge_sender(reply, pipeline)
        self._judge("recipient", pipeline.reply(), pipeline)
        reply = pipeline.reply()
        if not goes_ahead(reply):
            self._refuse("message", reply, pipeline)
        return smtp

    def _begin(self, recipient: str, size: int) -> tuple[smtplib.SMTP, Pipeline]:
        """The next mail, on the connection that is there or on a new one."""
        smtp = self._client.smtp if self._client else self._connect(self._seconds_left())
        self._begun += 1
        told = f" SIZE={size}" if smtp.has_extn("size") else ""
        pipeline = Pipeline(
            smtp,
            self._in_time,
            f"MAIL FROM:<{self._settings.sender[1]}>{told}",
            f"RCPT TO:<{recipient}>",
            "DATA",
        )
        return smtp, pipeline

    def _in_time(self, smtp: smtplib.SMTP, timeouts: int = 1) -> smtplib.SMTP:
        """The connection, with its next wait bounded. Raises OSError where there is no time."""
        seconds = min(self._settings.timeout * timeouts, self._seconds_left())
        if seconds <= 0:
            raise TimeoutError
        if smtp.sock is None:
            raise smtplib.SMTPServerDisconnected
        if smtp.sock.gettimeout() != seconds:  # to set it is a call to the system
            smtp.sock.settimeout(seconds)
        return smtp

    def _seconds_left(self) -> float:
        return self._deadline - time.monotonic()

    def _connect(self, seconds: float) -> smtplib.SMTP:
        username = self._settings.username or ""
        try:
            password = self._password.reveal() if username else ""
            try:
                client = self._log_in(username, password, seconds)
            except smtplib.SMTPAuthenticationError:
                if not self._password.renewed(password):
                    raise
                client = self._log_in(username, self._password.reveal(), seconds)
        except StorageUnavailable as error:
            raise Halted(f"no password: {error}") from error
        # ValueError: a password outside ASCII, or a challenge that is no base64.
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise login_failure(error) from error
        self._client, self._begun = client, 0
        smtp: smtplib.SMTP = client.smtp
        return smtp

    def _log_in(self, username: str, password: str, seconds: float) -> yagmail.SMTP:
        """A new connection. Raises what smtplib does, OSError and ValueError."""
        import yagmail  # 120 ms, which only a container that mails has to pay

        settings = self._settings
        # yagmail verifies nothing unless it is told to.
        tls = {"context": ssl.create_default_context()} if settings.security != "none" else {}
        client = yagmail.SMTP(
            user={username: username},  # a str without @ would become one at gmail.com
            password=password or None,
            host=settings.host,
            port=settings.port,
            smtp_ssl=settings.security == "tls",
            smtp_starttls=tls if settings.security == "starttls" else False,
            smtp_skip_login=not username,
            soft_email_validation=False,
            timeout=max(_SHORTEST_WAIT, min(settings.timeout, seconds / _WAITS)),
            # Else smtplib asks the resolver for this machine's name, which can take seconds.
            local_hostname=settings.sender[1].rpartition("@")[2],
            **(tls if settings.security == "tls" else {}),
        )
        try:
            client.login()
            client.smtp.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError, ValueError):
            if client.smtp is not None:
                client.smtp.close()
            client.is_closed = True
            raise
        return client

    def _judge_sender(self, reply: Reply, pipeline: Pipeline) -> None:
        """A refused MAIL says nothing about the recipient: for good, it is our own fault."""
        try:
            self._judge("sender", reply, pipeline)
        except Rejected as error:
            raise Halted(str(error)) from error

    def _judge(self, what: str, reply: Reply, pipeline: Pipeline | None = None) -> None:
        if not is_accepted(reply):
            self._refuse(what, reply, pipeline)

    def _refuse(self, what: str, reply: Reply, pipeline: Pipeline | None) -> NoReturn:
        if not (leaves_connection(reply) and self._is_ready_again(pipeline)):
            self._drop()
        raise refusal(what, reply)

    def _is_ready_again(self, pipeline: Pipeline | None) -> bool:
        """Whether the connection could be made so for the next mail."""
        if self._client is None:
            return False
        try:
            through = pipeline is None or pipeline.abandon()
            return through and is_accepted(self._in_time(self._client.smtp).rset())
        except (smtplib.SMTPException, OSError):
            return False

    def _drop(self) -> None:
        client, self._client, self._begun = self._client, None, 0
        if client is not None:
            client.smtp.close()
            client.is_closed = True


def _as_data(content: bytes) -> bytes:
    """The message as it travels: dots at line starts doubled, then the end (RFC 5321 4.5.2)."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"\n" + ended).replace(b"\n.", b"\n..")[1:] + b".\r\n"
