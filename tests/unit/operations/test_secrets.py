"""`secrets set`, over moto's parameter store."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from chalicelib.storage.parameters import read_secret
from operations.__main__ import operations
from operations.stage import Stage

PASSWORD = "a password, with a comma"


@pytest.fixture(autouse=True)
def parameter_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SMTP_PASSWORD_PARAMETER", "/rollcall/smtp-password")
    monkeypatch.setenv("SECRET_KEY_PARAMETER", "/rollcall/secret-key")
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(operations, ["secrets", "set", *arguments], input=typed)


def test_a_secret_from_stdin_is_stored_encrypted_and_said_nowhere() -> None:
    result = run("SMTP_PASSWORD", typed=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert result.output == "SMTP_PASSWORD: stored in /rollcall/smtp-password\n"
    assert read_secret("/rollcall/smtp-password") == PASSWORD
    stored = boto3.client("ssm").describe_parameters()["Parameters"]
    assert [parameter["Type"] for parameter in stored] == ["SecureString"]


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **options: object) -> str:
        asked.append({"text": text, **options})
        return PASSWORD

    monkeypatch.setattr("operations.secrets_command._has_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    assert run("SMTP_PASSWORD").exit_code == 0
    assert asked == [{"text": "SMTP_PASSWORD", "hide_input": True, "confirmation_prompt": True}]
    assert read_secret("/rollcall/smtp-password") == PASSWORD


def test_a_new_password_replaces_the_old_one() -> None:
    run("SMTP_PASSWORD", typed="old\n")
    assert run("SMTP_PASSWORD", typed="new\n").exit_code == 0
    assert read_secret("/rollcall/smtp-password") == "new"


def test_a_key_is_made_and_not_replaced_by_a_slip() -> None:
    assert run("SECRET_KEY", "--generate").exit_code == 0
    first = read_secret("/rollcall/secret-key")
    assert len(first) >= 43  # 256 bits in base64
    again = run("SECRET_KEY", "--generate")
    assert again.exit_code == 2
    assert "--replace" in again.output
    assert read_secret("/rollcall/secret-key") == first
    assert run("SECRET_KEY", "--generate", "--replace").exit_code == 0
    assert read_secret("/rollcall/secret-key") not in ("", first)


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("SMTP_PASSWORD",), "", "there is none"),
        (("SMTP_PASSWORD", "--generate"), "x\n", "go with SECRET_KEY"),
        (("SMTP_PASSWORD", PASSWORD), "x\n", "unexpected extra argument"),
        (("MAIL_FROM",), "x\n", "SMTP_PASSWORD"),
    ],
)
def test_invalid_input_stores_nothing(arguments: tuple[str, ...], typed: str, said: str) -> None:
    result = run(*arguments, typed=typed)
    assert result.exit_code == 2
    assert said in result.output
    assert boto3.client("ssm").describe_parameters()["Parameters"] == []


def test_before_the_first_deployment_a_secret_goes_where_the_functions_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SMTP_PASSWORD_PARAMETER")
    result = CliRunner().invoke(
        operations, ["secrets", "set", "SMTP_PASSWORD"], obj=Stage("dev"), input=f"{PASSWORD}\n"
    )
    assert result.output == "SMTP_PASSWORD: stored in /rollcall/dev/smtp-password\n"
    assert read_secret("/rollcall/dev/smtp-password") == PASSWORD


def test_a_stage_that_names_no_parameter_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_PASSWORD_PARAMETER")
    result = run("SMTP_PASSWORD", typed="x\n")
    assert result.exit_code == 2
    assert "SMTP_PASSWORD_PARAMETER" in result.output
