"""Turns a record into the finished message: safe headers around text and HTML."""

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

# What a Message-ID can hold unquoted (RFC 5322 3.6.4), short enough for one header line.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_FACTS = ("check_in_id", "event_code", "email", "name", "checked_at")  # these never change
_ALTERNATIVES = 'multipart/alternative; boundary="=_alternative"'  # base64 has no underscores
_ENCODED_WORD = "=?"  # its first characters (RFC 2047 2)
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')  # a phrase has to quote these (RFC 5322 3.2.3)
_UNFOLDED = 30  # octets that fit on one header line even if each is escaped or encoded


# What a mistake in `templates/` or `words/` raises. That is our fault, so it marks nobody's mail.
_BROKEN = (TemplateError, LookupError, ValueError, TypeError, OSError)


class UnusableAddress(ValueError):
    """No mail can be sent to this address. The message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`reply_to` gets the replies if the event has no address for them."""

    name: str
    address: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """`content` is a mail to one address, with CRLF line endings (RFC 5322)."""

    address: str
    content: bytes


class Composer:
    """Writes mails in the event's language, or in `default_locale`.

    `now` (aware UTC) provides the date of a mail.
    """

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
        """Compose the mail for an item. Its Message-ID is the same each time.

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
        # RFC 3834: this prevents vacation notices.
        mail["Auto-Submitted"] = _shared_header("Auto-Submitted", "auto-generated")
        # The same for Exchange (MS-OXCMAIL 2.1.3.2.20). `All` would suppress bounces too.
        mail["X-Auto-Response-Suppress"] = _shared_header(
            "X-Auto-Response-Suppress", "OOF, AutoReply"
        )
        mail["Content-Language"] = _shared_header("Content-Language", confirmation.locale)
        return Message(to, mail.as_bytes())

    def _event(self, record: Record) -> Event | None:
        """The event, or None (and then a general text) if it is missing or malformed."""
        event_code = normalize_event_code(text(record.image or {}, "event_code") or "")
        if event_code is None:
            return None
        try:
            return self._events.get(event_code)
        except MalformedItem as error:
            log.error("event %s: %s", event_code, error, extra=record.log_fields)
            return None


def _part(subtype: str, content: str) -> EmailMessage:
    """Build the part as `set_content` would, but without parsing its Content-Type twice.

    It is in base64, which no server on the way has to change, and which Python encodes quickly.
    """
    part = EmailMessage(SMTP)
    part["Content-Type"] = _shared_header("Content-Type", f'text/{subtype}; charset="utf-8"')
    part["Content-Transfer-Encoding"] = _shared_header("Content-Transfer-Encoding", "base64")
    part.set_payload(encodebytes(content.replace("\n", "\r\n").encode()).decode("ascii"))
    return part


@lru_cache(64)
def _shared_header(name: str, value: str) -> Any:
    """Parse a header that many mails share only once; Python parses every header that is set.

    This and `_part` halve the time to compose a mail, which takes most of its CPU time.
    """
    return SMTP.header_factory(name, value)


def _address(written: str) -> str:
    """Return the address in normal form. Raises UnusableAddress."""
    try:
        address = parse_email(written)
    except InvalidRequest:
        address = ""
    if not address or _ENCODED_WORD in address:
        # Raised outside the `except`: the cause would repeat parts of the address.
        raise UnusableAddress("not an address that mail can be sent to")
    return address


def _phrase(name: str) -> str:
    """The display name of an address. A long one loses the punctuation that needs quotes.

    Python 3.11 drops the quotes when it folds a long name, and a comma in the name would then
    start another address.
    """
    line = _verbatim(one_line(name))
    if len(line.encode()) <= _UNFOLDED:
        return line
    return " ".join(_SPECIALS.sub(" ", line).split())


def _verbatim(line: str) -> str:
    """Break up anything that looks like an encoded word; the rest of the line stays unchanged.

    The email package decodes encoded words when a header is set. In a Python without the fix for
    CVE-2024-6923 a decoded line break is written as such, and the text after it becomes a header.
    """
    return line.replace(_ENCODED_WORD, "= ?")


def _reply_to(event: Event | None, sender: Sender) -> str | None:
    for wanted in (event.reply_to if event else None, sender.reply_to):
        if wanted:
            try:
                return _address(wanted)
            except UnusableAddress:
                continue  # not a reason to withhold the attendee's mail
    return None


def _identity(record: Record) -> str:
    """The check-in's id; without one, a digest of what distinguishes the record from others."""
    check_in_id = text(record.image or {}, "check_in_id") or ""
    if _ID.fullmatch(check_in_id):
        return check_in_id
    facts = repr([record.sequence_number, *((record.image or {}).get(name) for name in _FACTS)])
    return hashlib.sha256(facts.encode(errors="backslashreplace")).hexdigest()[:32]
