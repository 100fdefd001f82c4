"""Settings: what is taken, what is refused, and how a refusal is worded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from chalicelib.settings import Secret, Settings, SettingsError, load, run_folder

REQUIRED = {
    "EVENT_TABLE": "events",
    "REGISTRATION_TABLE": "registrations",
    "CHECK_IN_TABLE": "check-ins",
    "SECRET_KEY": "a key for tests",
    "MAIL_FROM": "Meetup <hello@example.com>",
}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as error:
        load(environment)
    return str(error.value)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The process's environment, with nothing set; it is what it was afterwards."""
    environment: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environment)
    return environment


def test_the_required_settings_are_enough() -> None:
    settings = load(REQUIRED)
    assert settings.event_table == "events"
    assert settings.registration_table == "registrations"
    assert settings.check_in_table == "check-ins"
    assert settings.secret_key == Secret(value="a key for tests")
    assert (settings.batch_size, settings.starting_position) == (5, "LATEST")
    assert settings.default_region_code == "KR"
    assert (settings.delivery_lease, settings.unclear_delivery) == (60, "resend")
    assert (settings.metrics_namespace, settings.function_name) == ("Rollcall", None)
    mail = settings.mail
    assert (mail.host, mail.port, mail.security) == ("smtp.gmail.com", 465, "tls")
    assert (mail.username, mail.timeout) == (None, 10)
    assert (mail.connections, mail.messages_per_connection) == (4, 100)
    assert (mail.sender, mail.reply_to) == (("Meetup", "hello@example.com"), None)


def test_an_empty_setting_counts_as_missing() -> None:
    optional = (
        "BATCH_SIZE",
        "DEFAULT_REGION_CODE",
        "DELIVERY_LEASE",
        "UNCLEAR_DELIVERY",
        "METRICS_NAMESPACE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "SMTP_HOST",
        "SMTP_USERNAME",
        "SMTP_CONNECTIONS",
        "SMTP_MESSAGES_PER_CONNECTION",
        "MAIL_REPLY_TO",
    )
    assert load(REQUIRED | dict.fromkeys(optional, "")) == load(REQUIRED)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named(name: str, value: str | None) -> None:
    environment = {**REQUIRED, name: value or ""}
    if value is None:
        del environment[name]
    assert f"{name} is missing: expected " in refusal(environment)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BATCH_SIZE", "0", "a whole number from 1 to 10000"),
        ("BATCH_SIZE", "10001", "a whole number from 1 to 10000"),
        ("BATCH_SIZE", "five", "a whole number from 1 to 10000"),
        ("BATCH_SIZE", "2.5", "a whole number from 1 to 10000"),
        ("STARTING_POSITION", "AT_TIMESTAMP", "one of LATEST, TRIM_HORIZON"),
        ("STARTING_POSITION", "latest", "one of LATEST, TRIM_HORIZON"),
        ("DEFAULT_REGION_CODE", "KOR", "a country code such as KR"),
        ("DEFAULT_REGION_CODE", "XX", "a country code such as KR"),
        ("DEFAULT_REGION_CODE", "82", "a country code such as KR"),
        ("SMTP_PORT", "0", "a whole number from 1 to 65535"),
        ("SMTP_PORT", "65536", "a whole number from 1 to 65535"),
        ("SMTP_PORT", "smtp", "a whole number from 1 to 65535"),
        ("SMTP_TIMEOUT", "-1", "a whole number from 1 to 300"),
        ("SMTP_TIMEOUT", "301", "a whole number from 1 to 300"),
        ("DELIVERY_LEASE", "0", "a whole number from 1 to 3600"),
        ("DELIVERY_LEASE", "3601", "a whole number from 1 to 3600"),
        ("DELIVERY_LEASE", "1m", "a whole number from 1 to 3600"),
        ("UNCLEAR_DELIVERY", "retry", "one of resend, hold"),
        ("UNCLEAR_DELIVERY", "Hold", "one of resend, hold"),
        ("METRICS_NAMESPACE", "AWS/Lambda", "a CloudWatch namespace such as rollcall-dev"),
        ("METRICS_NAMESPACE", ":rollcall", "a CloudWatch namespace such as rollcall-dev"),
        ("METRICS_NAMESPACE", "출석", "a CloudWatch namespace such as rollcall-dev"),
        ("METRICS_NAMESPACE", "r" * 256, "a CloudWatch namespace such as rollcall-dev"),
        ("SMTP_CONNECTIONS", "0", "a whole number from 1 to 100"),
        ("SMTP_CONNECTIONS", "101", "a whole number from 1 to 100"),
        ("SMTP_MESSAGES_PER_CONNECTION", "0", "a whole number from 1 to 10000"),
        ("SMTP_MESSAGES_PER_CONNECTION", "10001", "a whole number from 1 to 10000"),
        ("SMTP_SECURITY", "ssl", "one of tls, starttls, none"),
        ("MAIL_FROM", "Meetup <a..b@example.com>", "a sender such as Meetup <hello@example.com>"),
        ("MAIL_FROM", "hello@example..com", "a sender such as Meetup <hello@example.com>"),
        ("MAIL_FROM", "Meetup", "a sender such as Meetup <hello@example.com>"),
        ("MAIL_FROM", "Meetup <>", "a sender such as Meetup <hello@example.com>"),
        ("MAIL_FROM", "Meetup <하나@example.com>", "a sender such as Meetup <hello@example.com>"),
        ("MAIL_REPLY_TO", "Meetup", "an address such as hello@example.com"),
        ("MAIL_REPLY_TO", "a..b@example.com", "an address such as hello@example.com"),
        ("MAIL_REPLY_TO", "a@example.com b@example.com", "an address such as hello@example.com"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    assert f"{name} is wrong: expected {expected}" in refusal({**REQUIRED, name: value})


def test_all_faults_are_named_at_once() -> None:
    complaint = refusal({"BATCH_SIZE": "many"})
    assert [name for name in [*REQUIRED, "BATCH_SIZE"] if name not in complaint] == []


def test_a_wrong_secret_is_not_repeated() -> None:
    complaint = refusal({"SECRET_KEY": "a key for tests", "SMTP_PASSWORD": "hush"})
    assert "a key for tests" not in complaint
    assert "hush" not in complaint


def test_given_settings_are_used() -> None:
    given = {
        "BATCH_SIZE": "10000",
        "STARTING_POSITION": "TRIM_HORIZON",
        "DEFAULT_REGION_CODE": "us",
        "DELIVERY_LEASE": "3600",
        "UNCLEAR_DELIVERY": "hold",
        "METRICS_NAMESPACE": "rollcall-dev",
        "AWS_LAMBDA_FUNCTION_NAME": "rollcall-dev-sweep_deliveries",
        "SMTP_HOST": "mail.example.com",
        "SMTP_PORT": "587",
        "SMTP_SECURITY": "starttls",
        "SMTP_TIMEOUT": "3",
        "SMTP_CONNECTIONS": "100",
        "SMTP_MESSAGES_PER_CONNECTION": "10000",
        "MAIL_FROM": "hello@example.com",
        "MAIL_REPLY_TO": "answers@example.com",
    }
    settings = load(REQUIRED | given)
    assert (settings.batch_size, settings.starting_position) == (10_000, "TRIM_HORIZON")
    assert settings.default_region_code == "US"
    assert (settings.delivery_lease, settings.unclear_delivery) == (3600, "hold")
    assert settings.metrics_namespace == "rollcall-dev"
    assert settings.function_name == "rollcall-dev-sweep_deliveries"
    mail = settings.mail
    assert (mail.host, mail.port, mail.security) == ("mail.example.com", 587, "starttls")
    assert (mail.timeout, mail.sender) == (3, ("", "hello@example.com"))
    assert mail.reply_to == "answers@example.com"
    assert (mail.connections, mail.messages_per_connection) == (100, 10_000)


class TestMailWithoutTls:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    def test_goes_to_loopback(self, host: str) -> None:
        settings = load({**REQUIRED, "SMTP_SECURITY": "none", "SMTP_HOST": host})
        assert settings.mail.security == "none"

    @pytest.mark.parametrize("host", ["", "mail.example.com", "192.0.2.1", "localhost.example.com"])
    def test_goes_nowhere_else(self, host: str) -> None:
        complaint = refusal({**REQUIRED, "SMTP_SECURITY": "none", "SMTP_HOST": host})
        assert "SMTP_SECURITY is wrong: expected tls or starttls" in complaint


class TestSecrets:
    def test_can_be_the_name_of_a_parameter(self) -> None:
        environment = {**REQUIRED, "SECRET_KEY": "", "SECRET_KEY_PARAMETER": "/rollcall/key"}
        assert load(environment).secret_key == Secret(parameter="/rollcall/key")

    def test_given_themselves_win_over_a_parameter(self) -> None:
        environment = {**REQUIRED, "SECRET_KEY_PARAMETER": "/rollcall/key"}
        assert load(environment).secret_key == Secret(value="a key for tests")

    def test_of_the_mail_server_are_needed_where_there_is_a_login(self) -> None:
        complaint = refusal({**REQUIRED, "SMTP_USERNAME": "hello@example.com"})
        assert "SMTP_PASSWORD is missing" in complaint
        assert "SMTP_PASSWORD_PARAMETER" in complaint

    def test_of_the_mail_server_are_read_with_the_login(self) -> None:
        login = {"SMTP_USERNAME": "hello@example.com", "SMTP_PASSWORD": "hush"}
        mail = load(REQUIRED | login).mail
        assert (mail.username, mail.password) == ("hello@example.com", Secret(value="hush"))

    def test_do_not_show_themselves(self) -> None:
        login = {"SMTP_USERNAME": "hello@example.com", "SMTP_PASSWORD": "hush"}
        shown = f"{load(REQUIRED | login)!r} {load(REQUIRED | login)!s}"
        assert "hush" not in shown
        assert "a key for tests" not in shown

    def test_show_the_parameter_that_holds_them(self) -> None:
        assert "/rollcall/key" in repr(Secret(parameter="/rollcall/key"))


class TestTheProcessEnvironment:
    def test_is_read_by_default(self, process: dict[str, str]) -> None:
        process |= REQUIRED | {"BATCH_SIZE": "7"}
        assert load().batch_size == 7

    def test_is_completed_from_a_file(self, process: dict[str, str], tmp_path: Path) -> None:
        process["SETTINGS_FILE"] = self.file(tmp_path, REQUIRED)
        assert load() == load(REQUIRED)

    def test_finds_the_file_of_the_run_on_its_port(
        self, process: dict[str, str], tmp_path: Path
    ) -> None:
        process |= {"XDG_STATE_HOME": str(tmp_path), "SETTINGS_FILE": "{run}/services.json"}
        for port in ("8000", "8100"):
            folder = run_folder({"XDG_STATE_HOME": str(tmp_path), "PORT": port})
            folder.mkdir(parents=True)
            self.file(folder, REQUIRED | {"EVENT_TABLE": f"of-{port}"})
        process["PORT"] = "8100"
        assert load().event_table == "of-8100"

    def test_wins_over_the_file(self, process: dict[str, str], tmp_path: Path) -> None:
        process |= {"EVENT_TABLE": "mine", "SETTINGS_FILE": self.file(tmp_path, REQUIRED)}
        settings: Settings = load()
        assert (settings.event_table, settings.check_in_table) == ("mine", "check-ins")

    def test_has_the_files_aws_settings_for_the_sdk(
        self, process: dict[str, str], tmp_path: Path
    ) -> None:
        endpoint = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}
        process["SETTINGS_FILE"] = self.file(tmp_path, REQUIRED | endpoint)
        load()
        assert process["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:1"

    def test_without_the_file_says_how_to_make_it(
        self, process: dict[str, str], tmp_path: Path
    ) -> None:
        process["SETTINGS_FILE"] = str(tmp_path / "missing.json")
        with pytest.raises(
            SettingsError, match=r"EVENT_TABLE is missing.*run `make services` first"
        ):
            load()

    @staticmethod
    def file(directory: Path, settings: dict[str, str]) -> str:
        path = directory / "services.json"
        path.write_text(json.dumps(settings))
        return str(path)
