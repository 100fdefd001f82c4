"""The confirmations among fakes, with one connection and with several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
from mailing import Mailing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def make(dynamodb: DynamoDBClient) -> Callable[..., Mailing]:
    return partial(Mailing, dynamodb)


@pytest.fixture
def mailing(make: Callable[..., Mailing]) -> Mailing:
    return make()


@pytest.fixture
def holding(make: Callable[..., Mailing]) -> Mailing:
    """A mail whose reply was lost is left to a person."""
    return make(most_copies=1)


@pytest.fixture(params=[1, 4])
def any_mailing(request: pytest.FixtureRequest, make: Callable[..., Mailing]) -> Mailing:
    return make(connections=request.param)
