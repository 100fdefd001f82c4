"""`python -m operations`: the commands for organizers and operators."""

from __future__ import annotations

import click

from operations.attendee_commands import attendees
from operations.console import Commands
from operations.deliveries_command import deliveries
from operations.deploy_commands import deploy, destroy, diff, package, verify
from operations.event_commands import events
from operations.resend_command import resend
from operations.roster_commands import group as roster
from operations.secrets_command import secrets
from operations.stage import Stage


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--stage", default="local", show_default=True, help="From .chalice/config.json.")
@click.pass_context
def operations(ctx: click.Context, stage: str) -> None:
    """Rollcall's commands for organizers: events, rosters and confirmations.

    Settings are read from the environment first, then from the stage.

    \b
    Create a first event, and import its roster:
      python -m operations events create 0211ABC --name "Serverless Night" \\
          --organization "Cloud Club" --venue "Seoul" --starts-at "2026-02-11 19:00"
      python -m operations roster import 0211ABC examples/roster.csv

    \b
    List the confirmations that have not been sent, and why:
      python -m operations deliveries 0211ABC --owed --failed --unclear
    """
    ctx.obj = ctx.obj or Stage(stage)


operations.add_command(events)
operations.add_command(roster)
operations.add_command(attendees)
operations.add_command(deliveries)
operations.add_command(resend)
operations.add_command(secrets)
operations.add_command(deploy)
operations.add_command(verify)
operations.add_command(diff)
operations.add_command(destroy)
operations.add_command(package)

if __name__ == "__main__":
    operations(prog_name="python -m operations")
