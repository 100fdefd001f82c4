"""The kiosk: one page for all events, which gets the details of its event from the API."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chalice.app import NotFoundError, Response

_PAGES = Path(__file__).parent / "pages"

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page() -> Response:
    return _respond(_files()["kiosk.html"], "text/html; charset=utf-8")


def asset(name: str) -> Response:
    """A script or style of the page. Raises Chalice's NotFoundError."""
    content_type = _TYPES.get(Path(name).suffix)
    if content_type is None or name not in _files():
        raise NotFoundError(name)
    return _respond(_files()[name], content_type)


def _respond(text: str, content_type: str) -> Response:
    return Response(text, {**HEADERS, "Content-Type": content_type})


@cache
def _files() -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in _PAGES.iterdir()}
