"""The parts are built on first use, once, and by whichever thread comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib import settings
from chalicelib.confirmation.service import Policy
from chalicelib.settings import Secret
from chalicelib.storage import parameters
from chalicelib.wiring import Wiring


@pytest.fixture
def wiring() -> Wiring:
    return Wiring(settings.load())


def test_nothing_is_built_before_it_is_asked_for(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = boto3.client

    def note(service: Any, **options: Any) -> Any:
        made.append(service)
        return make(service, **options)

    monkeypatch.setattr(boto3, "client", note)
    assert made == []
    assert wiring.reception is wiring.reception
    assert made == ["dynamodb"]
    assert wiring.confirmations is wiring.confirmations
    assert made == ["dynamodb"]


def test_threads_that_come_at_once_share_the_parts(wiring: Wiring) -> None:
    with ThreadPoolExecutor(8) as threads:
        tables = list(threads.map(lambda _: wiring.check_in_table._client, range(8)))
    assert len(set(map(id, tables))) == 1


@pytest.mark.parametrize(("unclear", "most_copies"), [("resend", 2), ("hold", 1)])
def test_the_confirmations_keep_to_the_settings(
    monkeypatch: pytest.MonkeyPatch, unclear: str, most_copies: int
) -> None:
    monkeypatch.setenv("UNCLEAR_DELIVERY", unclear)
    monkeypatch.setenv("DELIVERY_LEASE", "90")
    monkeypatch.setenv("SMTP_CONNECTIONS", "7")
    confirmations = Wiring(settings.load()).confirmations
    assert confirmations._service._policy == Policy(timedelta(seconds=90), most_copies)
    assert confirmations._pool.size == 7


@pytest.mark.parametrize(
    ("timeout", "lease", "longest"), [("10", "60", 42), ("10", "20", 20), ("300", "3600", 1202)]
)
def test_an_attempt_waits_for_four_replies_and_never_longer_than_its_lease(
    monkeypatch: pytest.MonkeyPatch, timeout: str, lease: str, longest: float
) -> None:
    monkeypatch.setenv("SMTP_TIMEOUT", timeout)
    monkeypatch.setenv("DELIVERY_LEASE", lease)
    assert Wiring(settings.load()).confirmations._longest == longest


def test_the_clock_gives_aware_utc(wiring: Wiring) -> None:
    assert wiring.now().tzinfo is UTC


def test_a_secret_in_a_parameter_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read_secret(name: str, _: Config) -> str:
        asked.append(name)
        return "from the parameter"

    monkeypatch.setattr(parameters, "read_secret", read_secret)
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_PARAMETER", "/rollcall/key")
    wiring = Wiring(settings.load())
    assert asked == []
    assert wiring.secret_key == wiring.secret_key == "from the parameter"
    assert asked == ["/rollcall/key"]
    assert wiring.settings.secret_key == Secret(parameter="/rollcall/key")
