"""`make mail`: the confirmation in each language, light and dark, for designers.

The mails are what the consumer would send, with sample data. The page reloads itself when a
template or a language's words change.
"""

from __future__ import annotations

import email
import logging
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Flask, Response, abort, render_template_string, request
from jinja2 import TemplateError
from werkzeug.serving import make_server

from chalicelib.attendance.event import LOCALES, Event, Locale
from chalicelib.confirmation import language, rendering
from chalicelib.confirmation.composer import Composer, Sender
from chalicelib.confirmation.records import Record
from chalicelib.confirmation.replies import Halted
from local.loopback import HOST

_DEFAULT_PORT = 8026
_PAGE = Path(__file__).with_suffix(".html")
_SOURCES = Path(rendering.__file__).parent

_NOW = datetime(2026, 2, 11, 9, 42, tzinfo=UTC)
_WITHIN = timedelta(hours=3)
_SENDER = Sender("Meetup", "hello@example.com", None)
_CHECK_IN = {
    "event_code": "0211ABC",
    "check_in_id": "7F3K-9QRT-2MXA-HB4D",
    "checked_at": "2026-02-11T09:42:00Z",
}
_NAMES: Mapping[Locale, str] = {"ko": "김하나", "en": "Hana Kim"}
_KOREAN = Event(
    event_code="0211ABC",
    name="파이썬 밋업 2월",
    organization="예시 파이썬 사용자 모임",
    venue="서울 예시 빌딩 3층",
    starts_at=_NOW + timedelta(minutes=18),
    check_in_opens_at=_NOW - _WITHIN,
    check_in_closes_at=_NOW + _WITHIN,
    timezone="Asia/Seoul",
    locale="ko",
    expires_at=_NOW + timedelta(days=60),
    announcement="와이파이: meetup\n발표 자료는 https://example.com/0211에서 볼 수 있습니다.",
    reply_to="team@example.com",
)
_EVENTS: Mapping[Locale, Event] = {
    "ko": _KOREAN,
    "en": replace(
        _KOREAN,
        locale="en",
        name="Python Meetup, February",
        organization="Example Python User Group",
        venue="Example Tower, 3rd floor, Seoul",
        announcement="Wi-Fi: meetup\nSlides: https://example.com/0211.",
    ),
}
_LONG_LINES = "\n".join(
    [
        "https://example.com/a/very/long/path/that/does/not/fit/on/a/phone?and=its&query=too",
        "",
        *(f"{number}. https://example.com/talks/{number} and what it is about" for number in "123"),
        "word " * 60,
    ]
)
SAMPLES = ("usual", "long", "no event", "unknown")


class _Known:
    """Stores the one event of a sample, or none."""

    def __init__(self, event: Event | None) -> None:
        self._event = event

    def get(self, event_code: str) -> Event | None:  # noqa: ARG002  -- whatever it is called
        return self._event


def compose(sample: str, locale: Locale) -> EmailMessage:
    """Compose a sample's mail. Raises one of `BROKEN` after a faulty edit."""
    language.words.cache_clear()
    texts = {} if sample == "unknown" else {**_CHECK_IN, "name": _NAMES[locale]}
    event = _EVENTS[locale] if sample in ("usual", "long") else None
    if event and sample == "long":
        texts["name"] = f"{texts['name']} Maximiliane-Friederike von Hohenstein-Wittelsbach"
        event = replace(
            event,
            name=f"{event.name}: {event.organization} × {event.venue}",
            venue=" · ".join([event.venue] * 3),
            announcement=f"{event.announcement}\n\n{_LONG_LINES}",
        )
    image = {name: {"S": value} for name, value in texts.items()}
    composer = Composer(_Known(event), _SENDER, default_locale=locale, now=lambda: _NOW)
    content = composer.compose(Record("1", {}, image), "hana@example.com").content
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


BROKEN = (TemplateError, LookupError, ValueError, TypeError, OSError, Halted)


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["localhost", HOST]

    @app.get("/")
    def page() -> str:
        sample, locale = _chosen()
        try:
            message, broken = compose(sample, locale), ""
        except BROKEN as error:
            cause = error.__cause__ or error
            message, broken = EmailMessage(), f"{type(cause).__name__}: {cause}"
        return render_template_string(
            _PAGE.read_text(encoding="utf-8"),
            sample=sample,
            samples=SAMPLES,
            locale=locale,
            locales=LOCALES,
            headers=[(name, str(value)) for name, value in message.items()],
            subject=message["Subject"],
            text="" if broken else _part(message, "plain"),
            broken=broken,
            version=_version(),
        )

    @app.get("/frame/<scheme>")
    def frame(scheme: str) -> Response:
        try:
            html = _part(compose(*_chosen()), "html")
        except BROKEN:
            html = ""  # the page around it says what is broken
        response = Response(in_scheme(html, scheme), mimetype="text/html")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups"
        )
        return response

    @app.get("/version")
    def version() -> str:
        return _version()

    return app


def in_scheme(html: str, scheme: str) -> str:
    """The mail as a reader with this scheme sees it, whatever the browser's own scheme is."""
    dark = "@media all" if scheme == "dark" else "@media not all"
    html = re.sub(r"@media \(prefers-color-scheme: dark\)", dark, html)
    return html.replace("light dark", scheme)


def main() -> None:
    port = os.environ.get("MAIL_PORT") or str(_DEFAULT_PORT)
    try:
        listener = socket.create_server((HOST, int(port)))
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"mail: port {port} cannot be used ({error}); choose another with MAIL_PORT=…")
    with listener:
        number: int = listener.getsockname()[1]
        server = make_server(HOST, number, create_app(), threaded=True, fd=listener.fileno())
        print(f"mail: http://{HOST}:{number}", flush=True)  # noqa: T201  -- for people
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the page asks every second
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()


def _chosen() -> tuple[str, Locale]:
    sample = request.args.get("sample", SAMPLES[0])
    locale = next((each for each in LOCALES if each == request.args.get("locale", "ko")), None)
    if sample not in SAMPLES or locale is None:
        abort(404)
    return sample, locale


def _part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    return str(body.get_content()) if body else ""


def _version() -> str:
    """A version that changes with each edit."""
    files = [_PAGE, *_SOURCES.glob("templates/*"), *_SOURCES.glob("words/*")]
    try:
        return str(max(file.stat().st_mtime_ns for file in files))
    except FileNotFoundError:  # an editor is replacing one
        return ""


if __name__ == "__main__":
    main()
