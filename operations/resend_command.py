"""`resend`: has confirmations mailed again, to a corrected address if necessary."""

from __future__ import annotations

import click

from chalicelib.attendance.check_in import CheckIn
from chalicelib.attendance.email import parse_email
from operations.console import (
    FailureError,
    attendee_with,
    checked,
    event_code,
    existing_event,
    progress,
)
from operations.resend import Resend
from operations.stage import Stage
from operations.standing import LISTS

_ID_LENGTH, _GROUP = 16, 4  # characters


def _check_in_id(text: str) -> str:
    """Return `7F3K-9QRT-2MXA-HB4D` for `7f3k9qrt2mxahb4d`. Raises ValueError."""
    plain = text.replace("-", "").strip().upper()
    if len(plain) != _ID_LENGTH:
        raise ValueError(f"{text!r} is not a check-in id such as 7F3K-9QRT-2MXA-HB4D")
    return "-".join(plain[start : start + _GROUP] for start in range(0, _ID_LENGTH, _GROUP))


@click.command()
@event_code
@click.option(
    "--check-in",
    "check_in_id",
    metavar="ID",
    callback=checked(_check_in_id),
    help="The check-in with this id.",
)
@click.option("--phone", metavar="NUMBER", help="The check-in of the attendee with this number.")
@click.option("--failed", is_flag=True, help="All that were refused for good.")
@click.option("--unclear", is_flag=True, help="All that may have been mailed.")
@click.option(
    "--email",
    metavar="ADDRESS",
    callback=checked(parse_email),
    help="Correct the address (with --check-in or --phone).",
)
@click.option("--again", is_flag=True, help="Mail another copy (with --check-in or --phone).")
@click.option("--dry-run", is_flag=True, help="Say what would be done, but change nothing.")
@click.pass_context
def resend(  # noqa: PLR0913  -- click hands over each option by its name
    ctx: click.Context,
    /,
    code: str,
    *,
    check_in_id: str | None,
    phone: str | None,
    failed: bool,
    unclear: bool,
    email: str | None,
    again: bool,
    dry_run: bool,
) -> None:
    """Have confirmations of the event CODE mailed again, by the sweep, within a minute.

    A mail that is being sent or was sent is left alone, so it is safe to run this again.

    Exit code 0: done; 1: some changed meanwhile and were left as they are; 2: nothing was done.
    """
    stage: Stage = ctx.obj
    if sum((bool(check_in_id), bool(phone), failed, unclear)) != 1:
        raise click.UsageError("give one of --check-in, --phone, --failed and --unclear")
    if (failed or unclear) and (email or again):
        raise click.UsageError("--email and --again go with --check-in or --phone")
    existing_event(stage, code)
    if failed or unclear:
        check_ins = list(filter(LISTS["failed" if failed else "unclear"], _of_event(stage, code)))
    else:
        check_ins = [_find(stage, code, check_in_id, phone)]
    work = Resend(email, again=again)
    if dry_run:
        work.check(check_ins)
    else:
        with progress(check_ins, "Putting back") as wanted:
            work.run(wanted, stage.wiring.check_in_table, stage.wiring.now())
    _report(work, code, dry_run=dry_run)
    ctx.exit(1 if work.outcomes["changed meanwhile"] else 0)


def _of_event(stage: Stage, code: str) -> list[CheckIn]:
    with progress(stage.wiring.check_in_table.of_event(code), "Reading") as found:
        return list(found)


def _find(stage: Stage, code: str, check_in_id: str | None, phone: str | None) -> CheckIn:
    """The check-in as it is now. Raises FailureError if there is none."""
    table = stage.wiring.check_in_table
    if check_in_id:
        check_in = table.by_number(check_in_id)
    else:
        check_in = table.get(code, attendee_with(stage, phone or "", "--phone"))
    if check_in is None or check_in.event_code != code:
        raise FailureError(f"no such check-in at the event {code}")
    return check_in


def _report(work: Resend, code: str, *, dry_run: bool) -> None:
    for check_in_id, remark in work.remarks:
        click.echo(f"{check_in_id}: {remark}")
    outcomes = work.outcomes
    done = "would be put back" if dry_run else "put back"
    soon = ": the sweep mails what was put back within a minute"
    click.echo(
        f"{code}: {outcomes['put back']:,} {done}, {outcomes['left alone']:,} left alone, "
        f"{outcomes['changed meanwhile']:,} changed meanwhile"
        f"{soon if outcomes['put back'] and not dry_run else ''}"
    )
