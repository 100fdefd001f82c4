"""The confirmation as a mail: headers that can be trusted, around text and HTML."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import encodebytes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, formataddr
from functools import lru_cache

from chalicelib.attendance.email import parse_email
from chalicelib.attendance.errors import InvalidRequest
from chalicelib.attendance.event import Event, Locale
from chalicelib.confirmation.content import one_line, write_content

_SMTP = SMTP.clone(cte_type="7bit")
_kept = lru_cache(256)
# Written here, or what each mail has for itself.
_OWN = frozenset({"From", "To", "Date", "Message-ID"})


class _Policy(EmailPolicy):
    """Python parses each header in order to write it, which took most of the time of a mail.

    So what mails share is kept, and what is a plain line goes out as it is.
    """

    header_max_count = staticmethod(_kept(_SMTP.header_max_count))
    _store_kept = staticmethod(_kept(_SMTP.header_store_parse))
    _fold_kept = staticmethod(_kept(_SMTP.fold_binary))

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        if name not in _OWN:
            return self._store_kept(name, value)
        return (name, value) if _is_line(name, value) else _SMTP.header_store_parse(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        if _is_line(name, value):
            return f"{name}: {value}\r\n".encode()
        return (_SMTP.fold_binary if name in _OWN else self._fold_kept)(name, value)


def _is_line(name: str, value: str) -> bool:
    length = len(name) + len(value) + 2
    return length <= (_SMTP.max_line_length or 0) and value.isascii() and value.isprintable()


_POLICY = _Policy() + _SMTP

# Nobody who writes an announcement can know it.
_BOUNDARY = f"=_{secrets.token_hex(16)}"

# What a Message-ID takes unquoted (RFC 5322 3.6.4), as short as one header line allows.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_ENCODED_WORD = "=?"  # how one begins (RFC 2047 2)
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,."]')  # what a phrase has to quote (RFC 5322 3.2.3)
_UNFOLDED = 30  # octets that fit on one header line, even with each of them escaped or encoded


class UnusableAddress(ValueError):
    """No mail can be sent to this address. The message does not repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What is known of one check-in when its mail is written; only `to` is certain.

    `checked_at` is aware, or naive where the record gave no zone: then it is shown as written.
    `check_in_id` is the proof's number. `event` is None where `event_code` leads to none.
    `record` tells records without a `check_in_id` from each other; no personal data.
    """

    to: str
    name: str | None = None
    checked_at: datetime | None = None
    event_code: str | None = None
    check_in_id: str | None = None
    event: Event | None = None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """`reply_to` takes the answers where the event names no address for them."""

    name: str
    address: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """`content` is a message with CRLF line ends (RFC 5322), to one address."""

    address: str
    content: bytes


Composer = Callable[[Confirmation, datetime], Letter]


def compose(
    confirmation: Confirmation, now: datetime, *, sender: Sender, default_locale: Locale
) -> Letter:
    """The mail in the event's language, else in `default_locale`; `now` (aware) is its date.

    However often it is composed, one check-in has one Message-ID. Raises UnusableAddress.
    """
    event = confirmation.event
    locale = event.locale if event else default_locale
    to = _address(confirmation.to)
    reply_to = _reply_to(event, sender)
    content = write_content(confirmation, locale, replies=reply_to is not None)

    message = EmailMessage(_POLICY)
    message["From"] = _mailbox("From", sender.name, sender.address)
    message["To"] = _mailbox("To", confirmation.name, to)
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = _verbatim(content.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{_identity(confirmation)}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice comes back
    # The same for Exchange (MS-OXCMAIL 2.1.3.2.20). Not `All`: that would hold bounces back too.
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["Content-Language"] = locale
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{_BOUNDARY}"'
    message.set_payload(_alternatives({"plain": content.text, "html": content.html}))
    return Letter(to, message.as_bytes())


def _alternatives(texts: Mapping[str, str]) -> str:
    """The parts of a multipart/alternative by subtype, the last one preferred (RFC 2046 5.1.4).

    In base64: of the encodings in 7 bits, which no server on the way has to change, the quick one.
    By hand, since the email package takes longer for these few lines than for all headers.
    """
    parts = (
        f'--{_BOUNDARY}\nContent-Type: text/{subtype}; charset="utf-8"\n'
        f"Content-Transfer-Encoding: base64\n\n{_base64(text)}"
        for subtype, text in texts.items()
    )
    return f"{''.join(parts)}--{_BOUNDARY}--\n".replace("\n", "\r\n")


def _base64(text: str) -> str:
    return encodebytes(text.replace("\n", "\r\n").encode()).decode()


def _address(text: str) -> str:
    """Raises UnusableAddress."""
    try:
        address = parse_email(text)
    except InvalidRequest:
        address = ""
    if not address or _ENCODED_WORD in address:
        # Out here, since what parse_email raised repeats parts of the address.
        raise UnusableAddress("not an address that mail can be sent to")
    return address


def _mailbox(header: str, name: str | None, address: str) -> str:
    """Encoded already, where that is one line; else as Python is to encode, quote and fold it."""
    phrase = _phrase(name)
    line = formataddr((phrase, address))
    return line if _is_line(header, line) else str(Address(phrase, addr_spec=address))


def _phrase(name: str | None) -> str:
    """The name beside an address; a long one without the punctuation that it would have to quote.

    Python 3.11 loses the quotes where it folds a long name, and then a comma in it starts a
    further address.
    """
    line = _verbatim(one_line(name))
    if len(line.encode()) <= _UNFOLDED:
        return line
    return " ".join(_SPECIALS.sub(" ", line).split())


def _verbatim(line: str) -> str:
    """The line as a header can carry it, unchanged but for what looks like an encoded word.

    The email package decodes that when a header is set; where CVE-2024-6923 is not mended, a
    line end decoded from it is written as one, and what follows it is a header of its own.
    """
    return line.replace(_ENCODED_WORD, "= ?")


def _reply_to(event: Event | None, sender: Sender) -> str | None:
    for text in (event.reply_to if event else None, sender.reply_to):
        if text:
            try:
                return _address(text)
            except UnusableAddress:
                continue  # no reason to keep the attendee's mail back
    return None


def _identity(confirmation: Confirmation) -> str:
    """The check-in's id; where it has none, a digest of all that tells it from others."""
    check_in_id = confirmation.check_in_id or ""
    if _ID.fullmatch(check_in_id):
        return check_in_id
    facts = (
        check_in_id,
        confirmation.record,
        confirmation.to,
        confirmation.name,
        confirmation.event_code,
        confirmation.checked_at.isoformat() if confirmation.checked_at else None,
    )
    return hashlib.sha256(repr(facts).encode(errors="backslashreplace")).hexdigest()[:32]
