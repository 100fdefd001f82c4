"""`deploy`, `verify`, `diff`, `destroy` and `package`: the commands for a stage on AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from operations.console import FailureError
from operations.deployment import chalice_cli, templates
from operations.deployment.aws import DeploymentError
from operations.deployment.deploy import Deployment
from operations.deployment.stage_config import StageConfig
from operations.deployment.verify import PATIENCE
from operations.stage import Stage

_patience = click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the probe's confirmation.",
)


@click.command()
@_patience
@click.pass_obj
def deploy(stage: Stage, /, patience: float) -> None:
    """Deploy the stage, or what has changed in it, and verify that it works.

    You can run it again at any time: after a failed deployment, from another clone, or after a
    table was created again.
    """
    began = time.monotonic()
    with _failing_in_words():
        address = Deployment(_config(stage), click.echo).deploy(patience=patience)
    click.echo(f"deployed in {time.monotonic() - began:.0f} s: {address}")


@click.command()
@_patience
@click.pass_obj
def verify(stage: Stage, /, patience: float) -> None:
    """Verify that the stage works: mapping, functions, and a check-in with its confirmation."""
    with _failing_in_words():
        Deployment(_config(stage), click.echo).verify(patience=patience)
    click.echo(f"stage {stage.name} works")


@click.command()
@click.pass_context
def diff(ctx: click.Context, /) -> None:
    """Show what a deployment would change, without changing anything.

    Exit code 0: nothing; 1: something; 2: the comparison failed.
    """
    stage: Stage = ctx.obj
    with _failing_in_words():
        found = list(Deployment(_config(stage), click.echo).differences())
    for words in found:
        click.echo(words)
    click.echo(f"stage {stage.name}: {len(found)} to change" if found else "nothing to change")
    ctx.exit(1 if found else 0)


@click.command()
@click.option("--delete-data", is_flag=True, help="Delete the tables and everything in them, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def destroy(stage: Stage, /, *, delete_data: bool, yes: bool) -> None:
    """Remove the stage's functions, API and alarms. Its data stays unless you say otherwise."""
    what = "everything, including ALL DATA" if delete_data else "everything except its data"
    if not yes:
        typed = click.prompt(
            f"This removes the stage {stage.name}: {what}. Type its name to continue", default=""
        )
        if typed != stage.name:
            raise FailureError("nothing was removed")
    with _failing_in_words():
        Deployment(_config(stage), click.echo).destroy(with_data=delete_data)
    click.echo(f"stage {stage.name}: removed, {what}")


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def package(stage: Stage, /, directory: Path) -> None:
    """Write the stage's template and zip, as one CloudFormation stack, to DIRECTORY."""
    with _failing_in_words():
        config = _config(stage)
        chalice_cli.package(config, directory, templates.package_additions(config.infrastructure))
    click.echo(
        f"{directory / 'sam.json'}: aws cloudformation package, then deploy (docs/deployment.md)"
    )


@contextmanager
def _failing_in_words() -> Iterator[None]:
    try:
        yield
    except (DeploymentError, ClientError, BotoCoreError) as error:
        raise FailureError(str(error)) from error


def _config(stage: Stage) -> StageConfig:
    if stage.name == "local":
        raise FailureError("the stage local runs on this machine: choose another one with --stage")
    return StageConfig(stage.root, stage.name, stage.config)
