"""`make deploy` on an empty AWS, plain `chalice deploy` after it, every trap, and `make destroy`.

The tests of this file share one stage, and each leaves it working. They stand in their order, so
that a first deployment is paid for once.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from deployed.cloud import CHECK_INS, TABLES, Cloud, ask
from operations.deployment.probe import CODE

pytestmark = pytest.mark.full

FUNCTIONS = ("rollcall-dev", "rollcall-dev-send_confirmations", "rollcall-dev-sweep_deliveries")


def test_chalice_deploy_before_the_first_make_deploy_ends_in_one_line(cloud: Cloud) -> None:
    refused = cloud.chalice("deploy", "--stage", "dev")
    assert refused.returncode != 0
    assert refused.stderr == (
        "rollcall: there is no table rollcall-dev-check-ins yet. "
        "Type `make deploy STAGE=dev` first\n"
    )


@pytest.fixture(scope="module")
def first(cloud: Cloud) -> str:
    """What the first deployment printed. The shell's settings are no concern of the stage."""
    done = cloud.run("deploy", MAIL_REPLY_TO="shell@example.com", BATCH_SIZE="77")
    assert done.returncode == 0, done.stdout + done.stderr
    cloud.make_event()
    return done.stdout


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
    gateway, iam = cloud.client("apigateway"), cloud.client("iam")
    roles = sorted(role["RoleName"] for role in iam.list_roles()["Roles"])
    return {
        "functions": functions,
        "policies": [
            iam.get_role_policy(RoleName=role, PolicyName=role)["PolicyDocument"] for role in roles
        ],
        "mappings": [
            {
                name: each[name]
                for name in each
                if name not in ("LastProcessingResult", "LastModified")
            }
            for each in cloud.mappings()
        ],
        "apis": cloud.apis(),
        "limits": [gateway.get_stages(restApiId=api)["item"] for api in cloud.apis()],
        "tables": sorted(cloud.client("dynamodb").list_tables()["TableNames"]),
        "rules": [rule["Name"] for rule in cloud.client("events").list_rules()["Rules"]],
    }


def test_a_check_in_over_http_becomes_a_mail(cloud: Cloud, address: str) -> None:
    cloud.check_in(address, 1)
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "ok"})


def test_the_probe_left_nothing_behind(cloud: Cloud, first: str) -> None:
    assert "its confirmation: sent" in first
    for table in TABLES:
        assert CODE not in {row["event_code"]["S"] for row in cloud.items(table)}


def test_the_mapping_has_what_chalice_cannot_set(cloud: Cloud, first: str) -> None:
    [mapping] = cloud.mappings()
    assert mapping["BatchSize"] == 5
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 8
    assert mapping["MaximumRecordAgeInSeconds"] == 6 * 3600
    destination = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination.endswith(":rollcall-dev-failures")
    assert [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]] == [
        {"eventName": ["INSERT"]}
    ]


def test_the_functions_have_the_settings_of_config_json_and_no_secret(
    cloud: Cloud, first: str
) -> None:
    config = json.loads((cloud.project / ".chalice" / "config.json").read_text())
    there = what_is_there(cloud)
    for function in there["functions"].values():
        declared = config["stages"]["dev"]["environment_variables"]
        assert function["Environment"]["Variables"] == declared
    key = cloud.client("ssm").get_parameter(Name="/rollcall/dev/secret-key", WithDecryption=True)
    assert key["Parameter"]["Type"] == "SecureString"
    for text in (first, json.dumps(there, default=str), cloud.state().read_text()):
        assert key["Parameter"]["Value"] not in text


def test_a_second_deployment_changes_nothing(cloud: Cloud, first: str) -> None:
    before = what_is_there(cloud)
    said = cloud.deploy()
    assert what_is_there(cloud) == before
    assert "rollcall-dev-data: unchanged" in said
    assert "rollcall-dev: unchanged" in said
    shown = cloud.run("diff")
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "nothing to change")


def test_plain_chalice_deploy_brings_new_code_and_leaves_all_else(
    cloud: Cloud, address: str
) -> None:
    before = what_is_there(cloud)
    view = cloud.project / "chalicelib" / "web" / "door.py"
    text = view.read_text(encoding="utf-8")
    assert '"storage": "ok"' in text
    view.write_text(text.replace('"storage": "ok"', '"storage": "well"'), encoding="utf-8")
    done = cloud.chalice("deploy", "--stage", "dev", MAIL_REPLY_TO="shell@example.com")
    assert done.returncode == 0, done.stderr
    assert ask(f"{address}/health") == (200, {"status": "ok", "storage": "well"})
    cloud.check_in(address, 2)

    def without_code(there: dict[str, Any]) -> dict[str, Any]:
        code = ("CodeSha256", "CodeSize", "LastModified", "RevisionId")
        for function in there["functions"].values():
            for name in code:
                function.pop(name, None)
        for stages in there["limits"]:
            for stage in stages:
                stage.pop("deploymentId"), stage.pop("lastUpdatedDate")
        return there

    assert without_code(what_is_there(cloud)) == without_code(before)
    shown = cloud.run("diff")
    assert shown.returncode == 1
    assert "function rollcall-dev: different code, or packed by Chalice alone" in shown.stdout
    cloud.deploy()


def test_a_setting_that_was_changed_is_shown_and_then_deployed(cloud: Cloud, first: str) -> None:
    file = cloud.project / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    config["stages"]["dev"]["environment_variables"]["MAIL_REPLY_TO"] = "team@example.com"
    file.write_text(json.dumps(config))
    shown = cloud.run("diff")
    assert shown.returncode == 1
    assert "rollcall-dev: MAIL_REPLY_TO from nothing to team@example.com" in shown.stdout
    cloud.deploy()
    live = cloud.client("lambda").get_function_configuration(FunctionName="rollcall-dev")
    assert live["Environment"]["Variables"]["MAIL_REPLY_TO"] == "team@example.com"


def test_a_lost_state_file_is_rewritten_from_what_exists(cloud: Cloud, first: str) -> None:
    before = what_is_there(cloud)
    state = json.loads(cloud.state().read_text())
    cloud.state().unlink()
    said = cloud.deploy()
    assert "rest_api: exists; corrected in dev.json" in said
    assert what_is_there(cloud) == before

    def by_name(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(resources, key=lambda each: str(each["name"]))

    found = json.loads(cloud.state().read_text())
    assert by_name(found["resources"]) == by_name(state["resources"])


def test_a_table_that_was_made_again_gets_its_stream_read(cloud: Cloud, address: str) -> None:
    dynamodb = cloud.client("dynamodb")
    [old] = cloud.mappings()
    table = dynamodb.describe_table(TableName=CHECK_INS)["Table"]
    dynamodb.delete_table(TableName=CHECK_INS)
    dynamodb.create_table(
        TableName=CHECK_INS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=table["AttributeDefinitions"],
        KeySchema=table["KeySchema"],
        GlobalSecondaryIndexes=[
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
            for index in table["GlobalSecondaryIndexes"]
        ],
    )
    assert cloud.run("verify").returncode == 2
    refused = cloud.chalice("deploy", "--stage", "dev")
    assert refused.stderr.startswith("rollcall: the table rollcall-dev-check-ins has no stream. ")
    said = cloud.deploy()
    assert f"{CHECK_INS}: has no stream; switched on" in said
    assert f"stream mapping {old['UUID']}: reads {old['EventSourceArn']}, which is not" in said
    [mapping] = cloud.mappings()
    assert mapping["EventSourceArn"] == cloud.stream() != old["EventSourceArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_second_mapping_is_removed_and_a_second_api_is_named(cloud: Cloud, first: str) -> None:
    [mapping], [api] = cloud.mappings(), cloud.apis()
    awslambda, gateway = cloud.client("lambda"), cloud.client("apigateway")
    awslambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    twin = awslambda.create_event_source_mapping(
        EventSourceArn=mapping["EventSourceArn"],
        FunctionName=FUNCTIONS[1],
        StartingPosition="LATEST",
    )["UUID"]
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
    assert f"stream mapping {twin}: a second one on the same stream; removed" in said
    assert f"aws apigateway delete-rest-api --rest-api-id {other}" in said
    assert f"--rest-api-id {strangers}" not in said
    [kept] = cloud.mappings()
    assert (kept["UUID"], kept["State"]) == (mapping["UUID"], "Enabled")
    assert sorted(cloud.apis()) == sorted([api, other, strangers])
    for each in (other, strangers):
        gateway.delete_rest_api(restApiId=each)


def test_destroying_asks_and_keeps_the_data(cloud: Cloud, first: str) -> None:
    assert cloud.run("destroy", typed="prod\n").returncode == 2
    assert len(cloud.apis()) == 1
    kept = [cloud.items(table) for table in TABLES]
    done = cloud.run("destroy", typed="dev\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.apis() == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("events").list_rules()["Rules"] == []
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert [cloud.items(table) for table in TABLES] == kept


# Each changes something on AWS, in the order in which they come.
CALLS = ("ExecuteChangeSet", "CreateFunction", "ImportRestApi", "CreateDeployment")


def test_a_deployment_that_dies_at_each_step_is_taken_up_by_the_next(
    cloud: Cloud, first: str
) -> None:
    for call in CALLS:
        died = cloud.run("deploy", DIE_AFTER=call)
        of_chalice = "`chalice deploy --stage dev` failed" in died.stderr
        assert died.returncode == -signal.SIGKILL or of_chalice, died.stdout + died.stderr
    cloud.deploy()
    there = what_is_there(cloud)
    assert [len(there[name]) for name in ("apis", "mappings", "rules", "policies")] == [1, 1, 1, 3]
    assert cloud.run("diff").returncode == 0


def test_destroying_with_the_data_leaves_nothing(cloud: Cloud, first: str) -> None:
    done = cloud.run("destroy", "--delete-data", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.apis() == []
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
