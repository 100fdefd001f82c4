"""Sends one mail over one connection, and reports what became of it.

Rollcall sends the mail itself, over a connection that yagmail opened. A retry has to know how far
the last attempt got, and yagmail's own `send` does not tell.
"""

from __future__ import annotations

import smtplib
import time
from contextlib import suppress
from typing import NoReturn

from chalicelib.confirmation.composer import Message
from chalicelib.confirmation.login import Password, log_in
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
    refusal,
)
from chalicelib.settings import MailSettings

# The data is sent only if this share of the time is left, because a late reply would be lost.
_FOR_THE_REPLY = 1 / 4
# In timeouts. Servers scan a mail before they accept it, and if we hang up meanwhile, the mail has
# to be sent again (RFC 5321 4.5.3.2.6 recommends ten minutes).
_PATIENCE_FOR_THE_MAIL = 4
_GOODBYE_SECONDS = 1.0


class Connection:
    """Sends mails one after another, also across invocations. It is not thread-safe."""

    def __init__(self, settings: MailSettings, password: Password) -> None:
        self._settings = settings
        self._password = password
        self._smtp: smtplib.SMTP | None = None
        self._begun = 0  # number of mails on this connection
        self._deadline = 0.0

    def __del__(self) -> None:
        self._drop()  # a socket that is left open causes a warning

    def ready(self, seconds: float) -> None:
        """Connect if necessary; `seconds` are left for this and all that follows. Raises Halted."""
        if self._begun >= self._settings.messages_per_connection:
            self.close()
        if self._smtp is None:
            self._connect(seconds)

    def send(self, message: Message, seconds: float) -> None:
        """Send the mail, and return when the server has accepted it (RFC 5321 4.1.1.4).

        This takes at most `seconds`, unless the server sends its reply byte by byte. Raises a
        subclass of DeliveryError.
        """
        self._deadline = time.monotonic() + seconds
        try:
            smtp = self._announce(message)
            if self._seconds_left() < seconds * _FOR_THE_REPLY:
                raise TimeoutError
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Postponed(f"connection lost before the data: {type(error).__name__}") from error
        try:
            smtp.send(_as_data(message.content))
            self._bound(smtp, _PATIENCE_FOR_THE_MAIL)
            reply = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unclear(f"no reply to the data: {type(error).__name__}") from error
        if not is_decision(reply):
            self._drop()
            raise Unclear("invalid reply to the data")
        if not is_accepted(reply):
            self._refuse("message", reply)

    def close(self) -> None:
        """Send QUIT and close, whether or not the server answers."""
        if self._smtp and self._smtp.sock:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.sock.settimeout(_GOODBYE_SECONDS)
                self._smtp.quit()
        self._drop()

    def _announce(self, message: Message) -> smtplib.SMTP:
        """Send sender, recipient and DATA; returns the connection that the data now goes to.

        The server may have closed an idle connection. In that case it has seen nothing of the mail,
        so a new connection is tried at once.
        """
        idle = self._begun > 0
        try:
            smtp, pipeline = self._begin(message)
            reply = pipeline.reply()
            closed = is_closing(reply)
        except (smtplib.SMTPException, OSError):
            if not idle:
                raise
            closed = True
        if idle and closed:
            self._drop()
            smtp, pipeline = self._begin(message)
            reply = pipeline.reply()
        if not is_accepted(reply):
            self._refuse("sender", reply, pipeline)
        reply = pipeline.reply()
        if not is_accepted(reply):
            self._refuse("recipient", reply, pipeline)
        reply = pipeline.reply()
        if not goes_ahead(reply):
            self._refuse("message", reply, pipeline)
        return smtp

    def _begin(self, message: Message) -> tuple[smtplib.SMTP, Pipeline]:
        """Begin the next mail on the open connection, or on a new one."""
        smtp = self._smtp or self._connect(self._seconds_left())
        self._begun += 1
        size = f" SIZE={len(message.content)}" if smtp.has_extn("size") else ""
        pipeline = Pipeline(
            smtp,
            self._bound,
            f"MAIL FROM:<{self._settings.sender[1]}>{size}",
            f"RCPT TO:<{message.address}>",
            "DATA",
        )
        return smtp, pipeline

    def _connect(self, seconds: float) -> smtplib.SMTP:
        self._smtp, self._begun = log_in(self._settings, self._password, seconds), 0
        return self._smtp

    def _bound(self, smtp: smtplib.SMTP, timeouts: int = 1) -> None:
        """Limit the next wait. Raises smtplib's errors, and OSError if no time is left."""
        seconds = min(self._settings.timeout * timeouts, self._seconds_left())
        if seconds <= 0:
            raise TimeoutError
        if smtp.sock is None:
            raise smtplib.SMTPServerDisconnected
        smtp.sock.settimeout(seconds)

    def _seconds_left(self) -> float:
        return self._deadline - time.monotonic()

    def _refuse(self, what: str, reply: Reply, pipeline: Pipeline | None = None) -> NoReturn:
        """Raise the error for this reply; keep the connection if the next mail can use it."""
        if not (leaves_connection(reply) and self._is_ready_again(pipeline)):
            self._drop()
        error = refusal(what, reply)
        if what == "sender" and isinstance(error, Rejected):
            raise Halted(str(error))  # our own fault, not the recipient's
        raise error

    def _is_ready_again(self, pipeline: Pipeline | None) -> bool:
        """Whether the connection could be reset for the next mail."""
        if self._smtp is None:
            return False
        try:
            read = pipeline is None or pipeline.abandon()
            self._bound(self._smtp)
            return read and is_accepted(self._smtp.rset())
        except (smtplib.SMTPException, OSError):
            return False

    def _drop(self) -> None:
        smtp, self._smtp, self._begun = self._smtp, None, 0
        if smtp is not None:
            smtp.close()


def _as_data(content: bytes) -> bytes:
    """The message as DATA: leading dots doubled, and a final line with a dot (RFC 5321 4.5.2)."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"\n" + ended).replace(b"\n.", b"\n..")[1:] + b".\r\n"
