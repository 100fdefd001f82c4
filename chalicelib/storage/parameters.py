"""SSM Parameter Store: where a deployed stage keeps its secrets."""

from __future__ import annotations

import boto3

from chalicelib.storage.dynamodb import AT_THE_DOOR, storage_errors


def read_secret(name: str) -> str:
    """The value of a SecureString. Raises StorageUnavailable."""
    with storage_errors():
        client = boto3.client("ssm", config=AT_THE_DOOR)
        answer = client.get_parameter(Name=name, WithDecryption=True)
    return answer["Parameter"]["Value"]
