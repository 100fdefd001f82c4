"""The check of the policies can fail: what it records, how it compares, when it judges."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_calls import _resources, recording, running
from botocore.exceptions import ClientError, ParamValidationError
from chalice.test import Client
from policies import Access, differences
from policy_check import TESTS, PolicyCheck, is_whole

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# The whole run is judged by these calls too, so they are such as the API may make.
READ = Access("api_handler", "dynamodb:GetItem", "${EventTable.Arn}")
WRITE = Access("api_handler", "dynamodb:PutItem", "${CheckInTable.Arn}")


def read(dynamodb: DynamoDBClient) -> None:
    dynamodb.get_item(TableName="events", Key={"event_code": {"S": "0211ABC"}})


@pytest.fixture
def used() -> Iterator[set[Access]]:
    with recording() as used:
        yield used


# What is recorded


def test_a_call_of_a_function_counts_and_one_of_a_test_does_not(
    client: Client, dynamodb: DynamoDBClient, used: set[Access]
) -> None:
    read(dynamodb)
    assert used == set()
    client.http.get("/health")
    assert used == {READ}
    used.clear()
    read(dynamodb)
    assert used == set()


def test_a_call_counts_whatever_becomes_of_it(dynamodb: DynamoDBClient, used: set[Access]) -> None:
    with running("api_handler"), pytest.raises(ClientError):
        dynamodb.put_item(TableName="check-ins", Item={"attendee_id": {"S": "a"}})
    assert used == {WRITE}


def test_what_the_sdk_does_not_send_does_not_count(
    dynamodb: DynamoDBClient, used: set[Access]
) -> None:
    with running("api_handler"), pytest.raises(ParamValidationError):
        dynamodb.delete_item(TableName="events", Key=cast(Any, "0211ABC"))
    assert used == set()


def test_threads_and_a_pool_s_tasks_belong_to_the_function_that_gave_them_out(
    dynamodb: DynamoDBClient, used: set[Access]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with running("api_handler"):
            pool.submit(read, dynamodb).result()
        assert used == {READ}
        used.clear()
        pool.submit(read, dynamodb).result()  # in the same thread, and a test's own
        assert used == set()
    with running("api_handler"):
        thread = Thread(target=read, args=(dynamodb,))
        thread.start()
    thread.join()
    assert used == {READ}


NAMES = {"CHECK_IN_TABLE": "c", "SMTP_PASSWORD_PARAMETER": "/p"}


@pytest.mark.parametrize(
    ("service", "parameters", "resources"),
    [
        ("dynamodb", {"TableName": "c"}, ["${CheckInTable.Arn}"]),
        ("dynamodb", {"TableName": "c", "IndexName": "i"}, ["${CheckInTable.Arn}/index/i"]),
        ("dynamodb", {"RequestItems": {"c": [], "d": []}}, ["${CheckInTable.Arn}", "d"]),
        ("dynamodb", {"TransactItems": []}, ["an unknown resource"]),
        ("ssm", {"Name": "/q"}, ["/q"]),
        ("ssm", {"Names": ["/p"]}, ["an unknown resource"]),
        ("s3", {"Bucket": "c"}, ["an unknown resource"]),
    ],
)
def test_what_no_policy_can_name_is_reported_as_it_is(
    service: str, parameters: dict[str, Any], resources: list[str]
) -> None:
    assert _resources(NAMES, service, parameters) == resources


# How it compares


LACKING = "the policy of api_handler lacks dynamodb:PutItem on CheckInTable"
UNUSED = "the policy of api_handler grants dynamodb:GetItem on EventTable: never made"


def test_a_policy_that_fits_differs_in_nothing() -> None:
    assert differences({READ, WRITE}, {READ, WRITE}) == []


def test_a_missing_grant_and_a_superfluous_one_are_reported_by_name() -> None:
    assert differences({WRITE}, {READ}) == [LACKING, UNUSED]


def test_the_same_action_on_another_resource_or_by_another_function_is_a_difference() -> None:
    for other in (READ._replace(resource="${CheckInTable.Arn}"), READ._replace(function="f")):
        assert len(differences({READ}, {other})) == 2


def test_in_a_part_of_the_suite_nothing_is_called_unused() -> None:
    assert differences({WRITE}, {READ}, whole=False) == [LACKING]


# When it judges


def config(*args: str, **options: Any) -> pytest.Config:
    asked = SimpleNamespace(
        args=args,
        invocation_params=SimpleNamespace(dir=TESTS.parent),
        getoption=options.get,
    )
    return cast(pytest.Config, asked)


@pytest.mark.parametrize("args", [["tests"], ["."], [str(TESTS)], ["tests/unit", "tests"]])
def test_the_whole_suite_is_known_by_what_was_asked_for(args: list[str]) -> None:
    assert is_whole(config(*args))
    assert not is_whole(config(*args, ignore=["tests/faults"]))
    assert not is_whole(config(*args, collectonly=True))


@pytest.mark.parametrize("args", [["tests/unit"], ["tests/unit", "tests/integration"], ["docs"]])
def test_a_part_of_the_suite_is_not_the_whole(args: list[str]) -> None:
    assert not is_whole(config(*args))


def finish(check: PolicyCheck, exitstatus: int = 0) -> int:
    session = cast(pytest.Session, SimpleNamespace(exitstatus=exitstatus))
    check.pytest_sessionfinish(session, exitstatus)
    return int(session.exitstatus)


@pytest.fixture
def nothing_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, as in that of xdist's controller."""
    monkeypatch.setattr("aws_calls.everything", set())


def worker(*used: Access, left_out: bool = False) -> Any:
    """One that has ended; what it hands over went through a pipe."""
    output = {"aws_calls": [list(each) for each in used], "left_out": left_out}
    return SimpleNamespace(workeroutput=output)


@pytest.mark.usefixtures("nothing_used")
def test_a_run_of_a_part_fails_by_what_a_worker_used_and_no_policy_grants() -> None:
    check = PolicyCheck(config("tests/unit"))
    check.pytest_testnodedown(worker(READ))
    assert finish(check) == 0
    check.pytest_testnodedown(worker(READ._replace(action="dynamodb:DeleteItem")))
    assert finish(check) == 1


@pytest.mark.usefixtures("nothing_used")
def test_a_whole_run_fails_by_what_was_never_made_unless_tests_were_left_out() -> None:
    check = PolicyCheck(config("tests"))
    assert finish(check) == 1
    assert [finish(check, exitstatus=each) for each in (1, 2)] == [1, 2]
    check.pytest_testnodedown(worker(left_out=True))
    assert finish(check) == 0


@pytest.mark.usefixtures("nothing_used")
def test_what_a_crashed_worker_recorded_is_not_called_unused() -> None:
    check = PolicyCheck(config("tests"))
    check.pytest_testnodedown(SimpleNamespace())
    assert finish(check) == 0
