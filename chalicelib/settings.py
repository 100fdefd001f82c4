"""The settings. No other module of the app reads settings from os.environ.

A missing or wrong setting stops the function at its start; the error names it and what is expected.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, TypeVar, cast

from phonenumbers import SUPPORTED_REGIONS

Security = Literal["tls", "starttls", "none"]
StartingPosition = Literal["LATEST", "TRIM_HORIZON"]
UnclearDelivery = Literal["resend", "hold"]
T = TypeVar("T")

# This catches typing errors; only a mail can show whether the address works.
_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # visible ASCII around one @
# CloudWatch silently drops metrics of any other namespace, and reserves AWS/ for itself.
_NAMESPACE = re.compile(r"(?!AWS/|:)[A-Za-z0-9._/#:-]{1,255}")


class SettingsError(Exception):
    """One or more settings are missing or wrong; the message names each."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value, or the name of the SSM SecureString that holds it."""

    value: str | None = None
    parameter: str | None = None

    def __repr__(self) -> str:
        return f"Secret(parameter={self.parameter!r})" if self.parameter else "Secret(…)"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail is sent; there is no login if `username` is None.

    `timeout` is in seconds, for each wait on the server. Each container opens up to `connections`
    at the same time, and replaces one after `messages_per_connection`. `sender` is
    `(name, address)`.
    """

    host: str
    port: int
    security: Security
    username: str | None
    password: Secret
    timeout: float
    connections: int
    messages_per_connection: int
    sender: tuple[str, str]
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """`delivery_lease` and `storage_timeout` are in seconds.

    `function_name` is None outside Lambda.
    """

    event_table: str
    registration_table: str
    check_in_table: str
    batch_size: int
    starting_position: StartingPosition
    secret_key: Secret
    storage_timeout: int
    default_region_code: str
    delivery_lease: int
    unclear_delivery: UnclearDelivery
    metrics_namespace: str
    function_name: str | None
    mail: MailSettings


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment (or the given mapping). Raises SettingsError, naming every fault."""
    reader = _Reader(_process_environment() if environment is None else environment)
    security = cast(Security, reader.choice("SMTP_SECURITY", ("tls", "starttls", "none"), "tls"))
    host = reader.text("SMTP_HOST", "smtp.gmail.com")
    if security == "none" and not is_loopback(host):
        reader.fault("SMTP_SECURITY", "tls or starttls (none is for a server on loopback only)")
    username = reader.text("SMTP_USERNAME", "") or None
    settings = Settings(
        event_table=reader.text("EVENT_TABLE"),
        registration_table=reader.text("REGISTRATION_TABLE"),
        check_in_table=reader.text("CHECK_IN_TABLE"),
        batch_size=reader.number("BATCH_SIZE", 1, 10_000, 5),
        starting_position=cast(
            StartingPosition,
            reader.choice("STARTING_POSITION", ("LATEST", "TRIM_HORIZON"), "LATEST"),
        ),
        secret_key=reader.secret("SECRET_KEY"),
        storage_timeout=reader.number("STORAGE_TIMEOUT", 1, 300, 2),
        default_region_code=reader.parsed(
            "DEFAULT_REGION_CODE", "a country code such as KR", _region_code, "KR"
        ),
        delivery_lease=reader.number("DELIVERY_LEASE", 1, 3600, 60),
        unclear_delivery=cast(
            UnclearDelivery, reader.choice("UNCLEAR_DELIVERY", ("resend", "hold"), "resend")
        ),
        metrics_namespace=reader.parsed(
            "METRICS_NAMESPACE",
            "a CloudWatch namespace such as rollcall-dev",
            _namespace,
            "Rollcall",
        ),
        function_name=reader.text("AWS_LAMBDA_FUNCTION_NAME", "") or None,
        mail=MailSettings(
            host=host,
            port=reader.number("SMTP_PORT", 1, 65_535, 465),
            security=security,
            username=username,
            password=reader.secret("SMTP_PASSWORD") if username else Secret(),
            timeout=reader.number("SMTP_TIMEOUT", 1, 300, 10),
            connections=reader.number("SMTP_CONNECTIONS", 1, 100, 4),
            messages_per_connection=reader.number("SMTP_MESSAGES_PER_CONNECTION", 1, 10_000, 100),
            sender=reader.parsed(
                "MAIL_FROM", "a sender such as Meetup <hello@example.com>", _sender
            ),
            reply_to=reader.parsed(
                "MAIL_REPLY_TO", "an address such as hello@example.com", _reply_to
            ),
        ),
    )
    reader.finish()
    return settings


def run_folder(environment: Mapping[str, str]) -> Path:
    """The folder for the files of a local run, one for each checkout and PORT.

    It is outside the checkout, since `chalice local` restarts when a file changes there.
    """
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    checkout = Path(__file__).resolve().parents[1]
    key = f"{checkout.name}-{hashlib.sha256(bytes(checkout)).hexdigest()[:8]}"
    return Path(state, "rollcall", key, environment.get("PORT") or "8000").absolute()


def _process_environment() -> Mapping[str, str]:
    """Return os.environ, completed from the file that SETTINGS_FILE names.

    The stage `local` sets SETTINGS_FILE, because Chalice lets a stage's variables override the
    environment, and here the environment has to win. The file's AWS_… settings are for the SDK,
    which reads os.environ itself.
    """
    name = os.environ.get("SETTINGS_FILE")
    if name:
        file = Path(name.replace("{run}", str(run_folder(os.environ))))
        if file.is_file():
            for setting, value in json.loads(file.read_text()).items():
                os.environ.setdefault(setting, value)
    return os.environ


class _Reader:
    """Reads the settings one by one, and collects the faults for one report."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._faults: list[str] = []

    def fault(self, name: str, expected: str) -> None:
        state = "is wrong" if self._environment.get(name) else "is missing"
        self._faults.append(f"{name} {state}: expected {expected}")

    def finish(self) -> None:
        if self._faults:
            hint = "; run `make services` first" if "SETTINGS_FILE" in self._environment else ""
            raise SettingsError("; ".join(self._faults) + hint)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environment.get(name) or default
        if value is None:
            self.fault(name, "a value")
            return ""
        return value

    def parsed(
        self, name: str, expected: str, parse: Callable[[str], T], default: str | None = None
    ) -> T:
        try:
            return parse(self._environment.get(name) or default or "")
        except ValueError:
            self.fault(name, expected)
            return cast(T, None)  # never seen: finish() raises

    def number(self, name: str, least: int, most: int, default: int) -> int:
        def parse(text: str) -> int:
            if least <= (number := int(text)) <= most:
                return number
            raise ValueError(text)

        return self.parsed(name, f"a whole number from {least} to {most}", parse, str(default))

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        def parse(text: str) -> str:
            return choices[choices.index(text)]

        return self.parsed(name, f"one of {', '.join(choices)}", parse, default)

    def secret(self, name: str) -> Secret:
        value = self._environment.get(name) or None
        parameter = self._environment.get(f"{name}_PARAMETER") or None
        if not (value or parameter):
            self.fault(name, f"a secret, or {name}_PARAMETER with the name of an SSM SecureString")
        return Secret(value, None if value else parameter)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _namespace(text: str) -> str:
    if not _NAMESPACE.fullmatch(text):
        raise ValueError(text)
    return text


def _region_code(text: str) -> str:
    region_code = text.upper()
    if region_code not in SUPPORTED_REGIONS:
        raise ValueError(text)
    return region_code


def _sender(text: str) -> tuple[str, str]:
    name, address = parseaddr(text)
    return name, _address(address)


def _reply_to(text: str) -> str | None:
    return _address(text) if text else None


def _address(text: str) -> str:
    """Return the address. Raises ValueError unless it can be used in a header unchanged."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(text)
    try:
        Address(addr_spec=text)
    except (MessageError, IndexError) as error:
        raise ValueError(text) from error
    return text
