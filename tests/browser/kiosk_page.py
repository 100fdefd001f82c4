"""The kiosk in a browser, over a stand-in for Rollcall that lives in the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, Route, expect

from chalicelib.web.kiosk import HEADERS

ORIGIN = "http://kiosk.test"  # nothing listens there: every request is answered below
STAGE = "/api"  # API Gateway puts one in front of every path
PAGES = Path(__file__).parents[2] / "chalicelib" / "web" / "pages"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

NOW = "2026-02-11T09:52:00Z"  # 18:52 in Seoul, 04:52 in New York
BEFORE = "2026-02-11T09:51:00Z"  # a clock is stopped ahead of where it runs
EVENT = {
    "event_code": "0211ABC",
    "name": "파이썬 밋업 2월",
    "organization": "Example Python User Group",
    "venue": "서울시청 시민청 2층",
    "starts_at": "2026-02-11T10:00:00+00:00",
    "check_in_opens_at": "2026-02-11T09:30:00+00:00",
    "check_in_closes_at": "2026-02-11T12:00:00+00:00",
    "state": "open",
    "timezone": "Asia/Seoul",
    "locale": "ko",
    "self_check_in": True,
    "walk_ins": False,
}
CHECKED_IN = {
    "status": "checked_in",
    "check_in_id": "5f0c9d5e-3a86-4b8e-9a51-0f7f7f6f6f01",
    "name": "김하나",
    "checked_at": "2026-02-11T09:52:00+00:00",
    "confirmation": {"status": "due", "to": "h***@example.com"},
}
ALREADY = CHECKED_IN | {"status": "already_checked_in", "checked_at": "2026-02-11T09:41:00+00:00"}

Answer = Callable[[Route], None]


def reply(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer with this JSON body; `retry_after="7"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(route: Route) -> None:
        route.fulfill(status=status, json=body, headers=named)

    return answer


def problem(status: int, reason: str, **members: object) -> Answer:
    return reply({"status": status, "reason": reason, "detail": "…", **members}, status)


def raw(text: str, status: int = 200) -> Answer:
    """An answer that is not Rollcall's: a captive portal's page, or a body that was cut off."""
    return lambda route: route.fulfill(status=status, body=text, content_type="text/html")


def disconnect(route: Route) -> None:
    route.abort("connectionfailed")


@dataclass
class StandIn:
    """Answers like Rollcall. Each check-in takes the next of `answers`, the last one stays."""

    event: Answer = field(default_factory=lambda: reply(EVENT))
    answers: list[Answer] = field(default_factory=lambda: [reply(CHECKED_IN, 201)])
    requests: list[Request] = field(default_factory=list)
    event_requests: list[Request] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)
    held: list[Route] = field(default_factory=list)

    def hold(self, route: Route) -> None:
        """No answer, until the test gives it to `held`."""
        self.held.append(route)

    def release(self) -> None:
        """Ends the requests that are still held; Playwright would wait for their answers."""
        for route in self.held:
            with suppress(Error):  # answered by the test, or given up by the page
                route.abort()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.post_data or "null") for request in self.requests]

    def serve(self, route: Route, request: Request) -> None:
        url = urlsplit(request.url)
        path = url.path.removeprefix(STAGE)
        if f"{url.scheme}://{url.netloc}{STAGE}{path}" != request.url.partition("?")[0]:
            self.strayed.append(request.url)
            route.abort()
        elif path.startswith("/kiosk/"):
            self._file(route, PAGES / "kiosk.html")
        elif path.startswith("/assets/"):
            self._file(route, PAGES / path.removeprefix("/assets/"))
        elif path == "/events/0211ABC" and request.method == "GET":
            self.event_requests.append(request)
            self.event(route)
        elif path == "/events/0211ABC/check-ins" and request.method == "POST":
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            answer(route)
        else:
            self.strayed.append(request.url)
            route.abort()

    def _file(self, route: Route, path: Path) -> None:
        headers = {
            "Content-Type": f"{CONTENT_TYPES[path.suffix]}; charset=utf-8",
            "Content-Security-Policy": HEADERS["Content-Security-Policy"],
            "X-Content-Type-Options": "nosniff",
        }
        route.fulfill(body=path.read_text(encoding="utf-8"), headers=headers)


class KioskPage:
    """One tablet. Its clock stands still: `wait` moves it."""

    def __init__(self, page: Page, server: StandIn) -> None:
        self.page = page
        self.server = server
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heed)
        page.route("**/*", server.serve)
        page.clock.install(time=BEFORE)
        page.clock.pause_at(NOW)

    def _heed(self, message: ConsoleMessage) -> None:
        # The browser's own remark on a 4xx, a 5xx or a lost connection, which the tests cause.
        if message.type in {"error", "warning"} and "Failed to load" not in message.text:
            self.faults.append(message.text)

    def open(self, fragment: str = "", *, shows: str = "idle") -> None:
        self.page.goto(f"{ORIGIN}{STAGE}/kiosk/0211ABC{fragment}")
        self.shows(shows)

    def wait(self, seconds: float) -> None:
        self.page.clock.run_for(round(seconds * 1000))

    def shows(self, state: str) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-state", state)

    def says(self, text: str) -> None:
        expect(self.page.locator(".message")).to_contain_text(text)

    def type(self, text: str) -> None:
        """As a hand does, after a pause."""
        self.wait(0.5)
        self.page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        self.wait(0.1)
        for key in keys:
            self.page.keyboard.press(key)

    def scan(self, text: str) -> None:
        """As a scanner does: all keys at once, then Enter."""
        self.page.keyboard.type(f"{text}\n")

    def tap(self, selector: str) -> None:
        self.wait(0.35)
        self.page.locator(selector).click()

    def check_in(self, number: str = "01000001234") -> None:
        self.type(number)
        self.press("Enter")

    @property
    def phone(self) -> Locator:
        return self.page.locator("#phone")

    def holds(self, number: str) -> None:
        expect(self.phone).to_have_value(number)

    def can_take_a_number(self) -> None:
        self.shows("idle")
        self.holds("")
        expect(self.phone).to_be_focused()
