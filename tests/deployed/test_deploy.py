"""`make deploy` on an empty AWS, again, after every trap that it knows, and `make destroy`.

The tests of this file share one stage, and each leaves it working: they stand in their order, and a
first deployment is paid for once.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from running import eventually

from deployed.cloud import Cloud, ask
from operations.deployment.probe import CODE

EVENT = "0211ABC"
FUNCTIONS = ("rollcall-dev", "rollcall-dev-send_confirmations", "rollcall-dev-sweep_deliveries")


@pytest.fixture(scope="module")
def first(cloud: Cloud) -> str:
    """What the first deployment printed."""
    return cloud.deploy()


@pytest.fixture(scope="module")
def address(first: str) -> str:
    return first.rstrip().rpartition(" ")[2]


def what_is_there(cloud: Cloud) -> dict[str, Any]:
    """Everything of the app that a deployment could make, change or remove."""
    functions = {
        name: cloud.client("lambda").get_function_configuration(FunctionName=name)
        for name in FUNCTIONS
    }
    for function in functions.values():
        for volatile in ("ResponseMetadata", "LastUpdateStatus", "State"):
            function.pop(volatile, None)
    gateway = cloud.client("apigateway")
    return {
        "functions": functions,
        "roles": sorted(role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]),
        "mappings": [
            {name: value for name, value in each.items() if name != "LastProcessingResult"}
            for each in cloud.mappings()
        ],
        "apis": cloud.apis(),
        "deployments": [gateway.get_deployments(restApiId=api)["items"] for api in cloud.apis()],
        "tables": sorted(cloud.client("dynamodb").list_tables()["TableNames"]),
        "rules": [rule["Name"] for rule in cloud.client("events").list_rules()["Rules"]],
        "alarms": sorted(
            alarm["AlarmName"]
            for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
        ),
        "stack": cloud.stack(),
    }


def rows(cloud: Cloud, resource: str) -> list[dict[str, Any]]:
    return cloud.items(cloud.stack()[resource])


def test_a_check_in_over_http_becomes_a_mail(cloud: Cloud, address: str) -> None:
    cloud.make_event(EVENT)
    person = {"phone": "010-0000-0001", "name": "김하나", "email": "hana@example.com"}
    before = len(cloud.mail_server.accepted)
    status, answer = ask(f"{address}/events/{EVENT}/check-ins", person)
    assert (status, answer["status"]) == (201, "checked_in")
    eventually(lambda: len(cloud.mail_server.accepted) > before, seconds=60)
    [mail] = cloud.mail_server.accepted[before:]
    assert mail.recipients == ("hana@example.com",)
    assert ask(f"{address}/events/{EVENT}/check-ins", person)[0] == 200
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "ok"})


def test_the_probe_left_nothing_behind(cloud: Cloud, first: str) -> None:
    assert "its confirmation: sent" in first
    for resource in ("EventTable", "RegistrationTable", "CheckInTable"):
        assert CODE not in {row["event_code"]["S"] for row in rows(cloud, resource)}


def test_the_mapping_has_what_chalice_cannot_set(cloud: Cloud, first: str) -> None:
    [mapping] = cloud.mappings()
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] < 100
    assert 0 < mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert (
        mapping["DestinationConfig"]["OnFailure"]["Destination"]
        == (cloud.stack()["FailureQueueArn"])
    )
    assert [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]] == [
        {"eventName": ["INSERT"]}
    ]


def test_no_secret_lies_open(cloud: Cloud, first: str) -> None:
    key = cloud.client("ssm").get_parameter(Name="/rollcall/dev/secret-key", WithDecryption=True)
    assert key["Parameter"]["Type"] == "SecureString"
    secret = key["Parameter"]["Value"]
    configurations = json.dumps(what_is_there(cloud), default=str)
    files = [file for file in (cloud.project / ".chalice").rglob("*.json") if file.is_file()]
    assert len(files) == 3
    for text in (first, configurations, *(file.read_text() for file in files)):
        assert secret not in text


def test_a_second_deployment_changes_nothing(cloud: Cloud, first: str) -> None:
    before = what_is_there(cloud)
    config = (cloud.project / ".chalice" / "config.json").read_bytes()
    said = cloud.deploy()
    assert what_is_there(cloud) == before
    assert "rollcall-dev-data: unchanged" in said
    assert "rollcall-dev: unchanged" in said
    assert (cloud.project / ".chalice" / "config.json").read_bytes() == config
    shown = cloud.run("diff")
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "nothing to change")


def test_a_setting_that_was_changed_is_shown_and_then_deployed(cloud: Cloud, first: str) -> None:
    cloud.environment["MAIL_REPLY_TO"] = "team@example.com"
    shown = cloud.run("diff")
    assert shown.returncode == 1
    assert "rollcall-dev: MAIL_REPLY_TO from nothing to team@example.com" in shown.stdout
    function = {"FunctionName": "rollcall-dev"}
    live = cloud.client("lambda").get_function_configuration(**function)
    assert "MAIL_REPLY_TO" not in live["Environment"]["Variables"]
    cloud.deploy()
    live = cloud.client("lambda").get_function_configuration(**function)
    assert live["Environment"]["Variables"]["MAIL_REPLY_TO"] == "team@example.com"


def test_a_lost_state_is_taken_up_from_what_is_there(cloud: Cloud, first: str) -> None:
    before = what_is_there(cloud)
    state = json.loads(cloud.state().read_text())
    cloud.state().unlink()
    (cloud.project / ".chalice" / "provisioned" / "dev.json").unlink()
    said = cloud.deploy()
    assert f"rest_api: is there, and was not in {cloud.state().name}; taken up" in said
    assert what_is_there(cloud) == before

    def by_name(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(resources, key=lambda each: str(each["name"]))

    found = json.loads(cloud.state().read_text())
    assert by_name(found["resources"]) == by_name(state["resources"])


def test_a_table_that_was_made_again_gets_its_stream_read(cloud: Cloud, first: str) -> None:
    dynamodb = cloud.client("dynamodb")
    name = cloud.stack()["CheckInTable"]
    [old] = cloud.mappings()
    table = dynamodb.describe_table(TableName=name)["Table"]
    dynamodb.delete_table(TableName=name)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=table["AttributeDefinitions"],
        KeySchema=table["KeySchema"],
        GlobalSecondaryIndexes=[
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
            for index in table["GlobalSecondaryIndexes"]
        ],
    )
    assert cloud.run("verify").returncode == 2
    said = cloud.deploy()
    assert f"{name}: has no stream; switched on" in said
    assert f"stream mapping {old['UUID']}: it reads {old['EventSourceArn']}, which is not" in said
    [mapping] = cloud.mappings()
    live = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    assert mapping["EventSourceArn"] == live != old["EventSourceArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_doubled_mapping_and_a_doubled_api_are_removed(cloud: Cloud, first: str) -> None:
    [mapping], [api] = cloud.mappings(), cloud.apis()
    awslambda = cloud.client("lambda")
    twin = awslambda.create_event_source_mapping(
        EventSourceArn=mapping["EventSourceArn"],
        FunctionName=FUNCTIONS[1],
        StartingPosition="LATEST",
    )["UUID"]
    gateway = cloud.client("apigateway")
    other = gateway.create_rest_api(name="rollcall")["id"]
    [root] = gateway.get_resources(restApiId=other)["items"]
    method = {"restApiId": other, "resourceId": root["id"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    arn = awslambda.get_function_configuration(FunctionName=FUNCTIONS[0])["FunctionArn"]
    invocation = f"arn:aws:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}"
    gateway.put_integration(
        **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=f"{invocation}/invocations"
    )
    strangers = gateway.create_rest_api(name="rollcall")["id"]  # calls nothing of ours
    said = cloud.deploy()
    assert f"stream mapping {twin}: a second mapping on the same stream; removed" in said
    assert f"REST API {other}: a second one that calls the same function; removed" in said
    assert [each["UUID"] for each in cloud.mappings()] == [mapping["UUID"]]
    assert sorted(cloud.apis()) == sorted([api, strangers])
    gateway.delete_rest_api(restApiId=strangers)


def test_a_mapping_that_somebody_switched_off_is_switched_on(cloud: Cloud, first: str) -> None:
    [mapping] = cloud.mappings()
    cloud.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    shown = cloud.run("diff")
    assert "stream mapping: State" in shown.stdout
    cloud.deploy()
    assert cloud.mappings()[0]["State"] == "Enabled"


def test_changed_code_is_deployed(cloud: Cloud, address: str) -> None:
    view = cloud.project / "chalicelib" / "web" / "check_ins.py"
    text = view.read_text(encoding="utf-8")
    assert '"storage": "ok"' in text
    view.write_text(text.replace('"storage": "ok"', '"storage": "well"'), encoding="utf-8")
    said = cloud.deploy()
    assert "function rollcall-dev: other code" in said
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "well"})


def test_destroying_asks_and_keeps_the_data(cloud: Cloud, first: str) -> None:
    unsaid = cloud.run("destroy", typed="prod\n")
    assert (unsaid.returncode, len(cloud.apis())) == (2, 1)
    kept = rows(cloud, "CheckInTable"), rows(cloud, "EventTable")
    done = cloud.run("destroy", typed="dev\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.apis() == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("events").list_rules()["Rules"] == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert (rows(cloud, "CheckInTable"), rows(cloud, "EventTable")) == kept


# Each is a call of a deployment that changes something, in the order in which they come.
CALLS = (
    "ExecuteChangeSet",
    "CreateRole",
    "CreateFunction",
    "CreateEventSourceMapping",
    "PutRule",
    "PutTargets",
    "ImportRestApi",
    "AddPermission",
    "CreateDeployment",
    "UpdateEventSourceMapping",
    "UpdateStage",
    "PutItem",
)


def test_a_deployment_that_dies_at_each_step_is_taken_up_by_the_next(
    cloud: Cloud, first: str
) -> None:
    reached = []
    for call in CALLS:
        died = cloud.run("deploy", die_after=call)
        if died.returncode == -signal.SIGKILL:
            reached.append(call)
    assert reached == list(CALLS)
    cloud.deploy()
    there = what_is_there(cloud)
    assert [len(there[name]) for name in ("apis", "mappings", "rules", "roles")] == [1, 1, 1, 3]
    assert len(cloud.client("lambda").list_functions()["Functions"]) == len(FUNCTIONS)
    assert cloud.run("diff").returncode == 0


def test_destroying_with_the_data_leaves_nothing(cloud: Cloud, first: str) -> None:
    done = cloud.run("destroy", "--delete-data", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.apis() == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
