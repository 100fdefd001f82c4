"""`replay`: the confirmations of what was checked in since a time, mailed from this terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from chalicelib.attendance.errors import StorageUnavailable
from operations.console import FailureError, checked, progress
from operations.past_check_ins import Keys, table_since
from operations.replay import Replay
from operations.stage import Stage
from operations.times import parse_moment, parse_timezone, shown

_STREAM_KEEPS = timedelta(hours=23)  # 24, and one to spare for the reading


@click.command()
@click.option("--since", required=True, metavar="TIME", help="'2026-02-11 19:00'.")
@click.option(
    "--timezone",
    default="Asia/Seoul",
    show_default=True,
    callback=checked(parse_timezone),
    help="IANA time zone; a time without an offset is read in it.",
)
@click.option(
    "--from",
    "source",
    type=click.Choice(("stream", "table")),
    help="Where to look. [default: the stream, and beyond the 24 hours that it keeps the table]",
)
@click.option("--dry-run", is_flag=True, help="Count what would be mailed, but mail nothing.")
@click.pass_context
def replay(
    ctx: click.Context, /, since: str, timezone: str, source: str | None, *, dry_run: bool
) -> None:
    """Mail what was checked in since TIME and is not confirmed yet.

    The mails leave from this terminal, over the stage's mail server. It can be run again, and
    beside everything else that mails: nobody gets a confirmation that is out already.

    Exit code 0: nothing is owed any more; 1: some are still owed; 2: nothing could be done.
    """
    stage: Stage = ctx.obj
    zone = ZoneInfo(timezone)
    moment = parse_moment(since, zone, "--since")
    wiring = stage.wiring
    now = wiring.now()
    if moment > now:
        raise click.BadParameter("it lies in the future", param_hint="--since")
    source = source or ("stream" if now - moment <= _STREAM_KEEPS else "table")
    work = Replay(wiring.deliveries, wiring.now)
    with progress(work.owed(_check_ins(stage, source, moment, now)), "Checking") as found:
        owed = list(found)
    click.echo(
        f"checked in since {shown(moment, zone)} ({timezone}), by the {source}: "
        f"{work.before.total():,}"
    )
    if not dry_run and owed:
        with progress(work.mail(owed, wiring.confirmations), "Mailing", len(owed)) as mailed:
            for _ in mailed:
                pass
        work.review(owed)
    still_owed = _report(work, len(owed), dry_run=dry_run)
    if owed and work.after["owed"] == len(owed):
        raise FailureError("nothing could be mailed; the lines above say why")
    ctx.exit(1 if still_owed and not dry_run else 0)


def _check_ins(stage: Stage, source: str, moment: datetime, now: datetime) -> Iterator[Keys]:
    if source == "table":
        yield from table_since(stage.wiring.deliveries, moment)
        return
    try:
        yield from stage.stream.since(moment, now)
    except StorageUnavailable as error:
        raise FailureError(f"the stream was not read: {error}; try `--from table`") from error


def _report(work: Replay, owed: int, *, dry_run: bool) -> int:
    """Print the counts; returns how many are still owed."""
    before, after = work.before, work.after
    settled = before["mailed"] + before["failed"] + before["nothing to mail"]
    settled += after["nothing to mail"]  # deleted meanwhile
    unclear = before["unclear"] + after["unclear"]
    still_owed = before["in hand"] + after["owed"] + after["in hand"]
    counts = [f"{after['mailed']:,} mailed", f"{after['failed']:,} failed"]
    counts = [f"{owed:,} would be mailed"] if dry_run else counts
    counts.append(f"{settled:,} settled before")
    if unclear:
        counts.append(f"{unclear:,} unclear, which wait for `resend`")
    if still_owed:
        counts.append(f"{still_owed:,} still owed: the sweep tries them")
    click.echo(", ".join(counts))
    return still_owed
