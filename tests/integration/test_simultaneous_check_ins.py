"""Twenty at the same moment, through the real server: one check-in, whoever wins."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest
from live_app import PHONE, LiveApp, running_app, url

CROWD = 20


@pytest.fixture(scope="module")
def live(moto_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    with running_app(moto_server, tmp_path_factory.mktemp("app")) as app:
        yield app


def all_at_once(app: LiveApp, bodies: list[dict[str, str]]) -> list[tuple[int, dict[str, Any]]]:
    together = threading.Barrier(len(bodies))

    def post(body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        address = url(app, "/events/0211ABC/check-ins")
        request = Request(address, json.dumps(body).encode(), headers)
        together.wait(60)
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(post, bodies))


@pytest.fixture(autouse=True)
def afresh(live: LiveApp) -> None:
    live.forget_check_ins()


@pytest.mark.parametrize(
    "person",
    [
        {"phone": PHONE},
        {"phone": "010-0000-0002", "name": "이두리", "email": "duri@example.com"},
    ],
    ids=["on the roster", "walk-in"],
)
def test_one_is_the_first_and_the_others_get_its_check_in(
    live: LiveApp, person: dict[str, str]
) -> None:
    answers = all_at_once(live, [{**person, "nonce": f"n{number}"} for number in range(CROWD)])

    assert Counter(status for status, _ in answers) == {201: 1, 200: CROWD - 1}
    assert len({body["check_in_id"] for _, body in answers}) == 1
    [row] = live.rows()["CheckInTable"]
    assert row["check_in_id"]["S"] == answers[0][1]["check_in_id"]


def test_simultaneous_retries_all_get_the_same_answer(live: LiveApp) -> None:
    answers = all_at_once(live, [{"phone": PHONE, "nonce": "n1"}] * CROWD)

    assert {status for status, _ in answers} == {201}
    assert all(body == answers[0][1] for _, body in answers)
    assert len(live.rows()["CheckInTable"]) == 1


def test_walk_ins_with_several_names_leave_one_name(live: LiveApp) -> None:
    phone = "010-0000-0003"
    people = [
        {"phone": phone, "name": f"Guest {number}", "email": f"guest{number}@example.com"}
        for number in range(CROWD)
    ]
    answers = all_at_once(live, people)

    [name] = {body["name"] for _, body in answers}
    tables = live.rows()
    registered = [row for row in tables["RegistrationTable"] if row["name"]["S"].startswith("G")]
    assert [row["name"]["S"] for row in registered] == [name]
    assert [row["name"]["S"] for row in tables["CheckInTable"]] == [name]
    assert registered[0]["email"] == tables["CheckInTable"][0]["email"]
