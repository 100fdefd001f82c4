"""A new connection to the mail server, secured and logged in by yagmail."""

from __future__ import annotations

import smtplib
import ssl
from typing import Protocol

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.replies import Halted, login_failure
from chalicelib.settings import MailSettings

# A login takes several waits (greeting, EHLO, STARTTLS, AUTH): each may use this share of the time
# that is left, and half a second in any case.
_WAITS = 6
_SHORTEST_WAIT = 0.5


class Password(Protocol):
    """Both raise StorageUnavailable."""

    def reveal(self) -> str: ...

    def renewed(self, refused: str) -> bool:
        """Whether it has been changed since."""


def log_in(settings: MailSettings, password: Password, seconds: float) -> smtplib.SMTP:
    """A connection, within the `seconds` that are left for everything. Raises Halted.

    A password that is refused is read once more, since somebody may have changed it.
    """
    try:
        secret = password.reveal() if settings.username else ""
        try:
            return _connect(settings, secret, seconds)
        except smtplib.SMTPAuthenticationError:
            if not password.renewed(secret):
                raise
            return _connect(settings, password.reveal(), seconds)
    except StorageUnavailable as error:
        raise Halted(f"no password: {error}") from error
    # ValueError: the password is not ASCII, or the server's challenge is not base64.
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise login_failure(error) from error


def _connect(settings: MailSettings, password: str, seconds: float) -> smtplib.SMTP:
    """Raises what smtplib does, OSError and ValueError."""
    import yagmail  # 120 ms, which only a container that mails has to pay

    username = settings.username or ""
    # yagmail verifies no certificate unless it is given a context.
    tls = {"context": ssl.create_default_context()} if settings.security != "none" else {}
    client = yagmail.SMTP(
        user={username: username},  # yagmail takes a plain str without @ for one at gmail.com
        password=password or None,
        host=settings.host,
        port=settings.port,
        smtp_ssl=settings.security == "tls",
        smtp_starttls=tls if settings.security == "starttls" else False,
        smtp_skip_login=not username,
        soft_email_validation=False,
        timeout=max(_SHORTEST_WAIT, min(settings.timeout, seconds / _WAITS)),
        # Otherwise smtplib asks the resolver for this machine's name, which can take seconds.
        local_hostname=settings.sender[1].rpartition("@")[2],
        **(tls if settings.security == "tls" else {}),
    )
    try:
        client.login()
        client.smtp.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError, ValueError):
        if client.smtp is not None:
            client.smtp.close()
        raise
    finally:
        client.is_closed = True  # or yagmail would say goodbye when this object is collected
    smtp: smtplib.SMTP = client.smtp
    return smtp
