"""From a record to the finished message: headers that can be trusted, around text and HTML."""

from __future__ import annotations

import hashlib
import logging
import re
from base64 import encodebytes
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError

from chalicelib.attendance.email import parse_email
from chalicelib.attendance.errors import InvalidRequest, MalformedItem
from chalicelib.attendance.event import Event, Locale, normalize_event_code
from chalicelib.attendance.ports import Events
from chalicelib.confirmation.content import describe, one_line
from chalicelib.confirmation.records import Record, text
from chalicelib.confirmation.rendering import render
from chalicelib.confirmation.replies import Halted

log = logging.getLogger("rollcall.confirmation")

# What a Message-ID takes unquoted (RFC 5322 3.6.4), as short as one header line allows.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_FACTS = ("check_in_id", "event_code", "email", "name", "checked_at")  # that never change
_ALTERNATIVES = 'multipart/alternative; boundary="=_alternative"'  # base64 has no underscores
_ENCODED_WORD = "=?"  # how one begins (RFC 2047 2)
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')  # what a phrase has to quote (RFC 5322 3.2.3)
_UNFOLDED = 30  # octets that fit on one header line, even with each of them escaped or encoded


# What a mistake in `templates/` or `words/` raises. That is our fault, so it marks nobody's mail.
_BROKEN = (TemplateError, LookupError, ValueError, TypeError, OSError)


class UnusableAddress(ValueError):
    """No mail can be sent to this address. The message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`reply_to` takes the answers where the event names no address for them."""

    name: str
    address: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """`content` is a mail with CRLF line ends (RFC 5322), to one address."""

    address: str
    content: bytes


class Composer:
    """Writes in the event's language, else in `default_locale`; `now` (aware UTC) dates a mail."""

    def __init__(
        self,
        events: Events,
        sender: Sender,
        *,
        default_locale: Locale,
        now: Callable[[], datetime],
    ) -> None:
        self._events = events
        self._sender = sender
        self._from = str(Address(_phrase(sender.name), addr_spec=sender.address))
        self._default_locale = default_locale
        self._now = now

    def compose(self, record: Record, recipient: str) -> Message:
        """The mail for an item. However often it is composed, its Message-ID is the same.

        Raises UnusableAddress, Halted if a template or its words are broken, and StorageUnavailable
        if the event cannot be read.
        """
        image = record.image or {}
        event = self._event(record)
        to = _address(recipient)
        reply_to = _reply_to(event, self._sender)
        try:
            confirmation = describe(
                image,
                to,
                event,
                locale=event.locale if event else self._default_locale,
                takes_replies=reply_to is not None,
            )
            rendered = render(confirmation)
        except _BROKEN as error:
            raise Halted(f"the mail cannot be composed: {type(error).__name__}") from error
        domain = self._sender.address.rpartition("@")[2]

        mail = EmailMessage(SMTP)
        mail["MIME-Version"] = _shared_header("MIME-Version", "1.0")
        mail["Content-Type"] = _shared_header("Content-Type", _ALTERNATIVES)
        mail.attach(_part("plain", rendered.text))
        mail.attach(_part("html", rendered.html))
        mail["From"] = _shared_header("From", self._from)
        mail["To"] = Address(_phrase(confirmation.name), addr_spec=to)
        if reply_to:
            mail["Reply-To"] = _shared_header("Reply-To", reply_to)
        mail["Subject"] = _shared_header("Subject", _verbatim(rendered.subject))
        mail["Date"] = self._now()
        mail["Message-ID"] = f"<{_identity(record)}@{domain}>"
        # RFC 3834: no vacation notice comes back.
        mail["Auto-Submitted"] = _shared_header("Auto-Submitted", "auto-generated")
        # The same for Exchange (MS-OXCMAIL 2.1.3.2.20). `All` would hold bounces back too.
        mail["X-Auto-Response-Suppress"] = _shared_header(
            "X-Auto-Response-Suppress", "OOF, AutoReply"
        )
        mail["Content-Language"] = _shared_header("Content-Language", confirmation.locale)
        return Message(to, mail.as_bytes())

    def _event(self, record: Record) -> Event | None:
        """None, and so general words, where there is none or its item cannot be read."""
        event_code = normalize_event_code(text(record.image or {}, "event_code") or "")
        if event_code is None:
            return None
        try:
            return self._events.get(event_code)
        except MalformedItem as error:
            log.error("event %s: %s", event_code, error, extra=record.log_fields)
            return None


def _part(subtype: str, content: str) -> EmailMessage:
    """As `set_content` makes it, which parses each Content-Type twice.

    In base64, because no server on the way has to change it, and Python writes it quickly.
    """
    part = EmailMessage(SMTP)
    part["Content-Type"] = _shared_header("Content-Type", f'text/{subtype}; charset="utf-8"')
    part["Content-Transfer-Encoding"] = _shared_header("Content-Transfer-Encoding", "base64")
    part.set_payload(encodebytes(content.replace("\n", "\r\n").encode()).decode("ascii"))
    return part


@lru_cache(64)
def _shared_header(name: str, value: str) -> Any:
    """Python parses every header that is set. Those that mails share are parsed once.

    This and `_part` halve the time of composing, which is the largest part of a mail's CPU.
    """
    return SMTP.header_factory(name, value)


def _address(written: str) -> str:
    """Raises UnusableAddress."""
    try:
        address = parse_email(written)
    except InvalidRequest:
        address = ""
    if not address or _ENCODED_WORD in address:
        # Out here, since the message of InvalidRequest repeats parts of the address.
        raise UnusableAddress("not an address that mail can be sent to")
    return address


def _phrase(name: str) -> str:
    """The name beside an address; a long one loses the punctuation that it would have to quote.

    Python 3.11 drops the quotes where it folds a long name, and then a comma in it starts a
    further address.
    """
    line = _verbatim(one_line(name))
    if len(line.encode()) <= _UNFOLDED:
        return line
    return " ".join(_SPECIALS.sub(" ", line).split())


def _verbatim(line: str) -> str:
    """The line as a header can carry it, unchanged but for what looks like an encoded word.

    The email package decodes one when a header is set. Where CVE-2024-6923 is not mended, a line
    end decoded from it is written as one, and what follows it becomes a header of its own.
    """
    return line.replace(_ENCODED_WORD, "= ?")


def _reply_to(event: Event | None, sender: Sender) -> str | None:
    for wanted in (event.reply_to if event else None, sender.reply_to):
        if wanted:
            try:
                return _address(wanted)
            except UnusableAddress:
                continue  # no reason to keep the attendee's mail back
    return None


def _identity(record: Record) -> str:
    """The check-in's id; a record without one has a digest of all that tells it from others."""
    check_in_id = text(record.image or {}, "check_in_id") or ""
    if _ID.fullmatch(check_in_id):
        return check_in_id
    facts = repr([record.sequence_number, *((record.image or {}).get(name) for name in _FACTS)])
    return hashlib.sha256(facts.encode(errors="backslashreplace")).hexdigest()[:32]
