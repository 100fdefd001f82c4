"""Opens a connection to the mail server, with TLS and login by yagmail."""

from __future__ import annotations

import smtplib
import ssl
from typing import Protocol

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.confirmation.replies import Halted, login_failure
from chalicelib.settings import MailSettings

# A login waits several times (greeting, EHLO, STARTTLS, AUTH). Each wait may use this share of the
# remaining time, and at least half a second.
_WAITS = 6
_SHORTEST_WAIT = 0.5


class Password(Protocol):
    """The mail server's password. Both methods raise StorageUnavailable."""

    def reveal(self) -> str: ...

    def renewed(self, refused: str) -> bool:
        """Whether the password has changed since the `refused` one."""


def log_in(settings: MailSettings, password: Password, seconds: float) -> smtplib.SMTP:
    """Return a new connection; `seconds` are left for this and all that follows. Raises Halted.

    If the password is refused, it is read once more, since somebody may have changed it.
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
    """Raises smtplib's errors, OSError and ValueError."""
    import yagmail  # takes 120 ms, so only containers that send mail import it

    username = settings.username or ""
    # yagmail verifies no certificate unless it is given a context.
    tls = {"context": ssl.create_default_context()} if settings.security != "none" else {}
    client = yagmail.SMTP(
        user={username: username},  # yagmail would append @gmail.com to a plain str without @
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
        client.is_closed = True  # or yagmail would quit when this object is collected
    smtp: smtplib.SMTP = client.smtp
    return smtp
