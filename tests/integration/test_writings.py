"""Whoever is on the roster in one writing of their number is met at the door in every other."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from chalice.test import Client
from writings import WRITINGS

from chalicelib.attendance.registration import Registration
from chalicelib.roster.opening import open_roster
from chalicelib.roster.people import Person


def test_every_writing_is_the_same_person_on_the_roster_and_at_the_door(
    client: Client, register: Callable[..., Registration], tmp_path: Path
) -> None:
    path = tmp_path / "roster.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("이름", "휴대폰"))
        writer.writerows(("김하나", written) for written in WRITINGS)
    person, *others = open_roster(path, "KR")
    assert isinstance(person, Person)
    assert len(others) == len(WRITINGS) - 1 >= 30
    assert not [entry for entry in others if isinstance(entry, Person)]
    assert {entry.reason for entry in others if not isinstance(entry, Person)} == {
        "same phone number as line 2"
    }

    register(person.phone)
    checked_in = set()
    for written in WRITINGS:
        answer = client.http.post(
            "/events/0211ABC/check-ins",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"phone": written}).encode(),
        )
        assert answer.status_code in (200, 201), written
        checked_in.add(answer.json_body["check_in_id"])
    assert len(checked_in) == 1
