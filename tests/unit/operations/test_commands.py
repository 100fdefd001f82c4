"""The commands as their user sees them: arguments in, lines and exit code out."""

from __future__ import annotations

import dataclasses
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from botocore.exceptions import NoRegionError
from click.testing import CliRunner, Result

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.settings import SettingsError
from chalicelib.web.access import kiosk_key
from chalicelib.wiring import Wiring
from operations.__main__ import operations
from operations.stage import Stage

REQUIRED = (
    *("--name", "서버리스 밤", "--organization", "Cloud Club", "--venue", "서울"),
    *("--starts-at", "2026-02-11 19:00"),
)


class Commands:
    """Runs `python -m operations …` on the stage `local`, over `wiring`."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.stage = Stage("local")
        self.stage.wiring = wiring

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(operations, arguments, obj=self.stage)

    def stored(self, code: str = "0211ABC") -> Event:
        event = self.wiring.event_table.get(code)
        assert event is not None
        return event


@pytest.fixture
def run(wiring: Wiring) -> Commands:
    return Commands(wiring)


@pytest.fixture
def run_on_event(run: Commands, event: Event) -> Commands:
    run.wiring.event_table.put(event)
    return run


def test_an_event_is_created_with_sensible_assumptions(run: Commands) -> None:
    result = run("events", "create", "0211abc", *REQUIRED)
    assert result.exit_code == 0, result.output
    starts_at = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
    assert run.stored() == Event(
        event_code="0211ABC",
        name="서버리스 밤",
        organization="Cloud Club",
        venue="서울",
        starts_at=starts_at,
        check_in_opens_at=starts_at - timedelta(hours=2),
        check_in_closes_at=starts_at + timedelta(hours=6),
        timezone="Asia/Seoul",
        locale="ko",
        expires_at=starts_at + timedelta(hours=6, days=180),
    )
    assert "2026-02-11 17:00 to 2026-02-12 01:00: open" in result.stdout


def test_every_option_of_create_reaches_the_event(run: Commands, tmp_path: Path) -> None:
    announcement = tmp_path / "announcement.txt"
    announcement.write_text("Wi-Fi: guest\n둘째 줄\n", encoding="utf-8-sig")
    result = run(
        *("events", "create", "0211ABC", *REQUIRED, "--timezone", "Europe/Berlin"),
        *("--opens-at", "2026-02-11 18:00", "--closes-at", "2026-02-11T22:00+00:00"),
        *("--locale", "en", "--no-self-check-in", "--walk-ins", "--keep-days", "7"),
        *("--announcement-file", str(announcement), "--reply-to", "hello@example.com"),
    )
    assert result.exit_code == 0, result.output
    event = run.stored()
    assert event.starts_at == datetime(2026, 2, 11, 18, 0, tzinfo=UTC)
    assert event.check_in_opens_at == datetime(2026, 2, 11, 17, 0, tzinfo=UTC)
    assert event.check_in_closes_at == datetime(2026, 2, 11, 22, 0, tzinfo=UTC)
    assert event.expires_at == event.check_in_closes_at + timedelta(days=7)
    assert (event.locale, event.self_check_in, event.walk_ins) == ("en", False, True)
    assert event.announcement == "Wi-Fi: guest\n둘째 줄"
    assert event.reply_to == "hello@example.com"


def test_create_does_not_touch_an_existing_event(run_on_event: Commands, event: Event) -> None:
    result = run_on_event("events", "create", event.event_code, *REQUIRED)
    assert result.exit_code == 2
    assert "events edit 0211ABC" in result.stderr
    assert run_on_event.stored() == event


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "1311ABC", *REQUIRED), "'1311ABC' is not an event code such as 0211ABC"),
        (("create", "0211ABC"), "Missing option '--name'"),
        (("create", "0211ABC", *REQUIRED, "--name", " "), "'--name': empty"),
        (("create", "0211ABC", *REQUIRED, "--starts-at", "soon"), "--starts-at: 'soon' is not a"),
        (("create", "0211ABC", *REQUIRED, "--starts-at", "2026-02-11"), "not a date and time"),
        (("create", "0211ABC", *REQUIRED, "--timezone", "Seoul"), "not an IANA time zone"),
        (("create", "0211ABC", *REQUIRED, "--locale", "fr"), "'fr' is not one of"),
        (("create", "0211ABC", *REQUIRED, "--reply-to", "hello"), "not an e-mail address"),
        (("create", "0211ABC", *REQUIRED, "--announcement-file", "absent"), "No such file"),
        (
            ("create", "0211ABC", *REQUIRED, "--closes-at", "2026-02-11 16:00"),
            "check-in has to open before it closes",
        ),
        (("edit", "0212ABC", "--name", "x"), "no event has the code 0212ABC"),
        (("show", "0212ABC"), "no event has the code 0212ABC"),
        (("kiosk-link", "0212ABC"), "no event has the code 0212ABC"),
    ],
)
def test_failures_are_reported_on_stderr(
    run: Commands, arguments: tuple[str, ...], message: str
) -> None:
    result = run("events", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_edit_changes_what_is_given_and_nothing_else(run_on_event: Commands, event: Event) -> None:
    result = run_on_event("events", "edit", "0211ABC", "--venue", "부산", "--walk-ins")
    assert result.exit_code == 0, result.output
    assert run_on_event.stored() == dataclasses.replace(event, venue="부산", walk_ins=True)


def test_edit_reads_times_in_the_zone_of_the_event(run_on_event: Commands) -> None:
    run_on_event("events", "edit", "0211ABC", "--starts-at", "2026-02-11 20:00")
    assert run_on_event.stored().starts_at == datetime(2026, 2, 11, 11, 0, tzinfo=UTC)


def test_data_is_kept_as_long_after_a_later_closing(run_on_event: Commands, event: Event) -> None:
    run_on_event("events", "edit", "0211ABC", "--closes-at", "2026-02-12 22:00")
    changed = run_on_event.stored()
    assert changed.check_in_closes_at - event.check_in_closes_at == timedelta(days=1)
    assert changed.expires_at - event.expires_at == timedelta(days=1)


def test_edit_sets_anew_how_long_data_is_kept(run_on_event: Commands, event: Event) -> None:
    run_on_event("events", "edit", "0211ABC", "--keep-days", "1")
    assert run_on_event.stored().expires_at == event.check_in_closes_at + timedelta(days=1)


def test_edit_takes_texts_away(run_on_event: Commands) -> None:
    run_on_event("events", "edit", "0211ABC", "--reply-to", "a@example.com", "--announcement", "x")
    assert run_on_event.stored().reply_to == "a@example.com"
    run_on_event("events", "edit", "0211ABC", "--reply-to", "", "--announcement", "")
    assert run_on_event.stored().reply_to is None
    assert run_on_event.stored().announcement == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "nothing to change"),
        (("--opens-at", "2027-01-01 00:00"), "check-in has to open before it closes"),
        (("--announcement", "x", "--announcement-file", __file__), "not both"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(
    run_on_event: Commands, event: Event, options: tuple[str, ...], message: str
) -> None:
    result = run_on_event("events", "edit", "0211ABC", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert run_on_event.stored() == event


def test_show_prints_everything_as_json(run_on_event: Commands, event: Event) -> None:
    run_on_event("roster", "import", "0211ABC", _example())
    facts = json.loads(run_on_event("events", "show", "0211ABC", "--json").stdout)
    assert facts["starts_at"] == "2026-02-11T19:30:00+09:00"
    assert facts["state"] == "open"
    assert facts["announcement"] == event.announcement
    assert (facts["registrations"], facts["check_ins"]) == (20, 0)


def test_list_has_the_earliest_event_first(run_on_event: Commands, event: Event) -> None:
    earlier = event.starts_at - timedelta(days=1)
    run_on_event.wiring.event_table.put(
        dataclasses.replace(event, event_code="0210ABC", starts_at=earlier)
    )
    lines = run_on_event("events", "list").stdout.splitlines()
    assert lines[0].startswith("0210ABC  2026-02-10 19:30  open")
    assert lines[1].startswith("0211ABC  2026-02-11 19:30  open")


def test_a_kiosk_link_carries_the_key_in_its_fragment(run_on_event: Commands) -> None:
    key = kiosk_key(run_on_event.wiring.secret_key, "0211ABC")
    link = run_on_event("events", "kiosk-link", "0211abc", "--base-url", "https://example.com/api/")
    assert link.stdout == f"https://example.com/api/kiosk/0211ABC#key={key}\n"
    assert run_on_event("events", "kiosk-link", "0211ABC").stdout.startswith("http://127.0.0.1:")


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
