"""`make package` and plain `chalice package`: the zip, and the stack that each becomes.

The tests of this file share one package and one stack. They stand in their order: the plain package
uses the tables that the deleted stack has left.
"""

from __future__ import annotations

import json
import marshal
import ssl
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER, cache_from_source, source_from_cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import trustme
from cfnlint.api import lint  # type: ignore[import-untyped]
from running import ROOT
from smtp_server import SmtpServer

from deployed import pipeline
from deployed.cloud import CHECK_INS, EVENT, TABLES, Cloud, ask
from deployed.packed import Package, Start, start
from local import lambda_python

pytestmark = pytest.mark.full

# By their handlers, as `chalice deploy` names them; alarms and dashboard use these names.
FUNCTIONS = {
    "app.app": "rollcall-dev",
    "app.send_confirmations": "rollcall-dev-send_confirmations",
    "app.sweep_deliveries": "rollcall-dev-sweep_deliveries",
}
SECRETS = {"SECRET_KEY": "a-key-of-the-shell", "SMTP_PASSWORD": "a-password-of-the-shell"}
MOST_BYTES = 9_000_000


@pytest.fixture(scope="module")
def package(cloud: Cloud) -> Package:
    """Packed by a shell that knows secrets."""
    directory = cloud.project / "dist" / "dev"
    done = cloud.run("package", str(directory), **SECRETS)
    assert done.returncode == 0, done.stdout + done.stderr
    return Package(
        json.loads((directory / "sam.json").read_text(encoding="utf-8")),
        directory / "deployment.zip",
    )


def test_cfn_lint_finds_no_fault_in_the_template(package: Package) -> None:
    matches = lint(json.dumps(package.template), regions=["us-east-1", "ap-northeast-2"])
    assert [f"{match.rule.id} {match.message}" for match in matches] == []


def test_the_zip_is_small_without_what_lambda_has(package: Package) -> None:
    assert package.zip.stat().st_size <= MOST_BYTES
    at_the_top = {name.partition("/")[0] for name in package.names()}
    assert {"app.py", "chalice", "chalicelib", "yagmail", "phonenumbers"} <= at_the_top
    assert not at_the_top & {"boto3", "botocore", "s3transfer", "urllib3", "lxml", "premailer"}


def test_each_module_is_there_compiled_as_lambda_finds_it(package: Package) -> None:
    modules = {name for name in package.names() if name.endswith(".py")}
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


def test_files_that_an_editor_left_in_chalicelib_are_refused_by_name(
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


# One stack


@pytest.fixture(scope="module")
def address(cloud: Cloud, package: Package) -> str:
    """Where the stack of `make package` answers on the emulator."""
    cloud.client("ssm").put_parameter(
        Name="/rollcall/dev/secret-key", Value="k" * 43, Type="SecureString"
    )
    address = pipeline.create(cloud, package.template, package.zip.read_bytes())
    cloud.make_event()
    return address


def test_a_check_in_over_the_gateway_becomes_a_mail(cloud: Cloud, address: str) -> None:
    cloud.check_in(address, 1)
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "ok"})


def test_the_mapping_has_what_chalice_cannot_set(cloud: Cloud, address: str) -> None:
    [mapping] = cloud.mappings()
    assert mapping["EventSourceArn"] == cloud.stream()
    assert (mapping["BatchSize"], mapping["MaximumRetryAttempts"]) == (5, 8)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith(
        ":rollcall-dev-failures"
    )


def test_names_logs_and_limits_are_those_of_make_deploy(cloud: Cloud, address: str) -> None:
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert {each["Handler"]: each["FunctionName"] for each in functions} == FUNCTIONS
    groups = cloud.client("logs").describe_log_groups()["logGroups"]
    assert {each["logGroupName"]: each["retentionInDays"] for each in groups} == {
        f"/aws/lambda/{name}": 30 for name in FUNCTIONS.values()
    }
    gateway = cloud.client("apigateway")
    [api] = cloud.apis()
    [stage] = gateway.get_stages(restApiId=api)["item"]
    limits = stage["methodSettings"]["*/*"]
    assert stage["stageName"] == "dev"
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (50, 100)
    assert gateway.get_rest_api(restApiId=api)["name"] == "rollcall"


# Each function's start, from the zip alone


Run = Callable[..., Start]


@pytest.fixture(scope="module")
def run(
    cloud: Cloud, package: Package, address: str, tmp_path_factory: pytest.TempPathFactory
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


# What a mail or a spreadsheet needs, and a check-in does not wait for.
MAILERS_OWN = ("chalicelib.confirmation", "email_validator", "jinja2", "openpyxl", "yagmail")


def test_the_api_starts_without_network_and_without_the_mailers_libraries(run: Run) -> None:
    headers = {"content-type": "application/json"}
    request = {
        "resource": "/kiosk/{event_code}",
        "path": f"/kiosk/{EVENT}",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"event_code": EVENT},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/kiosk/{event_code}"},
    }
    started = run("app.app", request)
    assert started.answer["statusCode"] == 200
    assert "<!doctype html>" in started.answer["body"].lower()
    assert [name for name in started.modules if name.startswith(MAILERS_OWN)] == []


@pytest.fixture(scope="module")
def asleep(cloud: Cloud, address: str) -> None:
    """The stack's own consumer and sweep leave the mails to the tests, from here on."""
    [mapping] = cloud.mappings()
    [rule] = cloud.client("events").list_rules()["Rules"]
    cloud.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    cloud.client("events").disable_rule(Name=rule["Name"])


def owe(cloud: Cloud, address: str, person: dict[str, str]) -> dict[str, Any]:
    """Check somebody in; the item, whose mail is owed."""
    assert ask(f"{address}/events/{EVENT}/check-ins", person)[0] == 201
    [item] = [each for each in cloud.items(CHECK_INS) if each["email"]["S"] == person["email"]]
    assert item["delivery"] == {"S": "due"}
    return item


@pytest.mark.usefixtures("asleep")
def test_the_consumer_mails_over_tls_and_a_login_with_what_the_zip_holds(
    cloud: Cloud, address: str, run: Run, tmp_path: Path
) -> None:
    person = {"phone": "010-0000-0002", "name": "이둘", "email": "dul@example.com"}
    item = owe(cloud, address, person)
    keys = {name: item[name] for name in ("attendee_id", "event_code")}
    image = {"SequenceNumber": "1", "Keys": keys, "NewImage": item}
    record = {"eventName": "INSERT", "eventSourceARN": cloud.stream(), "dynamodb": image}
    authority, certificate = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    authority.cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    with SmtpServer("tls", certificate) as server:
        started = run(
            "app.send_confirmations",
            {"Records": [record]},
            AWS_ENDPOINT_URL=cloud.environment["AWS_ENDPOINT_URL"],
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(server.port),
            SMTP_SECURITY="tls",
            SMTP_USERNAME="hello@example.com",
            SMTP_PASSWORD="a password",
            SSL_CERT_FILE=str(tmp_path / "roots.pem"),
        )
    assert started.answer == {"batchItemFailures": []}
    assert [mail.recipients for mail in server.accepted] == [(person["email"],)]
    assert server.sessions[0].logins == [("hello@example.com", "a password")]


@pytest.mark.usefixtures("asleep")
def test_the_sweep_mails_to_an_odd_address_with_what_the_zip_holds(
    cloud: Cloud, address: str, run: Run
) -> None:
    person = {"phone": "010-0000-0003", "name": "박삼", "email": "sam@xn--vv4b11d.kr"}
    item = owe(cloud, address, person)
    cloud.client("dynamodb").update_item(
        TableName=CHECK_INS,
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
    started = run(
        "app.sweep_deliveries",
        scheduled,
        AWS_ENDPOINT_URL=cloud.environment["AWS_ENDPOINT_URL"],
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(cloud.mail_server.port),
        SMTP_SECURITY="none",
    )
    assert started.answer == {"sent": 1}
    assert cloud.mails_to(person["email"]) == 1


# The stack's end, and a plain package on the tables that it leaves


def test_deleting_the_stack_keeps_the_tables(cloud: Cloud, address: str) -> None:
    kept = cloud.items(CHECK_INS)
    pipeline.delete(cloud)
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.apis() == []
    assert set(cloud.client("dynamodb").list_tables()["TableNames"]) == set(TABLES)
    assert cloud.items(CHECK_INS) == kept


def test_a_plain_chalice_package_works_on_the_tables_that_are_there(
    cloud: Cloud, address: str
) -> None:
    directory = cloud.project / "dist" / "plain"
    shell = {"MAIL_FROM": "shell@example.com", "PYTHONDONTWRITEBYTECODE": "1"}
    done = cloud.chalice("package", "--stage", "dev", str(directory), **shell)
    assert done.returncode == 0, done.stderr
    template = json.loads((directory / "sam.json").read_text(encoding="utf-8"))
    plain = pipeline.create(cloud, template, (directory / "deployment.zip").read_bytes())
    cloud.check_in(plain, 4)
    for function in cloud.client("lambda").list_functions()["Functions"]:
        logical = function["FunctionName"].split("-")[2]  # CloudFormation adds letters to it
        role = function["Role"].rpartition("/")[2]
        iam = cloud.client("iam")
        [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        allowed = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        assert f":log-group:/aws/lambda/rollcall-dev-{logical}-*" in json.dumps(allowed)
