"""`roster …`: import, list, export and correct the people who are registered for an event."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from chalicelib.roster.choices import Choices
from chalicelib.roster.files import MOST_BYTES
from chalicelib.roster.importer import Report, RosterImport
from chalicelib.roster.opening import open_roster
from chalicelib.roster.reader import Roster
from chalicelib.roster.table import UnreadableFileError
from operations.console import (
    FailureError,
    confirm,
    event_code,
    existing_event,
    progress,
    total,
)
from operations.roster_corrections import change_number, remove
from operations.roster_list import export, list_
from operations.roster_report import doubts, print_report
from operations.stage import Stage


@click.group(name="roster")
def group() -> None:
    """Import, list and correct the people who are registered for an event."""


group.add_command(list_)
group.add_command(export)
group.add_command(remove)
group.add_command(change_number)


@group.command(name="import")
@event_code
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report, but store nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, even if something is doubtful.")
@click.option("--replace", is_flag=True, help="Take those off the roster who are not in the file.")
@click.option("--include-status", is_flag=True, help="Take in cancelled, waiting and hidden rows.")
@click.option("--keep", multiple=True, metavar="HEADER", help="Keep this column, too.")
@click.option("--name-column", metavar="HEADER", help="The column of names.")
@click.option("--phone-column", metavar="HEADER", help="The column of phone numbers.")
@click.option("--email-column", metavar="HEADER", help="The column of e-mail addresses.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook.")
@click.option("--encoding", metavar="NAME", help="Of a CSV file, such as cp949 or shift_jis.")
@click.option("--delimiter", metavar="CHARACTER", help="Of a CSV file, such as ; or \\t.")
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    code: str,
    file: Path,
    *,
    dry_run: bool,
    yes: bool,
    replace: bool,
    **choices: str | bool | tuple[str, ...] | None,
) -> None:
    """Import the roster FILE (CSV or XLSX) into the event CODE.

    The command says first what it understood: the columns, the people who are new or changed, and
    each row that does not come in, with its line and the reason. It asks if something is doubtful.
    The options decide by hand what it would choose itself. It is safe to run this again, with the
    same file or a newer one.

    Exit code 0: every row is in, or left out for its status; 1: some were rejected; 2: nothing was
    stored.
    """
    stage: Stage = ctx.obj
    event = existing_event(stage, code)
    wiring = stage.wiring
    work = RosterImport(event, wiring.registration_table, wiring.check_in_table, wiring.secret_key)
    with TemporaryDirectory() as folder:
        try:
            roster = open_roster(
                _copied(file, folder),
                wiring.settings.default_region_code,
                Choices(**choices),  # type: ignore[arg-type]  # click's names are its fields
            )
            with progress(roster, "Reading") as entries:
                report = work.compare(entries)
        except UnreadableFileError as error:
            raise FailureError(f"{file}: {error}; nothing was stored") from error
        print_report(roster, report, file.name)
        if replace and not report.accepted:
            raise FailureError("nobody in the file could be imported, so it replaces nothing")
        asked = _decide(doubts(roster, report, replace=replace), yes=yes or dry_run)
        if dry_run:
            click.echo(f"{code}: nothing was stored, since this was a dry run")
        else:
            if asked:  # people may have come, or the event may have changed
                if existing_event(stage, code) != event:
                    raise FailureError("the event was changed meanwhile: run the import again")
                report = work.compare(roster)
            _store(work, roster, report, code, replace=replace)
    ctx.exit(1 if report.rejected else 0)


def _decide(found: list[str], *, yes: bool) -> bool:
    """Ask whether to go on in spite of these doubts, and return whether that took time."""
    for doubt in found:
        click.echo(f"doubtful: {doubt}")
    if not found or yes:
        return False
    confirm("Go on?")
    return True


def _copied(file: Path, folder: str) -> Path:
    """A copy of the file: what is stored is what was shown, whatever happens to the file."""
    copy = Path(folder) / file.name
    with file.open("rb") as source:
        copy.write_bytes(source.read(MOST_BYTES + 1))
    return copy


def _store(work: RosterImport, roster: Roster, report: Report, code: str, *, replace: bool) -> None:
    # Stored first and removed afterwards: whenever it breaks off, nobody in the file is lost, and
    # the next import completes it.
    total(work.write(roster), "Importing", report.to_write)
    removals = ""
    if replace:
        removed = total(work.remove(report.to_remove), "Removing", len(report.to_remove))
        removals = f", {removed:,} removed"
    unchanged = f"{report.unchanged:,} of them unchanged"
    click.echo(f"{code}: {report.accepted:,} imported, {unchanged}{removals}")
