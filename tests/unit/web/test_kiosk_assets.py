"""The kiosk's page and its files, as they leave the app."""

from __future__ import annotations

import re

import pytest
from chalice.app import NotFoundError

from chalicelib.web import kiosk

SCRIPTS = ["kiosk.js", "kiosk-number.js", "kiosk-keys.js", "kiosk-api.js", "kiosk-words.js"]


def test_the_page_is_html() -> None:
    page = kiosk.page()
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.body.startswith("<!doctype html>")


def test_the_page_loads_nothing_from_elsewhere() -> None:
    loaded = re.findall(r"(?:src|href)=[\"']?([^\"' >]+)", kiosk.page().body)
    assert loaded
    assert not [each for each in loaded if "//" in each and not each.startswith("data:")]


def test_the_page_runs_nothing_that_its_policy_forbids() -> None:
    assert not re.search(r"<script(?![^>]*\ssrc=)", kiosk.page().body)
    assert not re.search(r"<style|\sstyle=|\son\w+=", kiosk.page().body)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one(name: str) -> None:
    assert kiosk.asset(name).headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_a_style_is_one() -> None:
    assert kiosk.asset("kiosk.css").headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("name", ["kiosk.css", *SCRIPTS])
def test_every_file_has_the_headers_of_the_page(name: str) -> None:
    headers, page = kiosk.asset(name).headers, kiosk.page().headers
    assert {**headers, "Content-Type": ""} == {**page, "Content-Type": ""}


def test_the_policy_lets_in_nothing_but_the_app_itself() -> None:
    policy = str(kiosk.page().headers["Content-Security-Policy"])
    directives = dict(each.split(" ", 1) for each in policy.split("; "))
    assert directives.pop("img-src") == "'self' data:"
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "kiosk.html",
        "kiosk.map",
        "nothing.js",
        "KIOSK.JS",
        "../kiosk.py",
        "../pages/kiosk.js",
        "./kiosk.js",
        "%2e%2e%2fkiosk.py",
        "..\\kiosk.js",
        "/etc/passwd",
        "kiosk.js\x00",
        "\ud800.js",
    ],
)
def test_other_files_are_not_found(name: str) -> None:
    with pytest.raises(NotFoundError):
        kiosk.asset(name)
