"""`events …` as its user sees it: arguments in, lines and exit code out."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commands import REQUIRED, Commands

from chalicelib.attendance.event import Event
from chalicelib.web.access import kiosk_key
from operations import event_changes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

WINDOW = ("starts_at", "check_in_opens_at", "check_in_closes_at")


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


def test_a_code_is_made_of_the_day_of_the_start_in_its_zone(run: Commands) -> None:
    result = run("events", "create", *REQUIRED, "--starts-at", "2026-02-11T23:30+00:00")
    assert result.exit_code == 0, result.output
    [event] = run.wiring.event_table.all()
    assert event.event_code[:6] == "260212"
    assert event.event_code in result.stdout


def test_a_made_code_that_is_taken_is_made_again(
    run: Commands, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.wiring.event_table.put(dataclasses.replace(event, event_code="260211KXQ"))
    codes = iter(["260211KXQ", "260211KXR"])
    monkeypatch.setattr(event_changes, "new_event_code", lambda _: next(codes))
    assert "260211KXR" in run("events", "create", *REQUIRED).stdout


@pytest.mark.parametrize(
    ("table", "item"),
    [
        ("events", {}),
        ("registrations", {"attendee_id": {"S": "0a" * 32}}),
        ("check-ins", {"attendee_id": {"S": "0a" * 32}, "changed_at": {"N": "0"}}),
    ],
)
def test_a_code_stays_taken_while_anything_of_its_first_use_is_stored(
    run: Commands, dynamodb: DynamoDBClient, table: str, item: dict[str, Any]
) -> None:
    left = {"event_code": {"S": "0211ABC"}, "expires_at": {"N": "1"}, **item}
    dynamodb.put_item(TableName=table, Item=left)
    result = run("events", "create", "0211ABC", *REQUIRED)
    assert result.exit_code == 2
    assert "the code 0211ABC was used before" in result.stderr
    assert list(run.wiring.event_table.all()) == []


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
        (("create", "밋업", *REQUIRED), "'밋업' is not an event code: 4 to 32 letters"),
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


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (("--starts-at", "2026-02-11 18:59"), "the start, 2026-02-11 18:59, is past"),
        (("--opens-at", "2026-02-11 19:30"), "the event starts while check-in is not open"),
        (
            ("--starts-at", "2026-03-29 02:30", "--timezone", "Europe/Berlin"),
            "--starts-at: the clocks in Europe/Berlin skip 2026-03-29 02:30; taken as "
            "2026-03-29T03:30+02:00",
        ),
        (
            ("--closes-at", "2026-10-25 02:30", "--timezone", "Europe/Berlin"),
            "--closes-at: the clocks in Europe/Berlin show 2026-10-25 02:30 twice; taken as the "
            "first, 2026-10-25T02:30+02:00; for the second give 2026-10-25T02:30+01:00",
        ),
    ],
)
def test_a_time_that_is_odd_is_said_and_taken(
    run: Commands, options: tuple[str, ...], note: str
) -> None:
    result = run("events", "create", "0211ABC", *REQUIRED, *options)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"Note: {note}\n"


def test_a_time_with_an_offset_is_never_odd(run: Commands) -> None:
    closes_at = ("--closes-at", "2026-10-25T02:30+01:00", "--timezone", "Europe/Berlin")
    assert run("events", "create", "0211ABC", *REQUIRED, *closes_at).stderr == ""
    assert run.stored().check_in_closes_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_check_in_that_would_be_over_already_is_refused(run: Commands) -> None:
    closes_at = ("--opens-at", "2026-02-11 17:00", "--closes-at", "2026-02-11 19:00")
    result = run("events", "create", "0211ABC", *REQUIRED, *closes_at)
    assert result.exit_code == 2
    assert "check-in would be over already: it closes at 2026-02-11 19:00" in result.stderr


def test_edit_changes_what_is_given_and_nothing_else(run_on_event: Commands, event: Event) -> None:
    result = run_on_event("events", "edit", "0211ABC", "--venue", "부산", "--walk-ins")
    assert result.exit_code == 0, result.output
    assert run_on_event.stored() == dataclasses.replace(
        event, venue="부산", walk_ins=True, version=1
    )


def test_an_event_that_is_over_can_still_be_edited(run: Commands, event: Event) -> None:
    over = {name: getattr(event, name) - timedelta(days=2) for name in WINDOW}
    run.wiring.event_table.put(dataclasses.replace(event, **over))
    result = run("events", "edit", "0211ABC", "--announcement", "Slides: https://example.com")
    assert (result.exit_code, result.stderr) == (0, "")


def test_check_in_can_be_closed_by_an_edit_and_that_is_said(run_on_event: Commands) -> None:
    result = run_on_event("events", "edit", "0211ABC", "--closes-at", "2026-02-11 18:50")
    assert result.exit_code == 0
    assert "Note: check-in is closed since 2026-02-11 18:50" in result.stderr


def test_an_edit_that_comes_second_changes_nothing_and_says_so(
    run_on_event: Commands, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = run_on_event.wiring.event_table
    change = table.change

    def overtaken(before: Event, after: Event) -> Event | None:
        change(before, dataclasses.replace(before, venue="부산"))
        return change(before, after)

    monkeypatch.setattr(table, "change", overtaken)
    result = run_on_event("events", "edit", "0211ABC", "--name", "다른 이름")
    assert result.exit_code == 2
    assert "0211ABC was changed meanwhile" in result.stderr
    assert run_on_event.stored() == dataclasses.replace(event, venue="부산", version=1)


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
        (
            ("--opens-at", "2026-01-01 00:00", "--closes-at", "2026-02-01 00:00", "--keep-days=1"),
            "the event would be deleted already, on 2026-02-02 00:00: to delete it, use `events er",
        ),
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


def _example() -> str:
    return str(Path(__file__).parents[3] / "examples" / "roster.csv")
