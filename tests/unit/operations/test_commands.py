"""The commands as their user sees them: arguments in, lines and exit code out."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from botocore.exceptions import NoRegionError
from click.testing import CliRunner
from commands import Commands

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.settings import SettingsError
from chalicelib.wiring import Wiring
from operations.__main__ import operations


@pytest.fixture
def run(wiring: Wiring) -> Commands:
    return Commands(wiring)


@pytest.fixture
def run_on_event(run: Commands, event: Event) -> Commands:
    run.wiring.event_table.put(event)
    return run


def test_a_roster_is_imported_and_reported(run_on_event: Commands) -> None:
    result = run_on_event("roster", "import", "0211ABC", _example())
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "Columns: 휴대폰, 이름, 이메일",
        "0211ABC: 20 imported, 3 of them without e-mail; 0 rejected",
    ]
    assert result.stderr == ""  # no progress bar where nobody looks
    assert run_on_event.wiring.registration_table.count("0211ABC") == 20


def test_rejected_rows_are_told_and_the_others_imported(
    run_on_event: Commands, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "이름,연락처,휴대폰\n김하나,x,010-0000-0001\n이두리,,\n박서진,,010-0000-0001\n"
    )
    result = run_on_event("roster", "import", "0211ABC", str(roster))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Columns: 휴대폰, 이름",
        "Not used: 연락처",
        "There is no e-mail column: attendees are asked for their address at check-in.",
        "line 3: rejected: no phone number",
        "line 4: rejected: same phone number as line 2",
        "0211ABC: 1 imported, 1 of them without e-mail; 2 rejected",
    ]
    assert run_on_event.wiring.registration_table.count("0211ABC") == 1


def test_a_workbook_without_styles_is_imported_in_silence(
    run_on_event: Commands, tmp_path: Path
) -> None:
    """Many services write such workbooks; openpyxl warns of them."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(("이름", "휴대폰"))
    sheet.append(("김하나", "010-0000-0001"))
    workbook.save(tmp_path / "styled.xlsx")
    roster = tmp_path / "roster.xlsx"
    with zipfile.ZipFile(tmp_path / "styled.xlsx") as source, zipfile.ZipFile(roster, "w") as plain:
        for name in source.namelist():
            plain.writestr(name, re.sub(rb"<cellStyles.*</cellStyles>", b"", source.read(name)))
    with pytest.warns(UserWarning, match="no default style"):
        openpyxl.load_workbook(roster)
    result = run_on_event("roster", "import", "0211ABC", str(roster))
    assert result.exit_code == 0, result.output
    assert "1 imported" in result.stdout
    assert result.stderr == ""


def test_a_dry_run_reports_and_stores_nothing(run_on_event: Commands) -> None:
    result = run_on_event("roster", "import", "0211ABC", _example(), "--dry-run")
    assert "20 would be imported, 3 of them without e-mail; 0 rejected" in result.stdout
    assert run_on_event.wiring.registration_table.count("0211ABC") == 0


def test_a_wrong_address_is_a_warning_not_a_rejection(
    run_on_event: Commands, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("Name,Phone,Email\nAlex,010-0000-0001,alex@\n")
    result = run_on_event("roster", "import", "0211ABC", str(roster))
    assert result.exit_code == 0
    assert "line 2: imported without e-mail: not an e-mail address" in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "the file is empty"), ("이름,메일\n", "it needs a name column")],
)
def test_a_file_that_is_not_a_roster_is_refused_by_name(
    run_on_event: Commands, tmp_path: Path, content: str, message: str
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(content)
    result = run_on_event("roster", "import", "0211ABC", str(roster))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "roster.csv" in result.stderr


def test_a_roster_for_a_missing_event_is_refused(run: Commands) -> None:
    result = run("roster", "import", "0211ABC", _example())
    assert result.exit_code == 2
    assert "no event has the code 0211ABC" in result.stderr


def test_an_import_that_breaks_off_says_how_far_it_came(
    run_on_event: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emails(*_: object) -> dict[str, str]:
        raise StorageUnavailable("ThrottlingException")

    monkeypatch.setattr(run_on_event.wiring.registration_table, "emails", emails)
    result = run_on_event("roster", "import", "0211ABC", _example())
    assert result.exit_code == 2
    assert "ThrottlingException; 0 people were imported before that" in result.stderr


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SettingsError("EVENT_TABLE is missing"), "Error: EVENT_TABLE is missing"),
        (
            StorageUnavailable("EndpointConnectionError"),
            "refused the call: EndpointConnectionError",
        ),
        (NoRegionError(), "You must specify a region"),
    ],
)
def test_a_failure_that_is_not_a_bug_is_one_line(
    run: Commands, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(run.wiring.event_table, "get", fail)
    result = run("events", "show", "0211ABC")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_help_needs_neither_settings_nor_storage() -> None:
    of_groups = [("events", "create"), ("events", "edit"), ("roster", "import")]
    for command in ((), *of_groups, ("deliveries",), ("resend",)):
        result = CliRunner().invoke(operations, (*command, "--help"))
        assert result.exit_code == 0
        assert "Usage:" in result.stdout


def _example() -> str:
    return str(Path(__file__).parents[3] / "examples" / "roster.csv")
