"""`secrets set`: stores a stage's secrets in SSM Parameter Store, where its functions read them."""

from __future__ import annotations

import secrets as random_secrets
import sys

import boto3
import click
from botocore.exceptions import ClientError

from chalicelib.storage.dynamodb import AT_A_DESK, storage_errors
from operations.console import FailureError
from operations.stage import Stage

_KEY_BYTES = 32


@click.group()
def secrets() -> None:
    """Store the stage's secrets."""


@secrets.command(name="set")
@click.argument("name", type=click.Choice(["SMTP_PASSWORD", "SECRET_KEY"]))
@click.option("--generate", is_flag=True, help="Make a random SECRET_KEY instead of asking.")
@click.option("--replace", is_flag=True, help="Replace the SECRET_KEY that is there.")
@click.pass_obj
def set_(stage: Stage, /, name: str, *, generate: bool, replace: bool) -> None:
    """Ask for the secret NAME, and store it where the stage's functions read it.

    What you type is not shown. Without a terminal, the first line of stdin is read. A secret is
    never passed on the command line.
    """
    if name == "SMTP_PASSWORD" and (generate or replace):
        raise click.UsageError("--generate and --replace go with SECRET_KEY")
    parameter = _parameter(stage, name)
    secret = random_secrets.token_urlsafe(_KEY_BYTES) if generate else _asked(name)
    client = boto3.client("ssm", config=AT_A_DESK)
    with storage_errors():
        try:
            client.put_parameter(
                Name=parameter,
                Value=secret,
                Type="SecureString",
                # With another key nobody is recognised, so it must not be replaced by accident.
                Overwrite=name == "SMTP_PASSWORD" or replace,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterAlreadyExists":
                raise
            raise FailureError(
                f"{parameter} already exists. With another key nobody is recognised, and rosters "
                "have to be imported again. Use --replace to replace it anyway"
            ) from error
    click.echo(f"{name}: stored in {parameter}")


def _parameter(stage: Stage, name: str) -> str:
    setting = f"{name}_PARAMETER"
    parameter = stage.setting(setting)
    if parameter is None:
        raise click.UsageError(
            f"stage {stage.name} reads {name} from no parameter: "
            f"name one as {setting} in .chalice/config.json"
        )
    return parameter


def _asked(name: str) -> str:
    """Ask for the secret. Raises click.UsageError if nothing is given."""
    if _has_terminal():
        return str(click.prompt(name, hide_input=True, confirmation_prompt=True))
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise click.UsageError("the secret is read from stdin, and there is none")
    return secret


def _has_terminal() -> bool:
    return sys.stdin.isatty()
