"""The parts of a mail, however malformed it is.

Nothing here raises because of a mail's content: an unknown charset, a header that cannot be parsed
and a multipart without a boundary all become text, with U+FFFD for what is unreadable.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import HeaderRegistry
from email.message import Message as Part
from email.parser import BytesHeaderParser, BytesParser
from email.policy import EmailPolicy, compat32
from mimetypes import guess_extension
from typing import cast
from urllib.parse import unquote

from local.inbox.mailbox import Envelope, Mail

# Every header is read as plain text. Encoded words and raw UTF-8 are still decoded, but the parsers
# for addresses and parameters, which raise for some malformed headers, are not used.
_POLICY = EmailPolicy(header_factory=HeaderRegistry(use_default_map=False))

_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_A_FILENAME = re.compile(r"[\x00-\x1f\x7f/\\]+")
_CONTENT_ID = re.compile(r"""(?<=["'(=\s])cid:([^"'()\s>]+)""", re.IGNORECASE)
_IMAGE_TYPE = re.compile(r"image/[a-z0-9.+-]+")
_DOCTYPE = re.compile(r"\s*(?:<!doctype[^>]*>)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the list. Sender and recipients come from the headers, else from the envelope."""

    mail_id: str
    received_at: datetime
    sender: str
    recipients: str
    subject: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is neither the text nor the HTML. `cid:` links refer to `content_id`."""

    filename: str
    content_type: str
    content_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """`text` and `html` are the first such part that is not an attachment, or None."""

    headers: list[tuple[str, str]]
    text: str | None
    html: str | None
    attachments: list[Attachment]


def summarize(mail: Mail) -> Summary:
    """Reads the headers only, so the beginning of a mail is enough."""
    headers = BytesHeaderParser(policy=_POLICY).parsebytes(mail.content)
    return Summary(
        mail.mail_id,
        mail.received_at,
        _printable(headers.get("From", mail.envelope.sender)),
        _printable(headers.get("To", ", ".join(mail.envelope.recipients))),
        _printable(headers.get("Subject", "")),
        mail.envelope,
    )


def parse_message(content: bytes) -> Message:
    """A mail's headers and parts; if it cannot be parsed, its source as the text."""
    try:
        return _message(BytesParser(policy=_POLICY).parsebytes(content))
    # The first comes from parts nested hundreds deep, the others from RFC 2231 parameters that are
    # out of order or hold a NUL (email.utils.decode_params, collapse_rfc2231_value).
    except (RecursionError, TypeError, ValueError):
        headers = BytesHeaderParser(policy=_POLICY).parsebytes(content)
        return Message(_headers(headers), content.decode("utf-8", "replace"), None, [])


def frame_document(message: Message) -> str:
    """The HTML part as a page of its own: `cid:` images are embedded, links open a new tab."""
    images = {
        attachment.content_id: attachment
        for attachment in message.attachments
        if attachment.content_id and _IMAGE_TYPE.fullmatch(attachment.content_type)
    }

    def embedded(reference: re.Match[str]) -> str:
        image = images.get(unquote(html.unescape(reference[1])))
        if image is None:
            return reference[0]
        return f"data:{image.content_type};base64,{base64.b64encode(image.content).decode()}"

    # After the doctype, since a page that begins with anything else gets quirks mode.
    based = _DOCTYPE.sub(r'\g<0><base target="_blank">', message.html or "", count=1)
    return _CONTENT_ID.sub(embedded, based)


def _message(root: Part) -> Message:
    bodies: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in _leaves(root):
        body_type = _body_type(part)
        if body_type and body_type not in bodies:
            bodies[body_type] = _decoded(part)
        else:
            attachments.append(_attachment(part, len(attachments) + 1))
    return Message(_headers(root), bodies.get("text/plain"), bodies.get("text/html"), attachments)


def _headers(part: Part) -> list[tuple[str, str]]:
    return [(_printable(name), _printable(str(value))) for name, value in part.items()]


def _leaves(root: Part) -> Iterator[Part]:
    pending = [root]
    while pending:
        part = pending.pop()
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            pending.extend(reversed(_children(part)))
        else:
            yield part


def _children(part: Part) -> list[Part]:
    return cast(list[Part], part.get_payload())  # as is_multipart() says


def _body_type(part: Part) -> str | None:
    if part.get_content_disposition() == "attachment":
        return None
    if part.get_content_maintype() == "multipart":  # a leaf, so its boundary is missing
        return "text/plain"
    content_type = part.get_content_type()
    return content_type if content_type in ("text/plain", "text/html") else None


def _content(part: Part) -> bytes:
    if part.is_multipart():  # message/*: the mail inside
        return b"\r\n".join(inner.as_bytes(policy=compat32) for inner in _children(part))
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def _decoded(part: Part) -> str:
    content = _content(part)
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # an unknown charset, or one without "replace"
        text = content.decode("utf-8", "replace")
    return _printable(text)


def _attachment(part: Part, number: int) -> Attachment:
    content_type = _printable(part.get_content_type())
    filename = _NOT_IN_A_FILENAME.sub("_", _printable(part.get_filename() or ""))
    return Attachment(
        filename or f"part-{number}{guess_extension(content_type) or '.bin'}",
        content_type,
        str(part.get("Content-ID", "")).strip(" <>"),
        _content(part),
    )


def _printable(text: str) -> str:
    """Without lone surrogates, which stand for undecodable bytes and cannot be encoded."""
    return _SURROGATE.sub("\ufffd", text)
