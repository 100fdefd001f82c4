"""SSM Parameter Store: where a deployed stage keeps its secrets."""

from __future__ import annotations

import boto3

from chalicelib.storage.dynamodb import storage_errors


def read_secret(name: str) -> str:
    """The value of a SecureString. Raises StorageUnavailable."""
    with storage_errors():
        answer = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return answer["Parameter"]["Value"]
