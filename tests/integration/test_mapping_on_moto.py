"""The event source mapping on a real server: moto's DynamoDB Streams over HTTP on loopback."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local.mapping import EventSourceMapping, FunctionError
from local.mapping.settings import StartingPosition, read_settings, stage_properties

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

LONG = 60.0  # seconds; a limit for operations that normally take a moment

ACCESS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
    "config": Config(retries={"total_max_attempts": 1}),
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def dynamodb(endpoint: str) -> Iterator[DynamoDBClient]:
    client = boto3.client("dynamodb", endpoint_url=endpoint, **ACCESS)
    yield client
    client.close()


@pytest.fixture
def streams(endpoint: str) -> Iterator[DynamoDBStreamsClient]:
    client = boto3.client("dynamodbstreams", endpoint_url=endpoint, **ACCESS)
    yield client
    client.close()


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb)


class Table:
    """A table with a stream, a new one for each test."""

    def __init__(self, dynamodb: DynamoDBClient) -> None:
        self._dynamodb = dynamodb
        self._name = f"check-ins-{uuid.uuid4()}"
        created = dynamodb.create_table(
            TableName=self._name,
            KeySchema=[{"AttributeName": "attendee_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "attendee_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.stream_arn = created["TableDescription"]["LatestStreamArn"]

    def put(self, attendee_id: str, **attributes: Any) -> None:
        item = {"attendee_id": {"S": attendee_id}, **attributes}
        self._dynamodb.put_item(TableName=self._name, Item=item)


class Handler:
    """Records its invocations, and fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self._failures = failures
        self._invoked = threading.Condition()

    def __call__(self, event: dict[str, Any]) -> None:
        with self._invoked:
            self.events.append(event)
            self._invoked.notify_all()
            if len(self.events) <= self._failures:
                raise FunctionError

    @property
    def records(self) -> list[dict[str, Any]]:
        return [record for event in self.events for record in event["Records"]]

    def wait_for_records(self, count: int) -> list[dict[str, Any]]:
        with self._invoked:
            assert self._invoked.wait_for(lambda: len(self.records) >= count, LONG)
            return self.records


@contextmanager
def running(
    streams: DynamoDBStreamsClient,
    table: Table,
    handler: Handler,
    position: StartingPosition = "TRIM_HORIZON",
) -> Iterator[EventSourceMapping]:
    """As a stage has it."""
    mapping = EventSourceMapping(
        streams,
        table.stream_arn,
        handler,
        read_settings(stage_properties(), batch_size=5, starting_position=position),
        on_failure=lambda _: None,
        poll_seconds=0.02,
        backoff=lambda _: 0.02,
    )
    mapping.start()
    try:
        yield mapping
    finally:
        mapping.stop(LONG)


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["attendee_id"]["S"] for record in records]


def test_an_insert_reaches_the_function_in_lambdas_shape(
    table: Table, streams: DynamoDBStreamsClient
) -> None:
    handler = Handler()
    with running(streams, table, handler):
        table.put("hana", photo={"B": b"\x00\xff"}, place={"N": "1"})
        [record] = handler.wait_for_records(1)

    assert json.loads(json.dumps(record)) == record
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"] == table.stream_arn
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    assert record["dynamodb"]["SequenceNumber"].isdigit()
    assert record["dynamodb"]["NewImage"] == {
        "attendee_id": {"S": "hana"},
        "photo": {"B": "AP8="},
        "place": {"N": "1"},
    }


def test_latest_misses_nothing_that_is_written_after_the_start(
    table: Table, streams: DynamoDBStreamsClient
) -> None:
    table.put("before")
    handler = Handler()
    with running(streams, table, handler, "LATEST"):
        table.put("after")
        records = handler.wait_for_records(1)

    assert ids(records) == ["after"]


def test_a_batch_that_failed_comes_again(table: Table, streams: DynamoDBStreamsClient) -> None:
    handler = Handler(failures=2)
    with running(streams, table, handler):
        table.put("hana")
        records = handler.wait_for_records(3)

    assert ids(records) == ["hana"] * 3
