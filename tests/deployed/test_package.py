"""`make package`: what is in it, whether it starts by itself, and the one stack that it becomes.

The tests of this file share one package and one stack, which the last of them deletes: they stand
in their order. Packing takes the longest of all.
"""

from __future__ import annotations

import json
import marshal
import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import MAGIC_NUMBER, cache_from_source, source_from_cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import trustme
from cfnlint.api import lint  # type: ignore[import-untyped]
from packaging.utils import canonicalize_name
from running import ROOT, eventually
from smtp_server import SmtpServer

from deployed import pipeline
from deployed.cloud import Cloud, ask
from deployed.loaded import API, CONSUMER, SWEEP
from deployed.packed import Package, Start, start
from local import lambda_python

EVENT = "0211ABC"
PERSON = {"phone": "010-0000-0001", "name": "김하나", "email": "hana@example.com"}
# By their handlers, as `chalice deploy` names them; alarms and dashboard know them by these names.
FUNCTIONS = {
    "app.app": "rollcall-dev",
    "app.send_confirmations": "rollcall-dev-send_confirmations",
    "app.sweep_deliveries": "rollcall-dev-sweep_deliveries",
}
SECRETS = {"SECRET_KEY": "a-key-of-the-shell", "SMTP_PASSWORD": "a-password-of-the-shell"}
MOST_BYTES = 3_500_000


@pytest.fixture(scope="module")
def package(cloud: Cloud) -> Package:
    """Packed by a shell that knows secrets."""
    directory = cloud.project / "dist" / "dev"
    cloud.environment.update(SECRETS)
    done = cloud.run("package", str(directory))
    for name in SECRETS:
        del cloud.environment[name]
    assert done.returncode == 0, done.stdout + done.stderr
    return Package(
        json.loads((directory / "sam.json").read_text(encoding="utf-8")),
        directory / "deployment.zip",
    )


# The template


def test_cfn_lint_finds_no_fault(package: Package) -> None:
    matches = lint(json.dumps(package.template), regions=["us-east-1", "ap-northeast-2"])
    assert [f"{match.rule.id} {match.message}" for match in matches] == []


# The zip


def test_the_zip_holds_the_app_chalices_runtime_and_wheels(package: Package) -> None:
    of_wheels = {
        line.split(b",")[0].decode()
        for name, content in package.files()
        if name.endswith(".dist-info/RECORD")
        for line in content.splitlines()
    }
    others = [name for name in package.sources() if name not in of_wheels]
    app = [name for name in others if not name.startswith("chalicelib/")]
    assert sorted(app) == ["app.py", "chalice/__init__.py", "chalice/app.py"]


def test_the_wheels_are_those_of_requirements_txt_and_nothing_that_they_pull_in(
    package: Package,
) -> None:
    wanted = re.findall(r"(?m)^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text("utf-8"))
    packed = {name.split("/")[0] for name in package.names() if ".dist-info/" in name}
    shipped = dict(name.removesuffix(".dist-info").split("-") for name in packed)
    assert {canonicalize_name(name): version for name, version in shipped.items()} == dict(wanted)


def test_the_zip_has_chalicelib_as_git_has_it(cloud: Cloud, package: Package) -> None:
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "chalicelib"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    packed = {
        name: content
        for name, content in package.sources().items()
        if name.startswith("chalicelib/")
    }
    assert set(packed) == {name for name in known if (cloud.project / name).is_file()}
    for name, content in packed.items():
        assert content == (cloud.project / name).read_bytes(), name


def test_each_module_is_there_compiled_as_lambda_finds_it(package: Package) -> None:
    modules = {name for name in package.sources() if name.endswith(".py")}
    compiled = {name: content for name, content in package.files() if name.endswith(".pyc")}
    assert {cache_from_source(name) for name in modules} == set(compiled)
    for name, content in compiled.items():
        magic, flags = content[:4], int.from_bytes(content[4:8], "little")
        assert (magic, flags) == (MAGIC_NUMBER, 1), "by hash, unchecked (PEP 552)"
        code = marshal.loads(content[16:])  # noqa: S302  -- made by this very test run
        assert code.co_filename == f"/var/task/{source_from_cache(name)}"


def test_the_zip_holds_no_path_of_this_machine_and_no_secret(
    cloud: Cloud, package: Package
) -> None:
    unwanted = [str(ROOT), str(cloud.project), *SECRETS.values()]
    for name, content in [*package.files(), ("sam.json", json.dumps(package.template).encode())]:
        assert [text for text in unwanted if text.encode() in content] == [], name


def test_the_zip_is_small(package: Package) -> None:
    assert package.zip.stat().st_size <= MOST_BYTES


def test_what_an_editor_left_in_chalicelib_is_refused_by_name(
    cloud: Cloud, package: Package
) -> None:
    strays = [cloud.project / "chalicelib" / name for name in (".wiring.py.swp", "web/kiosk.py~")]
    for stray in strays:
        stray.write_text("what somebody is just typing", encoding="utf-8")
    refused = cloud.run("package", str(cloud.project / "dist" / "other"))
    for stray in strays:
        stray.unlink()
    assert refused.returncode == 2
    assert "chalicelib/.wiring.py.swp, chalicelib/web/kiosk.py~" in refused.stderr
    assert not (cloud.project / "dist" / "other").exists()


# The stack


@pytest.fixture(scope="module")
def template(cloud: Cloud, package: Package) -> str:
    """As `aws cloudformation package` leaves it."""
    return pipeline.upload(cloud, package.template, package.zip.read_bytes())


@pytest.fixture(scope="module")
def stack(cloud: Cloud, template: str) -> dict[str, str]:
    """The outputs of the deployed stack; the commands get them in their environment."""
    cloud.client("ssm").put_parameter(
        Name="/rollcall/dev/secret-key", Value="k" * 43, Type="SecureString"
    )
    assert pipeline.apply(cloud, template, "CREATE") == "CREATE_COMPLETE"
    outputs = pipeline.outputs(cloud)
    cloud.environment |= {
        "EVENT_TABLE": outputs["EventTable"],
        "REGISTRATION_TABLE": outputs["RegistrationTable"],
        "CHECK_IN_TABLE": outputs["CheckInTable"],
        "CHECK_IN_STREAM_ARN": outputs["CheckInStreamArn"],
        "SECRET_KEY_PARAMETER": "/rollcall/dev/secret-key",
    }
    return outputs


@pytest.fixture(scope="module")
def address(cloud: Cloud, stack: dict[str, str]) -> str:
    """Where the emulator has what EndpointURL names."""
    api, stage = re.fullmatch(
        r"https://(\w+)\.execute-api\.us-east-1\.amazonaws\.com/(\w+)/", stack["EndpointURL"]
    ).groups()  # type: ignore[union-attr]
    assert api == stack["RestAPIId"]
    return f"{cloud.environment['AWS_ENDPOINT_URL']}/_aws/execute-api/{api}/{stage}"


def check_ins(cloud: Cloud, stack: dict[str, str]) -> list[dict[str, Any]]:
    return cloud.items(stack["CheckInTable"])


def test_a_check_in_over_the_gateway_becomes_a_mail(
    cloud: Cloud, stack: dict[str, str], address: str
) -> None:
    cloud.make_event(EVENT)
    status, answer = ask(f"{address}/events/{EVENT}/check-ins", PERSON)
    assert (status, answer["status"]) == (201, "checked_in")
    eventually(lambda: check_ins(cloud, stack)[0]["delivery"] == {"S": "sent"}, seconds=60)
    [mail] = cloud.mail_server.accepted
    assert mail.recipients == ("hana@example.com",)
    assert ask(f"{address}/events/{EVENT}/check-ins", PERSON)[0] == 200
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "ok"})


def test_the_mapping_has_what_chalice_cannot_set(cloud: Cloud, stack: dict[str, str]) -> None:
    [mapping] = cloud.mappings()
    assert mapping["EventSourceArn"] == stack["CheckInStreamArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 8
    assert mapping["MaximumRecordAgeInSeconds"] == 6 * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == stack["FailureQueueArn"]
    assert [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]] == [
        {"eventName": ["INSERT"]}
    ]


def test_functions_logs_and_alarms_have_the_names_of_a_deployment_with_chalice(
    cloud: Cloud, stack: dict[str, str]
) -> None:
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert {each["Handler"]: each["FunctionName"] for each in functions} == FUNCTIONS
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert {each["logGroupName"]: each["retentionInDays"] for each in groups} == {
        f"/aws/lambda/{name}": 30 for name in FUNCTIONS.values()
    }
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = (
        "api-5xx",
        "failure-queue",
        "function-errors",
        "mail-owed",
        "stream-behind",
        "throttles",
    )
    assert sorted(each["AlarmName"] for each in alarms) == [
        f"rollcall-dev-{name}" for name in names
    ]


def test_the_api_has_one_stage_and_its_limits(cloud: Cloud, stack: dict[str, str]) -> None:
    gateway = cloud.client("apigateway")
    [stage] = gateway.get_stages(restApiId=stack["RestAPIId"])["item"]
    limits = stage["methodSettings"]["*/*"]
    assert stage["stageName"] == "dev"
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (50, 100)
    assert gateway.get_rest_api(restApiId=stack["RestAPIId"])["name"] == "rollcall"


# Each function's start


Run = Callable[..., Start]


@pytest.fixture(scope="module")
def run(
    cloud: Cloud,
    package: Package,
    stack: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """Starts a function under the variables that the stack gave it, and those of Lambda."""
    directory, packages = tmp_path_factory.mktemp("unzipped"), tmp_path_factory.mktemp("packages")
    with ZipFile(package.zip) as archive:
        archive.extractall(directory)
    lambda_python.link_packages(packages)
    of_lambda = {
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "HOME": str(directory),  # no AWS configuration is there
        "LAMBDA_TASK_ROOT": str(directory),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }

    def started(handler: str, event: dict[str, Any], **more: str) -> Start:
        name = FUNCTIONS[handler]
        function = cloud.client("lambda").get_function_configuration(FunctionName=name)
        variables = function["Environment"]["Variables"]
        own = {"AWS_LAMBDA_FUNCTION_NAME": name}
        started = start(directory, packages, handler, event, variables | of_lambda | own | more)
        assert started.compiled_here == []
        return started

    return started


def request(method: str, path: str, **body: str) -> dict[str, Any]:
    """As API Gateway puts it, for this event; `path` has a place for it."""
    headers = {"content-type": "application/json"}
    return {
        "resource": path,
        "path": path.format(event_code=EVENT),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"event_code": EVENT},
        "stageVariables": None,
        "body": json.dumps(body) if body else None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": method, "resourcePath": path},
    }


def assert_loaded(started: Start, wanted: set[str]) -> None:
    """What `loaded.py` has for the function, and nothing else."""
    came_in, gone = started.loaded() - wanted, wanted - started.loaded()
    assert not came_in, f"loaded now, and not in loaded.py: {', '.join(sorted(came_in))}"
    assert not gone, f"not loaded any more, but in loaded.py: {', '.join(sorted(gone))}"


def test_the_api_starts_from_the_zip_without_network(run: Run) -> None:
    started = run("app.app", request("GET", "/kiosk/{event_code}"))
    assert started.answer["statusCode"] == 200
    assert "<!doctype html>" in started.answer["body"].lower()


def test_the_consumer_starts_from_the_zip_without_network(run: Run) -> None:
    started = run("app.send_confirmations", {"Records": []})
    assert started.answer == {"batchItemFailures": []}


def test_the_api_checks_in_with_what_the_zip_holds(cloud: Cloud, run: Run, address: str) -> None:
    endpoint = cloud.environment["AWS_ENDPOINT_URL"]
    again = request("POST", "/events/{event_code}/check-ins", phone=PERSON["phone"])
    own = {"SECRET_KEY": os.environ["SECRET_KEY"]}  # the emulator's functions have the tests' own
    started = run("app.app", again, AWS_ENDPOINT_URL=endpoint, **own)
    assert json.loads(started.answer["body"])["status"] == "already_checked_in"
    assert_loaded(started, API)


@pytest.fixture
def asleep(cloud: Cloud, stack: dict[str, str]) -> Iterator[None]:
    """The stack's own consumer and sweep leave the mails to the test."""
    [mapping] = cloud.mappings()
    [rule] = cloud.client("events").list_rules()["Rules"]
    awslambda, events = cloud.client("lambda"), cloud.client("events")
    awslambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events.disable_rule(Name=rule["Name"])
    yield
    events.enable_rule(Name=rule["Name"])
    awslambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def owe(
    cloud: Cloud, stack: dict[str, str], address: str, person: dict[str, str]
) -> dict[str, Any]:
    """Check somebody in; the item, whose mail is owed."""
    assert ask(f"{address}/events/{EVENT}/check-ins", person)[0] == 201
    [item] = [each for each in check_ins(cloud, stack) if each["email"]["S"] == person["email"]]
    assert item["delivery"] == {"S": "due"}
    return item


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[SmtpServer, dict[str, str]]]:
    """A mail server with TLS that wants a login, and the settings that lead there."""
    authority, certificate = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    authority.cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    with SmtpServer("tls", certificate) as server:
        yield (
            server,
            {
                "SMTP_PORT": str(server.port),
                "SMTP_SECURITY": "tls",
                "SMTP_USERNAME": "hello@example.com",
                "SMTP_PASSWORD": "a password",
                "SSL_CERT_FILE": str(tmp_path / "roots.pem"),
            },
        )


@pytest.mark.usefixtures("asleep")
def test_the_consumer_mails_over_tls_and_a_login_with_what_the_zip_holds(
    cloud: Cloud,
    stack: dict[str, str],
    address: str,
    run: Run,
    secure: tuple[SmtpServer, dict[str, str]],
) -> None:
    server, settings = secure
    person = {"phone": "010-0000-0002", "name": "이둘", "email": "dul@example.com"}
    item = owe(cloud, stack, address, person)
    keys = {name: item[name] for name in ("attendee_id", "event_code")}
    image = {"SequenceNumber": "1", "Keys": keys, "NewImage": item}
    record = {"eventName": "INSERT", "eventSourceARN": stack["CheckInStreamArn"], "dynamodb": image}
    endpoint = cloud.environment["AWS_ENDPOINT_URL"]
    started = run(
        "app.send_confirmations", {"Records": [record]}, AWS_ENDPOINT_URL=endpoint, **settings
    )
    assert started.answer == {"batchItemFailures": []}
    assert [mail.recipients for mail in server.accepted] == [(person["email"],)]
    assert server.sessions[0].logins == [("hello@example.com", "a password")]
    assert_loaded(started, CONSUMER)


def test_the_sweep_mails_with_what_the_zip_holds(
    cloud: Cloud, stack: dict[str, str], address: str, asleep: None, run: Run
) -> None:
    person = {"phone": "010-0000-0003", "name": "박삼", "email": "sam@xn--vv4b11d.kr"}
    item = owe(cloud, stack, address, person)
    cloud.client("dynamodb").update_item(
        TableName=stack["CheckInTable"],
        Key={name: item[name] for name in ("attendee_id", "event_code")},
        UpdateExpression="SET due_at = checked_at",  # the sweep leaves the consumer some time
    )
    scheduled = {
        "version": "0",
        "id": "a-minute",
        "account": "000000000000",
        "time": "2026-02-11T10:00:00Z",
        "region": cloud.region,
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "resources": [],
        "detail": {},
    }
    endpoint = cloud.environment["AWS_ENDPOINT_URL"]
    started = run("app.sweep_deliveries", scheduled, AWS_ENDPOINT_URL=endpoint)
    assert started.answer == {"sent": 1}
    assert cloud.mail_server.accepted[-1].recipients == (person["email"],)
    assert_loaded(started, SWEEP)


# The stack's later life


def test_the_same_again_changes_nothing(cloud: Cloud, stack: dict[str, str], template: str) -> None:
    assert "didn't contain changes" in pipeline.apply(cloud, template, "UPDATE")


def test_deleting_the_stack_keeps_the_tables(cloud: Cloud, stack: dict[str, str]) -> None:
    kept = check_ins(cloud, stack)
    pipeline.delete(cloud)
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.apis() == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    tables = {stack[name] for name in ("EventTable", "RegistrationTable", "CheckInTable")}
    assert set(cloud.client("dynamodb").list_tables()["TableNames"]) == tables
    assert check_ins(cloud, stack) == kept
