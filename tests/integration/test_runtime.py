"""`make run` as a new user meets it, from the first line to Ctrl-C."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest
from running import ROOT, Running, eventually, ports_in_use
from smtp_server import STALL, SmtpServer

from chalicelib.settings import SettingsError
from local import processes
from local.inbox import Inbox
from local.loopback import free_port, free_ports
from local.runtime import Knobs

SWEEP_ALONE = {"MAPPING": "off", "SWEEP_SECONDS": "1"}


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def mail_builder(clone: Path) -> Path:
    """The file that sets the mail's headers, which only the consumer and the sweep import."""
    files = (clone / "chalicelib/confirmation").rglob("*.py")
    return next(file for file in files if '"Auto-Submitted"' in file.read_text())


def test_a_check_in_at_the_printed_address_puts_a_mail_into_the_printed_inbox(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running]
) -> None:
    running = start_runtime(runtime_environment)
    running.read_facts()

    with urlopen(running["kiosk"], timeout=60) as page:
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert running.post({"phone": running["phone"]})[0] == 201
    eventually(lambda: len(running.mails()) == 1)
    assert b"Auto-Submitted: auto-generated" in running.mails()[0]
    with urlopen(f"{running['inbox']}/api/messages", timeout=60) as listing:
        assert len(json.load(listing)["messages"]) == 1


@pytest.mark.full
def test_with_the_mapping_off_the_sweep_mails_and_no_consumer_is_started(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
    clone: Path,
    tmp_path: Path,
) -> None:
    edit(clone / "app.py", "def send_confirmations(", "def not_found(")  # a consumer would say so
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        running = start_runtime(runtime_environment | SWEEP_ALONE, stderr=stderr)
    running.read_facts()
    assert running.post({"phone": running["phone"]})[0] == 201
    eventually(lambda: len(running.mails()) == 1)
    assert "send_confirmations" not in log.read_text()


def test_services_alone_let_another_command_of_the_clone_find_them(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running], clone: Path
) -> None:
    running = start_runtime(runtime_environment, "services")
    running.read_facts()
    assert "app" not in running.facts

    plain = {name: runtime_environment[name] for name in ("PATH", "HOME", "PORT", "XDG_STATE_HOME")}
    shown = subprocess.run(
        [sys.executable, "-m", "operations", "events", "show", running["event"]],
        cwd=clone,
        env=plain,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "20" in shown.stdout  # registrations
    port = plain["PORT"]
    api = subprocess.Popen(
        [
            *(Path(sys.executable).parent / "chalice", "local", "--stage", "local"),
            *("--no-autoreload", "--port", port),
        ],
        cwd=clone,
        env=plain,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        running.facts["app"] = [f"http://127.0.0.1:{port}"]
        eventually(lambda: processes.listens(int(port)))
        assert running.post({"phone": running["phone"]})[0] == 201
        eventually(lambda: len(running.mails()) == 1)
    finally:
        api.terminate()
        api.wait(60)


@pytest.mark.full
def test_two_runs_of_a_clone_are_independent(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running], clone: Path
) -> None:
    names = [name for name in runtime_environment if name.endswith("PORT")]
    other = runtime_environment | dict(zip(names, map(str, free_ports(4)), strict=True))
    both = [start_runtime(environment) for environment in (runtime_environment, other)]
    for running in both:
        running.read_facts()
    first, second = both
    assert second.post({"phone": second["phone"]})[0] == 201
    eventually(lambda: len(second.mails()) == 1)
    assert first.mails() == []
    assert first.post({"phone": first["phone"]})[0] == 201  # not checked in before

    run_operations = [sys.executable, "-m", "operations", "events", "kiosk-link", first["event"]]
    for environment, running in ((runtime_environment, first), (other, second)):
        kept = ("PATH", "HOME", "PORT", "XDG_STATE_HOME")
        shown = subprocess.run(
            run_operations,
            cwd=clone,
            env={name: environment[name] for name in kept},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert shown.stdout.startswith(running["app"])


def test_records_that_the_mapping_gives_up_are_written_to_a_file(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
    clone: Path,
    tmp_path: Path,
) -> None:
    edit(
        clone / "infrastructure/package.yaml", "MaximumRetryAttempts: 8", "MaximumRetryAttempts: 0"
    )
    nobody = {"SMTP_PORT": str(free_port())}
    running = start_runtime(runtime_environment | nobody)
    running.read_facts()
    assert running.post({"phone": running["phone"]})[0] == 201

    def told() -> list[str]:
        files = tmp_path.glob("rollcall/*/*/failures.jsonl")
        return [line for file in files for line in file.read_text().splitlines()]

    eventually(lambda: len(told()) == 1)
    record = json.loads(told()[0])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1


@pytest.mark.full
def test_settings_from_the_environment_point_the_app_at_other_servers(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
    tmp_path: Path,
) -> None:
    dynamodb_port, smtp_port, web_port = free_ports(3)
    other = processes.start(
        processes.python("local.moto", str(dynamodb_port)), runtime_environment, quiet=True
    )
    try:
        processes.wait_until(lambda: processes.listens(dynamodb_port), other, "the other DynamoDB")
        with Inbox(tmp_path / "other", smtp_port=smtp_port, web_port=web_port):
            running = start_runtime(
                runtime_environment
                | {
                    "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{dynamodb_port}",
                    "CHECK_IN_TABLE": "another-name",
                    "SMTP_HOST": "127.0.0.1",
                    "SMTP_PORT": str(smtp_port),
                    "MAIL_FROM": "Another Sender <other@example.com>",
                    "AWS_ACCESS_KEY_ID": "given",
                    "AWS_SECRET_ACCESS_KEY": "given",
                }
            )
            running.read_facts()
            [published] = tmp_path.glob("rollcall/*/*/services.json")
            assert "given" not in published.read_text()
            assert published.stat().st_mode & 0o777 == 0o600
            assert running.post({"phone": running["phone"]})[0] == 201
            eventually(lambda: len(list((tmp_path / "other").glob("*.eml"))) == 1)
            mail = next((tmp_path / "other").glob("*.eml")).read_text()
            assert "From: Another Sender <other@example.com>" in mail
            assert running.mails() == []
            assert not processes.listens(int(runtime_environment["DYNAMODB_PORT"]))
        client = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{dynamodb_port}")
        assert client.scan(TableName="another-name")["Count"] == 1
    finally:
        processes.stop(other)


@pytest.mark.full
def test_one_endpoint_for_all_of_aws_is_the_dynamodb_and_a_proxy_is_not_asked_for_it(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running]
) -> None:
    port = free_port()
    other = processes.start(processes.python("local.moto", str(port)), runtime_environment)
    names = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS")
    empty = dict.fromkeys((*names, "SMTP_HOST", "SMTP_SECURITY", "EVENT_TABLE"), "")
    nowhere = f"http://127.0.0.1:{free_port()}"
    proxy = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "NO_PROXY": "example.com"}
    endpoint = f"http://127.0.0.1:{port}"
    given = empty | proxy | {"AWS_ENDPOINT_URL": endpoint}
    try:
        processes.wait_until(lambda: processes.listens(port), other, "the other DynamoDB")
        running = start_runtime(runtime_environment | given)
        running.read_facts()
        assert running["dynamodb"] == endpoint
        assert running.post({"phone": running["phone"]})[0] == 201
        eventually(lambda: len(running.mails()) == 1)
        assert not processes.listens(int(runtime_environment["DYNAMODB_PORT"]))
    finally:
        processes.stop(other)


def test_an_edit_reaches_the_app_and_the_mail(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
    clone: Path,
) -> None:
    running = start_runtime(runtime_environment)
    running.read_facts()
    assert running.post({"phone": running["phone"]})[0] == 201
    eventually(lambda: len(running.mails()) == 1)

    edit(clone / "chalicelib/web/door.py", '"checked_in"', '"edited"')
    edit(mail_builder(clone), '"Auto-Submitted"', '"X-Edited"')

    def edited() -> bool:
        try:
            answer = running.post({"phone": "010-0000-0003", "nonce": "n"})[1]
            return bool(answer["status"] == "edited")
        except OSError:  # between the old process and the new one
            return False

    eventually(edited)
    eventually(lambda: len(running.mails()) == 2)
    assert b"X-Edited: " in running.mails()[1]


@pytest.mark.full
def test_an_edit_that_breaks_the_app_is_repaired_by_the_next(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
    clone: Path,
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        running = start_runtime(runtime_environment, stderr=stderr)
    running.read_facts()

    def checks_in() -> bool:
        try:
            return running.post({"phone": running["phone"]})[0] in (200, 201)
        except OSError:  # between the old process and the new one
            return False

    right, wrong = "from __future__", "from from __future__"
    consumer, app = mail_builder(clone), clone / "app.py"
    edit(consumer, right, wrong)
    eventually(checks_in)
    eventually(lambda: "SyntaxError" in log.read_text())
    edit(app, right, wrong)
    eventually(lambda: "the app ended; waiting for the next edit" in log.read_text())

    edit(consumer, wrong, right)
    edit(app, wrong, right)
    eventually(checks_in)
    eventually(lambda: len(running.mails()) == 1)


@pytest.mark.full
def test_ctrl_c_does_not_wait_for_a_silent_mail_server(
    runtime_environment: dict[str, str],
    start_runtime: Callable[..., Running],
) -> None:
    with SmtpServer() as silent:
        silent.on("connect", STALL)
        mail = {"SMTP_PORT": str(silent.port), "SMTP_TIMEOUT": "300"}
        running = start_runtime(runtime_environment | mail)
        running.read_facts()
        assert running.post({"phone": running["phone"]})[0] == 201
        eventually(lambda: len(silent.sessions) == 1)

        running.process.send_signal(signal.SIGINT)

        assert running.process.wait(60) == 0
    assert ports_in_use(runtime_environment) == []


@pytest.mark.full
def test_sigterm_stops_everything(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running]
) -> None:
    running = start_runtime(runtime_environment)
    running.read_facts()
    running.process.terminate()
    assert running.process.wait(60) == 0
    assert ports_in_use(runtime_environment) == []


def test_a_killed_runtime_leaves_nothing_behind(
    runtime_environment: dict[str, str], start_runtime: Callable[..., Running]
) -> None:
    running = start_runtime(runtime_environment)
    running.read_facts()
    running.process.kill()
    eventually(lambda: ports_in_use(runtime_environment) == [])


@pytest.mark.parametrize("name", ["PORT", "DYNAMODB_PORT"])
def test_a_port_in_use_is_reported_with_the_variable_that_moves_it(
    runtime_environment: dict[str, str], name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=runtime_environment | {name: str(port)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == f"Error: port {port} is in use; move it with {name}\n"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "80000", "a port from 1 to 65535"),
        ("DYNAMODB", "sqlite", "moto or local"),
        ("MAPPING", "no", "on or off"),
        ("SWEEP_SECONDS", "0", "a whole number from 1 to 86400"),
    ],
)
def test_a_wrong_knob_is_named(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is wrong: expected {expected}$"):
        Knobs.read({name: value})


def test_a_wrong_app_setting_is_reported_without_a_traceback(
    runtime_environment: dict[str, str],
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=runtime_environment | {"SMTP_TIMEOUT": "soon"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "SMTP_TIMEOUT is wrong: expected a whole number from 1 to 300" in ended.stderr
    assert "Traceback" not in ended.stderr
