"""`roster import`: imports a roster file into an event."""

from __future__ import annotations

import warnings
from pathlib import Path

import click

from chalicelib.attendance.errors import StorageUnavailable
from chalicelib.roster.importer import Outcome, RosterImport
from chalicelib.roster.reader import Roster, open_roster
from chalicelib.roster.spreadsheet import UnreadableFileError
from operations.console import FailureError, event_code, existing_event, progress
from operations.stage import Stage


@click.group()
def roster() -> None:
    """Import the people who are registered for an event."""


@roster.command(name="import")
@event_code
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check every row and report, but store nothing.")
@click.pass_context
def import_(ctx: click.Context, /, code: str, file: Path, *, dry_run: bool) -> None:
    """Import the roster FILE (CSV or XLSX) into the event CODE.

    The file needs a column of names and one of phone numbers; a column of e-mail addresses is
    used if there is one. Rows that cannot be imported are reported with line and reason, and the
    others are imported. It is safe to run this again, with the same file or a newer one.

    Exit code 0: every row imported; 1: some were not; 2: nothing could be done.
    """
    stage: Stage = ctx.obj
    event = existing_event(stage, code)
    wiring = stage.wiring
    work = RosterImport(event, wiring.registration_table, wiring.secret_key)
    # openpyxl warns about styles and extensions that it drops, but nothing here needs them.
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        table = open_roster(file, wiring.settings.default_region_code)
        _describe(table)
        label = "Checking" if dry_run else "Importing"
        with progress(table, label, table.row_count()) as entries:
            (work.check if dry_run else work.run)(entries)
    except UnreadableFileError as error:
        raise FailureError(f"{file}: {error}") from error
    except StorageUnavailable as error:
        raise FailureError(
            f"storage did not answer or refused the call: {error}; {work.outcome.imported:,} "
            "people were imported before that, and it is safe to run the import again"
        ) from error
    _report(work.outcome, code, dry_run=dry_run)
    ctx.exit(1 if work.outcome.rejected else 0)


def _describe(table: Roster) -> None:
    columns = table.columns
    click.echo(f"Columns: {', '.join(columns.used)}")
    if columns.passed_over:
        click.echo(f"Not used: {', '.join(columns.passed_over)}")
    if columns.email is None:
        click.echo("There is no e-mail column: attendees are asked for their address at check-in.")


def _report(outcome: Outcome, code: str, *, dry_run: bool) -> None:
    for line, warning in outcome.warnings:
        click.echo(f"line {line}: {warning}")
    for row in outcome.rejected:
        click.echo(f"line {row.line}: rejected: {row.reason}")
    done = "would be imported" if dry_run else "imported"
    people = outcome.accepted if dry_run else outcome.imported
    click.echo(
        f"{code}: {people:,} {done}, {outcome.without_email:,} of them without e-mail; "
        f"{len(outcome.rejected):,} rejected"
    )
