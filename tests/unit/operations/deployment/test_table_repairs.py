"""Tables that somebody made again by hand, over moto: what they lack, and how they get it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from conftest import TABLES
from moto import mock_aws

from operations.deployment import tables
from operations.deployment.aws import DeploymentError, client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def bare() -> Iterator[DynamoDBClient]:
    """The tables with their keys, and nothing else."""
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        dynamodb = boto3.client("dynamodb")
        for name in TABLES.values():
            dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "event_code", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "event_code", "KeyType": "HASH"}],
            )
        yield dynamodb


def test_missing_properties_of_a_table_are_reported_and_set(bare: DynamoDBClient) -> None:
    found = list(tables.repairs(TABLES, protected=True))
    assert [repair.words.partition(";")[0] for repair in found] == [
        f"{name}: {what}"
        for name in ("events", "registrations", "check-ins")
        for what in (
            *(["has no stream"] if name == "check-ins" else []),
            "is not protected from deletion",
            "does not delete what has expired",
            "is not backed up",
        )
    ]
    for repair in found:
        repair.apply()
    assert list(tables.repairs(TABLES, protected=True)) == []
    live = bare.describe_table(TableName="check-ins")["Table"]["LatestStreamArn"]
    assert tables.live_stream("check-ins") == live


def test_looking_changes_nothing(bare: DynamoDBClient) -> None:
    list(tables.repairs(TABLES, protected=True))
    assert tables.live_stream("check-ins").endswith("/check-ins/stream/not-made-yet")
    assert "StreamSpecification" not in bare.describe_table(TableName="check-ins")["Table"]


def test_a_stage_without_protection_is_not_given_it(bare: DynamoDBClient) -> None:
    said = [repair.words for repair in tables.repairs(TABLES, protected=False)]
    assert not [words for words in said if "protected" in words]


def test_a_missing_table_is_reported_with_advice(bare: DynamoDBClient) -> None:
    bare.delete_table(TableName="registrations")
    with pytest.raises(DeploymentError, match=r"the table registrations is gone, .*Restore it"):
        list(tables.repairs(TABLES, protected=False))


def test_protected_tables_are_deleted_where_that_is_asked_for(bare: DynamoDBClient) -> None:
    for repair in tables.repairs(TABLES, protected=True):
        repair.apply()
    tables.delete([*TABLES.values(), "gone-already"])
    assert bare.list_tables()["TableNames"] == []


def test_backups_that_are_not_there_yet_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    expired = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}
    backups = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "DISABLED"}}
    with Stubber(client("dynamodb")) as stub:
        stub.add_response("describe_table", {"Table": {"TableStatus": "ACTIVE"}})
        stub.add_response("describe_time_to_live", expired)
        stub.add_response("describe_continuous_backups", backups)
        stub.add_client_error("update_continuous_backups", "ContinuousBackupsUnavailableException")
        stub.add_response("update_continuous_backups", {})
        repair = next(tables.repairs(TABLES, protected=False))
        repair.apply()
        stub.assert_no_pending_responses()
