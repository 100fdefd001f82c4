"""The directory of received mails: one `.eml` file each.

A file begins with the envelope, in the lines that a final delivery adds (RFC 5321, 4.4; RFC 9228):
one `Return-Path`, one `Delivered-To` for each recipient, one `Received`. The mail follows, byte for
byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

_ID = re.compile(r"\d{8}T\d{6}\.\d{6}Z", re.ASCII)
_TRACE = re.compile(rb"Return-Path: <(.*)>\r\n((?:Delivered-To: .*\r\n)*)Received: .*\r\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The real sender and recipients: MAIL FROM (empty for `<>`) and each RCPT TO."""

    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """`received_at` is aware UTC; `content` is the mail as it was received."""

    mail_id: str
    received_at: datetime
    envelope: Envelope
    content: bytes


class Mailbox:
    """Mails in the order of arrival. Their ids are UTC times; other files are left alone.

    One thread may deliver, and any number may read.
    """

    def __init__(
        self, directory: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)
        directory.mkdir(parents=True, exist_ok=True)

    def deliver(self, envelope: Envelope, content: bytes) -> str:
        """Write one file, all or nothing, and return the mail's id. Raises OSError."""
        # Ids ascend even if two mails arrive in one tick or the clock is set back.
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        mail_id = f"{self._last:%Y%m%dT%H%M%S.%fZ}"
        partial = self._directory / f".{mail_id}.partial"
        self._directory.mkdir(parents=True, exist_ok=True)  # it may have been deleted
        try:
            with partial.open("xb") as file:
                file.write(_trace(envelope, self._last))
                file.write(content)
            partial.rename(self.path(mail_id))
        finally:
            partial.unlink(missing_ok=True)
        return mail_id

    def ids(self) -> list[str]:
        """The ids of all mails, newest first."""
        stems = (path.stem for path in self._directory.glob("*.eml"))
        return sorted((stem for stem in stems if _arrival(stem)), reverse=True)

    def read(self, mail_id: str, *, limit: int = -1) -> Mail | None:
        """The mail, from at most `limit` bytes of its file; None if there is none."""
        received_at = _arrival(mail_id)
        if received_at is None:
            return None
        try:
            with self.path(mail_id).open("rb") as file:
                stored = file.read(limit)
        except FileNotFoundError:
            return None
        trace = _TRACE.match(stored)
        if trace is None:  # edited by hand
            return Mail(mail_id, received_at, Envelope("", ()), stored)
        sender, delivered = (group.decode("utf-8", "replace") for group in trace.groups())
        recipients = tuple(line.partition(": ")[2] for line in delivered.split("\r\n")[:-1])
        return Mail(mail_id, received_at, Envelope(sender, recipients), stored[trace.end() :])

    def clear(self) -> None:
        """Delete every mail."""
        for mail_id in self.ids():
            self.path(mail_id).unlink(missing_ok=True)

    def path(self, mail_id: str) -> Path:
        """The file of a mail, whose id must come from this mailbox."""
        return self._directory / f"{mail_id}.eml"


def _arrival(mail_id: str) -> datetime | None:
    if not _ID.fullmatch(mail_id):
        return None
    try:
        return datetime.fromisoformat(mail_id)
    except ValueError:
        return None


def _trace(envelope: Envelope, received_at: datetime) -> bytes:
    lines = [
        f"Return-Path: <{envelope.sender}>",
        *(f"Delivered-To: {recipient}" for recipient in envelope.recipients),
        f"Received: by localhost with ESMTP; {format_datetime(received_at)}",
    ]
    # A quoted local part may hold control characters; a CR in it would start a new line.
    text = "".join(_CONTROL.sub("?", line) + "\r\n" for line in lines)
    return text.encode("utf-8", "surrogateescape")
