"""The probe: an app that answers, or does not, in front of moto's tables."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import Message
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request

import pytest
from chalice.test import Client
from conftest import NOW

from chalicelib.attendance.delivery import Attempt, End
from chalicelib.attendance.event import Event
from chalicelib.wiring import Wiring
from operations.deployment import probe
from operations.deployment.aws import DeploymentError
from operations.deployment.probe import CODE, Probe

ADDRESS = "https://api.example.com/dev"


class Answer(io.BytesIO):
    status = 201


def refusal(code: int, body: bytes = b"Missing Authentication Token") -> HTTPError:
    return HTTPError(ADDRESS, code, "", Message(), io.BytesIO(body))


class App:
    """The app behind its address. `first` are the answers before its own."""

    def __init__(self, client: Client, wiring: Wiring) -> None:
        self._client = client
        self._wiring = wiring
        self.first: list[Exception] = []
        self.delivery: Any = "sent"
        self.asked: list[dict[str, str]] = []

    def urlopen(self, request: Request, **_options: float) -> Answer:
        assert isinstance(request.data, bytes)
        self.asked.append(json.loads(request.data))
        if self.first:
            raise self.first.pop(0)
        path = request.full_url.removeprefix(ADDRESS)
        headers = {"Content-Type": "application/json"}
        answered = self._client.http.post(path, headers=headers, body=request.data)
        if answered.status_code >= 400:
            raise refusal(answered.status_code, answered.body)
        if self.delivery != "due":
            self._mail()
        answer = Answer(answered.body)
        answer.status = answered.status_code
        return answer

    def _mail(self) -> None:
        [check_in] = self._wiring.check_in_table.of_event(CODE)
        keys = {"attendee_id": {"S": check_in.attendee_id}, "event_code": {"S": CODE}}
        attempt = Attempt(token="1", now=NOW, until=NOW, most_copies=2)
        self._wiring.deliveries.claim(keys, attempt)
        end = End(status=self.delivery, now=NOW, reason="550 no such mailbox")
        self._wiring.deliveries.settle(keys, "1", end)


@pytest.fixture
def app(client: Client, wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> App:
    served = App(client, wiring)
    monkeypatch.setattr(probe, "urlopen", served.urlopen)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return served


@pytest.fixture
def run(app: App, wiring: Wiring) -> Callable[..., list[str]]:
    def run(patience: float = 0) -> list[str]:
        said: list[str] = []
        Probe(wiring, ADDRESS, "hello@example.com").run(patience, said.append)
        return said

    return run


@pytest.fixture
def is_clean(wiring: Wiring, dynamodb: Any) -> Iterator[Callable[[], bool]]:
    def is_clean() -> bool:
        settings = wiring.settings
        tables = settings.event_table, settings.registration_table, settings.check_in_table
        return not any(dynamodb.scan(TableName=table)["Items"] for table in tables)

    yield is_clean
    assert is_clean()


def test_a_sent_confirmation_is_reported_and_cleaned_up(
    run: Callable[..., list[str]], app: App, is_clean: Callable[[], bool]
) -> None:
    said = run()
    assert said[0].startswith("check-in ")
    assert said[1].startswith("its confirmation: sent after")
    assert app.asked[0]["email"] == "hello@example.com"


@pytest.mark.parametrize("delivery", ["failed", "unclear"])
def test_a_confirmation_that_ended_otherwise_is_a_failure_with_its_reason(
    run: Callable[..., list[str]], app: App, delivery: str, is_clean: Callable[[], bool]
) -> None:
    app.delivery = delivery
    with pytest.raises(DeploymentError, match=f"is {delivery}: 550 no such mailbox"):
        run()


def test_a_confirmation_that_stays_owed_leads_to_the_runbook(
    run: Callable[..., list[str]], app: App, is_clean: Callable[[], bool]
) -> None:
    app.delivery = "due"
    with pytest.raises(DeploymentError, match=r"still owed.*runbook\.md#mail-owed"):
        run()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refusal(503, b"storage"), "the probe was answered 503: storage"),
        (refusal(422, b"invalid_phone"), "the probe was answered 422: invalid_phone"),
        (URLError("Name or service not known"), f"{ADDRESS} did not answer .*Name or service"),
    ],
)
def test_an_api_that_does_not_answer_is_a_failure_in_words(
    run: Callable[..., list[str]],
    app: App,
    error: Exception,
    said: str,
    is_clean: Callable[[], bool],
) -> None:
    app.first = [error]
    with pytest.raises(DeploymentError, match=said):
        run()
    assert len(app.asked) == 1


def test_an_api_that_is_not_everywhere_yet_is_asked_again_with_one_nonce(
    run: Callable[..., list[str]], app: App, is_clean: Callable[[], bool]
) -> None:
    app.first = [URLError("Name or service not known"), refusal(403), refusal(500)]
    assert len(run(patience=60)) == 2
    assert len(app.asked) == 4
    assert len({asked["nonce"] for asked in app.asked}) == 1


def test_somebodys_event_is_left_alone(
    run: Callable[..., list[str]], app: App, wiring: Wiring, event: Event
) -> None:
    theirs = replace(event, event_code=CODE)
    wiring.event_table.put(theirs)
    with pytest.raises(DeploymentError, match=f"the event {CODE} is somebody else's"):
        run()
    assert wiring.event_table.get(CODE) == theirs
    assert app.asked == []


def test_leftovers_of_a_killed_probe_are_cleaned_up_too(
    run: Callable[..., list[str]],
    app: App,
    wiring: Wiring,
    is_clean: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(Probe, "_clean", lambda _self: None)
        run()
    assert not is_clean()
    assert len(run()) == 2
