"""`roster …` as an organizer sees it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Commands

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.attendance.event import Event
from chalicelib.attendance.reception import Arrival
from chalicelib.wiring import Wiring

EXAMPLE = str(Path(__file__).parents[3] / "examples" / "roster.csv")
HANA = "김하나,010-0000-0001,hana@example.com\n"
DURI = "이두리,010-0000-0002,\n"

Files = Callable[..., str]


@pytest.fixture
def run(wiring: Wiring, event: Event) -> Commands:
    wiring.event_table.put(event)
    return Commands(wiring)


@pytest.fixture
def file(tmp_path: Path) -> Files:
    def write(*rows: str, headers: str = "이름,휴대폰,이메일\n") -> str:
        path = tmp_path / "roster.csv"
        path.write_text(headers + "".join(rows))
        return str(path)

    return write


def _names(run: Commands) -> list[str]:
    rows = run.wiring.registration_table.of_event("0211ABC")
    return sorted(row.name for row in rows if row.counts)


def _check_in(run: Commands, phone: str) -> None:
    run.wiring.reception.check_in("0211ABC", Arrival(phone=phone, no_email=True))


class TestImport:
    def test_says_first_what_it_understood(self, run: Commands, file: Files) -> None:
        rows = ("박서진,010-0000-0003,s@@x,취소\n", "나래,010-0000-100,,\n")
        path = file(
            "김하나,010-0000-0001,hana@example.com,확정\n",
            "이두리,010-0000-0002,duri@,\n",
            *rows,
            headers="이름,휴대폰,이메일,상태\n",
        )
        result = run("roster", "import", "0211ABC", path)
        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            "file:           roster.csv (CSV, UTF-8)",
            "headers:        line 1",
            "name:           이름",
            "phone number:   휴대폰",
            "e-mail address: 이메일",
            "status:         상태",
            "for instance:   김*나  …0001  h***@example.com",
            "                이*리  …0002  no address",
            "line 3: not an e-mail address (no complete domain after the @); "
            "imported without an address",
            "line 4: left out: 상태: 취소",
            "line 5: rejected: phone: a digit is missing",
            "new:            2",
            "changed:        0",
            "unchanged:      0",
            "no address:     1 of these",
            "left out:       1 (1 cancelled)",
            "rejected:       1",
            "missing:        0",
            "0211ABC: 2 imported, 0 of them unchanged",
        ]
        assert result.stderr == ""  # no progress bar where nobody looks
        assert _names(run) == ["김하나", "이두리"]

    def test_again_changes_nothing(self, run: Commands) -> None:
        assert run("roster", "import", "0211ABC", EXAMPLE).exit_code == 0
        result = run("roster", "import", "0211ABC", EXAMPLE)
        assert "0211ABC: 20 imported, 20 of them unchanged" in result.stdout

    def test_as_a_dry_run_stores_nothing(self, run: Commands) -> None:
        result = run("roster", "import", "0211ABC", EXAMPLE, "--dry-run")
        assert "new:            20" in result.stdout
        assert "dry run" in result.stdout
        assert _names(run) == []

    def test_replaces_the_roster_but_for_those_who_came(self, run: Commands, file: Files) -> None:
        run("roster", "import", "0211ABC", file(HANA, DURI, "박서진,010-0000-0003,\n"))
        _check_in(run, "010-0000-0002")
        new = file("최민아,010-0000-0004,\n")
        result = run("roster", "import", "0211ABC", new, "--replace", "--yes")
        assert "doubtful: --replace takes 2 people off the roster" in result.stdout
        assert "checked in:     1 person missing or cancelled in this file stay" in result.stdout
        assert result.stdout.endswith("1 imported, 0 of them unchanged, 2 removed\n")
        assert _names(run) == ["이두리", "최민아"]

    def test_replaces_nothing_if_nobody_could_be_imported(self, run: Commands, file: Files) -> None:
        run("roster", "import", "0211ABC", file(HANA))
        path = file("김하나,010-0000-1,\n", "이두리,010-0000-2,\n")
        result = run("roster", "import", "0211ABC", path, "--replace", "--yes")
        assert result.exit_code == 2
        assert _names(run) == ["김하나"]

    def test_takes_in_any_status_and_keeps_columns(self, run: Commands, file: Files) -> None:
        path = file("김하나,010-0000-0001,취소,M\n", headers="이름,휴대폰,상태,사이즈\n")
        run("roster", "import", "0211ABC", path, "--include-status", "--keep", "사이즈")
        (row,) = run.wiring.registration_table.of_event("0211ABC")
        assert (row.status, row.kept) == ("registered", {"사이즈": "M"})

    def test_stores_what_it_has_shown_whatever_happens_to_the_file(
        self, run: Commands, file: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = file("김하나,010-0000-0001,010-0000-9001\n", headers="이름,휴대폰,휴대폰\n")
        monkeypatch.setattr("operations.roster_commands.confirm", lambda _: file(DURI))
        assert run("roster", "import", "0211ABC", path).exit_code == 0
        assert _names(run) == ["김하나"]

    def test_stops_if_the_event_changes_while_it_asks(
        self, run: Commands, file: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def erase(_: str) -> None:
            run("events", "erase", "0211ABC", "--yes")

        path = file("김하나,010-0000-0001,010-0000-9001\n", headers="이름,휴대폰,휴대폰\n")
        monkeypatch.setattr("operations.roster_commands.confirm", erase)
        assert run("roster", "import", "0211ABC", path).exit_code == 2
        assert _names(run) == []

    @pytest.mark.parametrize(
        ("content", "message"),
        [("", "the file is empty"), ("이름,메일\n", "missing: phone number, such as 휴대폰")],
    )
    def test_refuses_a_file_that_is_no_roster_by_its_name(
        self, run: Commands, tmp_path: Path, content: str, message: str
    ) -> None:
        path = tmp_path / "roster.csv"
        path.write_text(content)
        result = run("roster", "import", "0211ABC", str(path))
        assert result.exit_code == 2
        assert message in result.stderr
        assert "roster.csv" in result.stderr

    def test_refuses_an_event_that_is_not_there(self, run: Commands) -> None:
        result = run("roster", "import", "0212ABC", EXAMPLE)
        assert result.exit_code == 2
        assert "no event has the code 0212ABC" in result.stderr

    def test_that_breaks_off_says_that_it_can_be_run_again(
        self, run: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def put_many(*_: object) -> None:
            raise StorageUnavailable("ThrottlingException")

        monkeypatch.setattr(run.wiring.registration_table, "put_many", put_many)
        result = run("roster", "import", "0211ABC", EXAMPLE)
        assert result.exit_code == 2
        assert "ThrottlingException; it is safe to run this again" in result.stderr


class TestDoubts:
    @pytest.fixture
    def doubtful(self, file: Files) -> str:
        return file(
            "김하나,010-0000-0001,010-0000-9001\n",
            "이두리,010-0000-0002,010-0000-9002\n",
            headers="이름,휴대폰,휴대폰\n",
        )

    def test_without_a_terminal_nothing_is_stored(self, run: Commands, doubtful: str) -> None:
        result = run("roster", "import", "0211ABC", doubtful)
        assert result.exit_code == 2
        assert "doubtful: columns 2, 3 could all be the phone number" in result.stdout
        assert "--yes goes on" in result.stderr
        assert _names(run) == []

    def test_yes_goes_on(self, run: Commands, doubtful: str) -> None:
        assert run("roster", "import", "0211ABC", doubtful, "--yes").exit_code == 0
        assert _names(run) == ["김하나", "이두리"]

    @pytest.mark.parametrize(("typed", "names"), [("y\n", ["김하나", "이두리"]), ("n\n", [])])
    def test_at_a_terminal_the_organizer_is_asked(
        self,
        run: Commands,
        doubtful: str,
        monkeypatch: pytest.MonkeyPatch,
        typed: str,
        names: list[str],
    ) -> None:
        monkeypatch.setattr("operations.console.is_terminal", lambda: True)
        run("roster", "import", "0211ABC", doubtful, input=typed)
        assert _names(run) == names

    def test_many_rejected_rows_are_doubtful(self, run: Commands, file: Files) -> None:
        wrong = [f"사람{n},010-000-{n:04},\n" for n in range(12)]
        people = [f"사람{n},010-0000-{n:04},\n" for n in range(20, 40)]
        result = run("roster", "import", "0211ABC", file(*wrong, *people))
        assert result.exit_code == 2
        assert "doubtful: 12 rows are rejected" in result.stdout


class TestListAndExport:
    @pytest.fixture
    def filled(self, run: Commands, file: Files) -> Commands:
        again = "김하나,010-0000-0009,,L\n"
        path = file(
            "김하나,010-0000-0001,hana@example.com,M\n",
            again,
            "=SUM(A1),010-0000-0003,,\n",
            headers="이름,휴대폰,이메일,사이즈\n",
        )
        run("roster", "import", "0211ABC", path, "--keep", "사이즈")
        _check_in(run, "010-0000-0001")
        return run

    def test_the_list_shows_who_is_registered_and_who_may_be_there_twice(
        self, filled: Commands
    ) -> None:
        assert filled("roster", "list", "0211ABC").stdout.splitlines() == [
            "=SUM(A1)  …0003  no address",
            "김하나  …0001  h***@example.com  checked in",
            "김하나  …0009  no address",
            "0211ABC: 3 registered, 0 cancelled or waiting",
            "perhaps the same person: 김하나 0001, 김하나 0009",
        ]

    def test_the_list_is_there_for_programs(self, filled: Commands) -> None:
        facts = json.loads(filled("roster", "list", "0211ABC", "--json").stdout)
        assert facts[1] == {
            "name": "김하나",
            "phone_last4": "0001",
            "email": "hana@example.com",
            "status": "registered",
            "source": "roster",
            "checked_in_at": "2026-02-11T19:00:00+09:00",
            "kept": {"사이즈": "M"},
        }

    def test_the_export_is_a_csv_file_that_runs_nothing(self, filled: Commands) -> None:
        text = filled("roster", "export", "0211ABC").stdout
        rows = list(csv.reader(text.splitlines()))
        assert rows[0] == [
            *("name", "phone_last4", "email", "status", "source", "checked_in_at"),
            "사이즈",
        ]
        assert rows[1][0] == "'=SUM(A1)"
        assert rows[2][:3] == ["김하나", "0001", "hana@example.com"]
        assert rows[2][5:] == ["2026-02-11T19:00:00+09:00", "M"]

    def test_those_who_do_not_count_are_exported_on_request(
        self, run: Commands, file: Files
    ) -> None:
        run("roster", "import", "0211ABC", file(HANA, DURI))
        path = file("김하나,010-0000-0001,취소\n", headers="이름,휴대폰,상태\n")
        run("roster", "import", "0211ABC", path)
        assert "김하나" not in run("roster", "export", "0211ABC").stdout
        assert ",cancelled,roster," in run("roster", "export", "0211ABC", "--all").stdout
        listed = run("roster", "list", "0211ABC").stdout
        assert "김하나  …0001  h***@example.com  cancelled" in listed
        assert "0211ABC: 1 registered, 1 cancelled or waiting" in listed


class TestRemove:
    @pytest.fixture
    def filled(self, run: Commands, file: Files) -> Commands:
        run("roster", "import", "0211ABC", file(HANA, DURI, "김하나,010-0000-0009,\n"))
        return run

    @pytest.mark.parametrize(
        ("options", "left"),
        [
            (("--phone", "+82 10 0000 0001"), ["김하나", "이두리"]),
            (("--phone", "01000000001", "--phone", "01000000002"), ["김하나"]),
            (("--last4", "0009", "--name", "김하나"), ["김하나", "이두리"]),
            (("--name", "김하나"), ["이두리"]),
            (("--all",), []),
        ],
    )
    def test_takes_off_whom_the_options_say(
        self, filled: Commands, options: tuple[str, ...], left: list[str]
    ) -> None:
        result = filled("roster", "remove", "0211ABC", *options, "--yes")
        assert result.exit_code == 0, result.output
        assert _names(filled) == left

    def test_leaves_those_who_have_checked_in(self, filled: Commands) -> None:
        _check_in(filled, "010-0000-0001")
        result = filled("roster", "remove", "0211ABC", "--all", "--yes")
        assert result.exit_code == 1
        assert "stays, since they have checked in: 김하나  …0001" in result.stdout
        assert _names(filled) == ["김하나"]

    def test_asks_first(self, filled: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        result = filled("roster", "remove", "0211ABC", "--all")
        assert "to be removed: 이두리  …0002  no address" in result.stdout
        assert "nobody can be asked here" in result.stderr
        assert result.exit_code == 2
        monkeypatch.setattr("operations.console.is_terminal", lambda: True)
        assert filled("roster", "remove", "0211ABC", "--all", input="n\n").exit_code == 2
        assert len(_names(filled)) == 3

    def test_leaves_somebody_who_checks_in_while_it_asks(
        self, filled: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(_: str) -> None:
            _check_in(filled, "010-0000-0002")

        monkeypatch.setattr("operations.roster_corrections.confirm", answer)
        result = filled("roster", "remove", "0211ABC", "--all")
        assert "0211ABC: 2 removed, 1 stay, 0 not found" in result.stdout
        assert _names(filled) == ["이두리"]

    def test_fails_if_nobody_is_meant(self, filled: Commands) -> None:
        result = filled("roster", "remove", "0211ABC", "--name", "없는 사람", "--yes")
        assert "nobody on the roster is meant by that" in result.stderr

    def test_tells_a_number_that_is_not_there_by_its_end(self, filled: Commands) -> None:
        result = filled("roster", "remove", "0211ABC", "--phone", "010-0000-7777", "--yes")
        assert result.exit_code == 1
        assert "not on the roster: the number that ends with 7777" in result.stdout
        assert "0000-7777" not in result.output

    def test_has_to_be_told_whom(self, filled: Commands) -> None:
        assert filled("roster", "remove", "0211ABC", "--yes").exit_code == 2
        assert len(_names(filled)) == 3


class TestChangeNumber:
    OLD, NEW = "010-0000-0001", "010-0000-0009"

    def _change(self, run: Commands) -> Any:
        return run("roster", "change-number", "0211ABC", self.OLD, self.NEW)

    def _numbers(self, run: Commands) -> list[str]:
        rows = run.wiring.registration_table.of_event("0211ABC")
        return sorted(row.phone_last4 for row in rows)

    def test_moves_the_registration(self, run: Commands, file: Files) -> None:
        run("roster", "import", "0211ABC", file(HANA))
        assert "changed: 김하나  …0009  h***@example.com" in self._change(run).stdout
        assert self._numbers(run) == ["0009"]
        again = self._change(run).stderr
        assert "nobody on the roster has the old number; the new one is that of 김하나" in again

    def test_makes_one_of_two_and_loses_nothing(self, run: Commands, file: Files) -> None:
        path = file(
            "김하나,010-0000-0001,hana@example.com,M\n", headers="이름,휴대폰,이메일,사이즈\n"
        )
        run("roster", "import", "0211ABC", path, "--keep", "사이즈")
        run("roster", "import", "0211ABC", file("김하나,010-0000-0009,\n"))
        assert self._change(run).exit_code == 0
        (row,) = run.wiring.registration_table.of_event("0211ABC")
        assert (row.phone_last4, row.email) == ("0009", "hana@example.com")
        assert row.kept == {"사이즈": "M"}

    def test_is_completed_after_it_broke_off(
        self, run: Commands, file: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("roster", "import", "0211ABC", file(HANA))

        def fail(*_: object) -> None:
            raise StorageUnavailable("no answer")

        with monkeypatch.context() as patch:
            patch.setattr(run.wiring.registration_table, "remove_many", fail)
            assert self._change(run).exit_code == 2
        assert self._change(run).exit_code == 0
        assert self._numbers(run) == ["0009"]

    def test_refuses_the_number_of_somebody_else(self, run: Commands, file: Files) -> None:
        run("roster", "import", "0211ABC", file(HANA, "나래,010-0000-0009,\n"))
        result = self._change(run)
        assert "the new number is somebody else's: 나래" in result.stderr
        assert self._numbers(run) == ["0001", "0009"]

    def test_refuses_somebody_who_has_checked_in(self, run: Commands, file: Files) -> None:
        run("roster", "import", "0211ABC", file(HANA))
        _check_in(run, self.OLD)
        assert "checked in with the old number" in self._change(run).stderr
        assert self._numbers(run) == ["0001"]

    def test_refuses_numbers_that_nobody_has_or_that_are_none(self, run: Commands) -> None:
        assert "nobody on the roster has the old number" in self._change(run).stderr
        result = run("roster", "change-number", "0211ABC", "010", self.NEW)
        assert result.exit_code == 2
        assert "Traceback" not in result.output
