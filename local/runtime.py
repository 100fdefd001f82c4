"""Starts and stops everything: DynamoDB, inbox, mapping, app, sweep and the sample event."""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import boto3
from botocore.config import Config

from chalicelib import settings
from chalicelib.wiring import Wiring
from local import dynamodb, processes, sample
from local.function import Function
from local.inbox import Inbox
from local.mapping import EventSourceMapping
from local.mapping.settings import read_settings, stage_properties
from local.schedule import Schedule
from local.tables import create_tables

HOST = "127.0.0.1"

log = logging.getLogger(__name__)

# Other commands find the run on PORT by this file: see SETTINGS_FILE in .chalice/config.json.
_SERVICES = "services.json"
_FAILURES = "failures.jsonl"

_TABLES = {
    "EventTable": "EVENT_TABLE",
    "RegistrationTable": "REGISTRATION_TABLE",
    "CheckInTable": "CHECK_IN_TABLE",
}
# Published in addition to the settings that the runtime chose and those for mail and endpoints.
_PUBLISHED = {
    *_TABLES.values(),
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "BATCH_SIZE",
    "DEFAULT_REGION_CODE",
    "DELIVERY_LEASE",
    "SECRET_KEY",
    "STARTING_POSITION",
    "STORAGE_TIMEOUT",
    "UNCLEAR_DELIVERY",
}
_FUNCTION_SECONDS = 60  # Chalice's default for a function
_STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Knobs:
    """The runtime's own settings (docs/settings.md), from the environment.

    `state` is shared by all runs; `run` is the folder of this one.
    """

    port: int
    inbox_port: int
    inbox_smtp_port: int
    dynamodb_port: int
    emulator_port: int
    inbox_dir: Path
    state: Path
    run: Path
    dynamodb: dynamodb.Kind
    with_mapping: bool
    sweep_seconds: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Knobs:
        """Raises SettingsError."""
        run = settings.run_folder(environment)
        kinds: dict[str, dynamodb.Kind] = {"": "moto", "moto": "moto", "local": "local"}
        kind = kinds.get(environment.get("DYNAMODB", ""))
        if kind is None:
            raise settings.SettingsError("DYNAMODB is wrong: expected moto or local")
        mapping = environment.get("MAPPING") or "on"
        if mapping not in ("on", "off"):
            raise settings.SettingsError("MAPPING is wrong: expected on or off")
        return cls(
            port=_port(environment, "PORT", 8000),
            inbox_port=_port(environment, "INBOX_PORT", 8025),
            inbox_smtp_port=_port(environment, "INBOX_SMTP_PORT", 1025),
            dynamodb_port=_port(environment, "DYNAMODB_PORT", 8001),
            emulator_port=_port(environment, "EMULATOR_PORT", 4566),
            inbox_dir=Path(environment.get("INBOX_DIR") or run / "inbox").absolute(),
            state=run.parents[1],
            run=run,
            dynamodb=kind,
            with_mapping=mapping == "on",
            sweep_seconds=_number(
                environment, "SWEEP_SECONDS", 30, 86_400, "a whole number from 1 to 86400"
            ),
        )


class Runtime:
    """Implements `make run`: enter `running` to start everything, leave it to stop everything.

    The runtime adds its own choices to `environment`, where existing values win. Other commands of
    this clone find the runtime only if it `publishes`.
    """

    def __init__(
        self, environment: Mapping[str, str], *, with_app: bool, publishes: bool = True
    ) -> None:
        self.knobs = Knobs.read(environment)
        # An empty value counts as absent.
        self._environment = {name: value for name, value in environment.items() if value}
        self._with_app = with_app
        self._publishes = publishes
        self._embeds_dynamodb = self._environment.keys().isdisjoint(
            ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
        )
        self._chosen: set[str] = set()
        self._api: subprocess.Popen[bytes] | None = None
        self._api_code: object = None

    @contextmanager
    def running(self) -> Iterator[list[tuple[str, str]]]:
        """Yields the facts to print, each a name and a value, once everything is up.

        Raises PortInUse, NotReady, MissingExtra, SettingsError, ValueError (a table without a
        stream, a property in package.yaml that the mapping does not know) or the SDK's errors.
        """
        with ExitStack() as stack:
            yield self._start(stack)

    def look_after(self) -> None:
        """Restart the app after an edit. Called every now and then while everything runs."""
        if not self._with_app:
            return
        if self._api_code != processes.code_state():
            self._stop_api()
            self._start_api()
        elif self._api and self._api.poll() is not None:
            self._api = None
            log.error("the app ended; waiting for the next edit")

    def _start(self, stack: ExitStack) -> list[tuple[str, str]]:
        knobs, environment = self.knobs, self._environment
        if self._publishes:
            stack.enter_context(processes.hold(knobs.run))
        self._claim_ports()
        self._complete()
        if self._embeds_dynamodb:
            server = dynamodb.start(
                knobs.dynamodb,
                knobs.dynamodb_port,
                environment,
                jars=knobs.state,
                data=knobs.run / "dynamodb",
            )
            stack.callback(processes.stop, server)
            processes.wait_until(lambda: processes.listens(knobs.dynamodb_port), server, "DynamoDB")
        os.environ.update(environment)  # where boto3 looks

        inbox = Inbox(knobs.inbox_dir, smtp_port=knobs.inbox_smtp_port, web_port=knobs.inbox_port)
        stack.enter_context(inbox)

        client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 5}))
        names = {resource: environment[name] for resource, name in _TABLES.items()}
        stream_arn = create_tables(client, names)
        wiring = Wiring(settings.load(environment))
        event = sample.seed(wiring)
        if self._publishes:
            self._publish(stack)
        stack.callback(self._stop_api)
        if self._with_app:
            self._start_api()
        if knobs.with_mapping:
            self._start_mapping(stack, stream_arn, wiring.settings)
        self._start_sweep(stack)

        facts = []
        if self._with_app:
            self._await_api()
            app = f"http://{HOST}:{knobs.port}"
            facts += [("app", app), ("kiosk", f"{app}/kiosk/{event.event_code}")]
        facts += [
            ("inbox", f"http://{HOST}:{inbox.web_port}"),
            ("inbox_dir", str(knobs.inbox_dir)),
            ("dynamodb", client.meta.endpoint_url),
            ("smtp", f"{wiring.settings.mail.host}:{wiring.settings.mail.port}"),
            ("event", event.event_code),
        ]
        return facts + [("phone", phone) for phone in sample.phones()]

    def _claim_ports(self) -> None:
        """Raises PortInUse before anything is started."""
        knobs = self.knobs
        wanted = {"INBOX_PORT": knobs.inbox_port, "INBOX_SMTP_PORT": knobs.inbox_smtp_port}
        if self._with_app:
            wanted["PORT"] = knobs.port
        if self._embeds_dynamodb:
            wanted["DYNAMODB_PORT"] = knobs.dynamodb_port
        processes.claim(wanted)

    def _complete(self) -> None:
        """Add the settings that the runtime chooses where the environment has none."""
        environment, knobs = self._environment, self.knobs
        choices = {
            "EVENT_TABLE": "rollcall-local-events",
            "REGISTRATION_TABLE": "rollcall-local-registrations",
            "CHECK_IN_TABLE": "rollcall-local-check-ins",
            "SECRET_KEY": "for development only: anybody can read it here",
            "STORAGE_TIMEOUT": "10",  # moto is slower than DynamoDB, and does one write at a time
            "MAIL_FROM": "Rollcall <rollcall@example.com>",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": environment.get("AWS_REGION") or "us-east-1",
        }
        if self._embeds_dynamodb:
            choices["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://{HOST}:{knobs.dynamodb_port}"
        endpoint = (choices | environment).get("AWS_ENDPOINT_URL_DYNAMODB")
        if endpoint:
            choices["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = endpoint
        if environment.keys().isdisjoint(("SMTP_HOST", "SMTP_PORT")):
            choices["SMTP_PORT"] = str(knobs.inbox_smtp_port)
        if settings.is_loopback(environment.get("SMTP_HOST", HOST)):
            choices |= {"SMTP_HOST": HOST, "SMTP_SECURITY": "none"}
        self._chosen = choices.keys() - environment.keys()
        environment.update(choices | environment)
        self._bypass_proxies()

    def _bypass_proxies(self) -> None:
        """Exclude this machine from proxies. Clients prefer the lower-case variable."""
        given = self._environment.get("no_proxy") or self._environment.get("NO_PROXY")
        if given != "*":  # which means everything if it is the only entry
            bypassed = ",".join(filter(None, (given, HOST, "localhost")))
            self._environment |= {"no_proxy": bypassed, "NO_PROXY": bypassed}

    def _publish(self, stack: ExitStack) -> None:
        """Tell the other commands of this clone where the services are, as long as they run."""
        published = {
            name: value
            for name, value in self._environment.items()
            if name in _PUBLISHED | self._chosen
            or name.startswith(("AWS_ENDPOINT_", "MAIL_", "SMTP_"))
        }
        file = self.knobs.run / _SERVICES
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # a killed run may have left it, with any mode
        stack.callback(file.unlink, missing_ok=True)
        # There may be a password in it.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as opened:
            json.dump(published, opened, indent=2)

    def _start_mapping(
        self, stack: ExitStack, stream_arn: str, app_settings: settings.Settings
    ) -> None:
        wanted = read_settings(
            stage_properties(),
            batch_size=app_settings.batch_size,
            starting_position=app_settings.starting_position,
        )
        function = Function("send_confirmations", self._environment, _FUNCTION_SECONDS)
        stack.callback(function.stop)  # in case the start fails after this
        function.warm()
        mapping = EventSourceMapping(
            # The mapping retries by itself, and can stop only between two calls.
            boto3.client(
                "dynamodbstreams",
                config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
            ),
            stream_arn,
            function.invoke,
            wanted,
            on_failure=self._keep_failure,
        )
        mapping.start()
        stack.callback(mapping.stop, _STOP_SECONDS)
        stack.callback(function.stop)  # first: the mapping waits for a running invocation

    def _keep_failure(self, record: dict[str, Any]) -> None:
        """Append the record to a file; a stage sends it to a queue."""
        self.knobs.run.mkdir(parents=True, exist_ok=True)
        with (self.knobs.run / _FAILURES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def _start_sweep(self, stack: ExitStack) -> None:
        # Its container starts with the first sweep, for which nobody waits.
        function = Function("sweep_deliveries", self._environment, _FUNCTION_SECONDS)
        region = self._environment["AWS_DEFAULT_REGION"]
        rule = f"arn:aws:events:{region}:123456789012:rule/rollcall-local-sweep_deliveries-event"
        schedule = Schedule(function.invoke, self.knobs.sweep_seconds, rule)
        schedule.start()
        stack.callback(schedule.stop, _STOP_SECONDS)
        stack.callback(function.stop)  # first: the schedule waits for a running invocation

    def _stop_api(self) -> None:
        if self._api:
            processes.stop(self._api)

    def _start_api(self) -> None:
        self._api_code = processes.code_state()
        port = str(self.knobs.port)
        self._api = processes.start(
            processes.python(
                "local.api", "local", "--stage", "local", "--port", port, "--no-autoreload"
            ),
            self._environment,
        )

    def _await_api(self) -> None:
        assert self._api is not None, "started before"
        processes.wait_until(lambda: _answers(self.knobs.port), self._api, "the app")


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    return _number(environment, name, default, 65_535, "a port from 1 to 65535")


def _number(
    environment: Mapping[str, str], name: str, default: int, most: int, expected: str
) -> int:
    text = environment.get(name) or str(default)
    if not (text.isdecimal() and 0 < int(text) <= most):
        raise settings.SettingsError(f"{name} is wrong: expected {expected}")
    return int(text)


def _answers(port: int) -> bool:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False
