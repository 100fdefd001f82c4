"""The whole way in a browser: from the keypad of the kiosk to the mail in the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect
from running import Running


def test_a_number_from_the_roster_is_welcomed_and_its_mail_can_be_read(
    browser: Browser, runtime_environment: dict[str, str], start_runtime: Callable[..., Running]
) -> None:
    running = start_runtime(runtime_environment)
    running.read_facts()
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)

    page.goto(running["kiosk"])
    type_number(page, running["phone"])
    expect(page.locator("[data-state=welcome]")).to_be_visible()
    expect(page.locator("body")).to_contain_text("h***@example.com")
    assert faults == []

    page.goto(running["inbox"])
    expect(page.get_by_text("hana.kim@example.com")).to_be_visible()
    page.get_by_text("파이썬 밋업").first.click()
    mail = page.frame_locator("iframe").locator("body")
    expect(mail).to_contain_text("김하나")
    expect(mail).to_contain_text(re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}"))
    page.close()


def type_number(page: Page, phone: str) -> None:
    for digit in phone.replace("-", ""):
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="체크인", exact=True).click()
