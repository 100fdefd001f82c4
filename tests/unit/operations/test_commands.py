"""The commands as their user sees them: arguments in, lines and exit code out."""

from __future__ import annotations

import pytest
from botocore.exceptions import NoRegionError
from click.testing import CliRunner
from commands import Commands

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.settings import SettingsError
from operations.__main__ import operations


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
