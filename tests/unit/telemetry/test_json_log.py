"""A log record as a line of JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.telemetry.json_log import JsonLines, configure

PHONE = "010-0000-0001"


def line(message: str = "hello", *args: object, **given: Any) -> dict[str, Any]:
    exc_info = sys.exc_info() if given.pop("raised", False) else None
    record = logging.getLogger("rollcall.web").makeRecord(
        "rollcall.web", logging.ERROR, "here.py", 1, message, args, exc_info, extra=given
    )
    text = JsonLines("rollcall-dev").format(record)
    assert "\n" not in text
    assert text.isascii()
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def test_says_when_by_whom_and_what() -> None:
    found = line("%s: 김하나's\nmail, %d", "record 1", 2)
    assert datetime.fromisoformat(found["time"]).utcoffset() is not None
    assert found["time"].endswith("+00:00")
    assert (found["level"], found["logger"]) == ("ERROR", "rollcall.web")
    assert found["message"] == "record 1: 김하나's\nmail, 2"
    assert found["function"] == "rollcall-dev"
    assert "exception" not in found


def test_has_the_fields_that_were_given_and_no_others() -> None:
    found = line(check_in_id="7F3K", sequence_number=None, status=201, phone=PHONE)
    assert (found["check_in_id"], found["status"]) == ("7F3K", 201)
    assert {"sequence_number", "phone"}.isdisjoint(found)


def test_of_an_error_that_is_not_ours_the_text_is_left_out() -> None:
    try:
        int(PHONE)
    except ValueError:
        found = line(raised=True)
    assert found["exception"].endswith(
        "in test_of_an_error_that_is_not_ours_the_text_is_left_out\n    int(PHONE)\nValueError"
    )
    assert PHONE not in json.dumps(found)


def test_of_an_error_of_ours_the_text_is_there_and_what_led_to_it() -> None:
    try:
        try:
            int(PHONE)
        except ValueError as error:
            raise StorageUnavailable("ThrottlingException") from error
    except StorageUnavailable:
        found = line(raised=True)
    ours, cause = found["exception"].split("\nafter ")
    assert ours.endswith("StorageUnavailable: ThrottlingException")
    assert cause.endswith("\nValueError")
    assert PHONE not in json.dumps(found)


def test_of_an_error_while_another_was_handled_both_are_there_unless_it_is_hidden() -> None:
    try:
        try:
            int(PHONE)
        except ValueError:
            raise KeyError(PHONE)  # noqa: B904  -- as a slip in a handler would
    except KeyError:
        assert line(raised=True)["exception"].count("\nafter ") == 1
    try:
        try:
            int(PHONE)
        except ValueError:
            raise KeyError(PHONE) from None
    except KeyError:
        assert line(raised=True)["exception"].count("\nafter ") == 0


def test_errors_that_lead_to_each_other_come_to_an_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    try:
        raise first
    except ValueError:
        assert line(raised=True)["exception"].count("\nafter ") == 1


@pytest.fixture
def chalice_log() -> Iterator[logging.Logger]:
    """A logger as Chalice makes it, and Lambda's handler on the root logger."""
    log = logging.getLogger("a chalice app")
    log.propagate = False
    log.addHandler(logging.StreamHandler())
    root = logging.getLogger()
    lambdas = logging.StreamHandler()
    root.addHandler(lambdas)
    yield log
    for handler in root.handlers[:]:
        if handler is lambdas or isinstance(handler.formatter, JsonLines):
            root.removeHandler(handler)
    log.handlers.clear()
    log.filters.clear()


def test_each_record_of_each_logger_is_there_once(
    chalice_log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(chalice_log, "rollcall-dev")
    chalice_log.error("from Chalice")
    chalice_log.getChild("web").error("from us, %d", 1)
    logging.getLogger("botocore.somewhere").warning("from the SDK")
    written = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [each["message"] for each in written] == ["from Chalice", "from us, 1", "from the SDK"]


def test_the_path_in_chalices_own_records_is_left_out(
    chalice_log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(chalice_log, "rollcall-dev")
    chalice_log.error("Caught exception for path %s", f"/events/{PHONE}")
    assert json.loads(capsys.readouterr().out)["message"] == "Caught exception for path …"


def test_nothing_is_changed_outside_lambda(
    chalice_log: logging.Logger,
) -> None:
    def state() -> list[object]:
        handlers = [*logging.getLogger().handlers], [*chalice_log.handlers]
        return [*handlers, chalice_log.filters, chalice_log.propagate]

    before = state()
    configure(chalice_log, None)
    assert state() == before
