"""Files as organizers have them, each imported with the command: who comes in, and what is told.

roster_cases/expected.json says what each file must lead to; its fields:

    outcome    imported, refused, or either
    people     everybody who comes in
    rejected   the lines that must not come in and must be told; `warned`: told, but they come in
    may        lines that can go either way: one of these people, "rejected" or "ignored"
    says       what a refusal must mention (`|`: one of these); `says_not`: what it must not
    with       what changes if somebody decides by hand
    steps      what is imported before
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import Commands

from chalicelib.attendance.event import Event
from chalicelib.attendance.phone import attendee_id
from chalicelib.wiring import Wiring

CASES = Path(__file__).parent / "roster_cases"
EXPECTED: dict[str, Any] = json.loads((CASES / "expected.json").read_text(encoding="utf-8"))
HEADERS: dict[str, Any] = json.loads((CASES / "headers.json").read_text(encoding="utf-8"))

Known = tuple[str, str, str | None]  # attendee id, name, address


@dataclass
class Desk:
    """Runs commands for one event, over `wiring`."""

    wiring: Wiring
    event: Event

    def __call__(self, *arguments: str) -> Result:
        group, command, *rest = arguments
        return Commands(self.wiring)(group, command, self.event.event_code, *rest)

    def imports(self, file: Path, *options: str) -> Result:
        return self("roster", "import", str(file), "--yes", *options)

    def roster(self) -> set[Known]:
        rows = self.wiring.registration_table.of_event(self.event.event_code)
        return {(row.attendee_id, row.name, row.email) for row in rows if row.counts}

    def known(self, person: dict[str, Any]) -> Known:
        email = person["email"]
        if email:
            local, _, domain = email.rpartition("@")
            email = f"{local}@{domain.lower()}"
        return attendee_id(person["phone"], self.wiring.secret_key), person["name"], email


@pytest.fixture
def desk(wiring: Wiring, event: Event) -> Desk:
    wiring.event_table.put(event)
    return Desk(wiring, event)


def _by_hand() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, case in EXPECTED.items():
        for choice in case.get("with", ()):
            yield name, choice


def _options(choice: dict[str, Any]) -> list[str]:
    columns = choice.get("columns", {})
    options = [part for field in columns for part in (f"--{field}-column", columns[field])]
    for name in ("sheet", "encoding"):
        options += [f"--{name}", choice[name]] if name in choice else []
    return (
        options
        + ["--include-status"] * ("status" in choice)
        + ["--replace"] * ("replace" in choice)
    )


def _told(result: Result) -> set[int]:
    """The lines that the report names: `line 4`, `lines 2 to 8`."""
    spans = re.findall(r"^lines? (\d+)(?: to (\d+))?:", result.output, re.MULTILINE)
    return {line for first, last in spans for line in range(int(first), int(last or first) + 1)}


def _check_people(desk: Desk, case: dict[str, Any], people: list[dict[str, Any]]) -> None:
    expected = {desk.known(person) for person in people}
    either = {
        desk.known(person)
        for ways in case.get("may", {}).values()
        for person in ways
        if isinstance(person, dict)
    }
    assert expected <= desk.roster() <= expected | either


def _check_refusal(result: Result, name: str, case: dict[str, Any]) -> None:
    said = result.output.replace(name, "").lower()
    for words in case.get("says", ()):
        assert any(word.lower() in said for word in words.split("|")), said
    for words in case.get("says_not", ()):
        assert words.lower() not in said


@pytest.mark.parametrize("name", [name for name in EXPECTED if "steps" not in EXPECTED[name]])
def test_a_file_leads_to_the_right_people_or_is_refused(desk: Desk, name: str) -> None:
    case = EXPECTED[name]
    result = desk.imports(CASES / name)
    if result.exit_code == 2:
        assert case["outcome"] != "imported", result.output
        assert desk.roster() == set()
        _check_refusal(result, name, case)
        return
    assert case["outcome"] != "refused"
    _check_people(desk, case, case["people"])
    told = _told(result)
    assert {int(line) for line in case["rejected"]} <= told, result.output
    assert {int(warning.partition(":")[0]) for warning in case["warned"]} <= told
    for line, ways in case.get("may", {}).items():
        people = {desk.known(person) for person in ways if isinstance(person, dict)}
        assert people & desk.roster() or int(line) in told or "ignored" in ways, result.output


@pytest.mark.parametrize(
    ("name", "choice"), [each for each in _by_hand() if "steps" not in EXPECTED[each[0]]]
)
def test_what_somebody_decides_by_hand_is_done(
    desk: Desk, name: str, choice: dict[str, Any]
) -> None:
    case = EXPECTED[name]
    result = desk.imports(CASES / name, *_options(choice))
    assert result.exit_code in (0, 1), result.output
    _check_people(desk, case, choice.get("people", case["people"]))


SECOND = EXPECTED["f09_second.csv"]


@pytest.mark.parametrize("choice", [{"people": SECOND["people"]}, *SECOND["with"]])
def test_a_second_import_corrects_the_first(desk: Desk, choice: dict[str, Any]) -> None:
    *before, last = [step.removeprefix("import ") for step in SECOND["steps"]]
    for name in before:
        assert desk.imports(CASES / name).exit_code == 0
    result = desk.imports(CASES / last, *_options(choice))
    assert result.exit_code == 0, result.output
    assert 4 in _told(result)
    for phone in choice.get("remove", ()):
        assert desk("roster", "remove", "--phone", phone, "--yes").exit_code == 0
    assert desk.roster() == {desk.known(person) for person in choice["people"]}


@pytest.mark.parametrize("headers", HEADERS["headers"], ids=lambda headers: headers[1])
def test_headers_in_peoples_own_words_are_understood(
    desk: Desk, tmp_path: Path, headers: list[str]
) -> None:
    file = tmp_path / "roster.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([headers, HEADERS["row"]])
    result = desk.imports(file)
    assert result.exit_code == 0, result.output
    name, phone, email = HEADERS["row"]
    person = {"phone": "+82" + phone.replace("-", "")[1:], "name": name, "email": email}
    assert desk.roster() == {desk.known(person)}
