"""What `verify` says of a stage that does not work, part by part."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from conftest import ENVIRONMENT

from chalicelib import settings
from chalicelib.wiring import Wiring
from operations.deployment import verify as verification
from operations.deployment.aws import DeploymentError, client
from operations.deployment.project import Deployable

STREAM = ENVIRONMENT["CHECK_IN_STREAM_ARN"]
MAPPING = {"UUID": "1", "State": "Enabled", "BatchSize": 5, "EventSourceArn": STREAM}


class Live:
    """What is there, as far as `verify` asks."""

    def __init__(self, mapping: dict[str, Any] | None, api: str | None) -> None:
        self._mapping = mapping
        self._api = api

    def mapping(self, stream_arn: str) -> dict[str, Any] | None:
        return self._mapping if stream_arn == STREAM else None

    def api_id(self) -> str | None:
        return self._api


@pytest.fixture
def dynamodb_says() -> Iterator[Callable[[str], None]]:
    with Stubber(client("dynamodb")) as stub:

        def says(stream_arn: str) -> None:
            table = {
                "TableArn": STREAM.partition("/stream/")[0],
                "StreamSpecification": {"StreamEnabled": bool(stream_arn)},
                "LatestStreamArn": stream_arn or STREAM,
            }
            stub.add_response("describe_table", {"Table": table}, {"TableName": "check-ins"})

        yield says


@pytest.fixture
def awslambda() -> Iterator[Stubber]:
    with Stubber(client("lambda")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def answers(awslambda: Stubber, payload: Any, **more: str) -> None:
    body = json.dumps(payload).encode()
    answer = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}
    awslambda.add_response("invoke", answer)


def verify(mapping: dict[str, Any] | None = MAPPING, api: str | None = "abc") -> list[str]:
    said: list[str] = []
    verification.verify(
        Deployable(Path(), "dev", {"app_name": "rollcall", "stages": {"dev": {}}}),
        Wiring(settings.load(ENVIRONMENT)),
        Live(mapping, api),  # type: ignore[arg-type]
        wanted_mapping={"BatchSize": 5},
        say=said.append,
        patience=0,
    )
    return said


@pytest.mark.parametrize("live", [STREAM.replace("2026", "2027"), ""])
def test_a_stream_that_is_not_the_live_one(dynamodb_says: Callable[[str], None], live: str) -> None:
    dynamodb_says(live)
    with pytest.raises(DeploymentError, match="is not the table's live stream: `make deploy`"):
        verify()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (None, "no mapping reads the live stream"),
        ({**MAPPING, "State": "Disabled"}, "has other State"),
        ({**MAPPING, "BatchSize": 100}, "has other BatchSize"),
    ],
)
def test_a_mapping_that_is_not_as_it_should_be(
    dynamodb_says: Callable[[str], None], mapping: dict[str, Any] | None, said: str
) -> None:
    dynamodb_says(STREAM)
    with pytest.raises(DeploymentError, match=said):
        verify(mapping)


def test_a_function_that_is_not_there(
    dynamodb_says: Callable[[str], None], awslambda: Stubber
) -> None:
    dynamodb_says(STREAM)
    awslambda.add_client_error("invoke", "ResourceNotFoundException")
    with pytest.raises(DeploymentError, match="there is no function rollcall-dev: `make deploy`"):
        verify()


def test_a_function_that_does_not_start(
    dynamodb_says: Callable[[str], None], awslambda: Stubber
) -> None:
    dynamodb_says(STREAM)
    error = {"errorType": "SettingsError", "errorMessage": "MAIL_FROM is missing"}
    answers(awslambda, {"statusCode": 200})
    answers(awslambda, error, FunctionError="Unhandled")
    with pytest.raises(
        DeploymentError, match=r"rollcall-dev-send_confirmations does not start: .*MAIL_FROM is"
    ):
        verify()


def test_a_function_that_starts_and_is_not_well(
    dynamodb_says: Callable[[str], None], awslambda: Stubber
) -> None:
    dynamodb_says(STREAM)
    answers(awslambda, {"statusCode": 503, "body": "storage_unavailable"})
    with pytest.raises(DeploymentError, match="rollcall-dev answers 503: storage_unavailable"):
        verify()


def test_an_api_that_is_not_there(dynamodb_says: Callable[[str], None], awslambda: Stubber) -> None:
    dynamodb_says(STREAM)
    answers(awslambda, {"statusCode": 200})
    answers(awslambda, {"batchItemFailures": []})
    answers(awslambda, None)
    with pytest.raises(DeploymentError, match="there is no REST API"):
        verify(api=None)
