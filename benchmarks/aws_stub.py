"""`python -m benchmarks.aws_stub PORT SECONDS SECRET`: DynamoDB and SSM that cost almost nothing.

On a small machine an emulator takes more CPU than the functions under test, but the real DynamoDB
takes none. So this stub does as little as possible: it keeps items in memory, knows only the
expressions that Rollcall and its peers use, and returns SECRET for each SSM parameter. It answers
after SECONDS.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from local.loopback import HOST
from local.processes import end_with_parent

Item = dict[str, Any]

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_TARGET = re.compile(rb"(?i)\r\nx-amz-target: *\w+\.(\w+)")
_ASSIGNMENT = re.compile(r"(\w+) = (?:if_not_exists\(\w+, :\w+\) (\+) )?:(\w+)")
_HEAD = "HTTP/1.1 {} OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n"
_REFUSED = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


class Aws:
    """All tables: their items, by table and key."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._items: dict[tuple[str, str, str], Item] = {}

    def answer(self, operation: str, asked: Mapping[str, Any]) -> tuple[int, object]:
        """Returns the HTTP status and the body. Raises KeyError for an unknown operation."""
        return {
            "GetItem": self._get,
            "GetParameter": lambda _: (200, {"Parameter": {"Value": self._secret}}),
            "PutItem": self._put,
            "UpdateItem": self._update,
        }[operation](asked)

    def _get(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        item = self._items.get(_place(asked["TableName"], asked["Key"]))
        return 200, {"Item": item} if item else {}

    def _put(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        place = _place(asked["TableName"], asked["Item"])
        if "ConditionExpression" in asked and place in self._items:
            return 400, _REFUSED | {"Item": self._items[place]}
        self._items[place] = asked["Item"]
        return 200, {}

    def _update(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        place = _place(asked["TableName"], asked["Key"])
        old, values = self._items.get(place), asked["ExpressionAttributeValues"]
        if old is None or not _may_change(old, values):
            return 400, _REFUSED | ({"Item": old} if old else {})
        new = dict(old)
        change, _, removed = asked["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        for name, counts, value in _ASSIGNMENT.findall(change):
            new[name] = _sum(old.get(name), values[f":{value}"]) if counts else values[f":{value}"]
        for name in filter(None, removed.split(", ")):
            new.pop(name, None)
        self._items[place] = new
        return 200, {"Attributes": old} if asked.get("ReturnValues") == "ALL_OLD" else {}


def _place(table: str, attributes: Item) -> tuple[str, str, str]:
    """The table and the key. Every table has one or both of these attributes as its key."""
    event, attendee = (
        attributes.get(name, {}).get("S", "") for name in ("event_code", "attendee_id")
    )
    return table, event, attendee


def _may_change(item: Item, values: Item) -> bool:
    """Checks the condition of a claim (`:due`), or that of the write that records the outcome."""
    if ":due" in values:
        return bool(item["delivery"] == values[":due"])
    return bool(item.get("claim") == values[":token"])


def _sum(number: Item | None, more: Item) -> Item:
    return {"N": str(int((number or {"N": "0"})["N"]) + int(more["N"]))}


async def _serve(port: int, seconds: float, secret: str) -> None:
    aws = Aws(secret)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # the client has closed the connection
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length, target = _LENGTH.search(head), _TARGET.search(head)
                assert length, "boto3 sends the header"
                assert target, "boto3 names the operation"
                body = await reader.readexactly(int(length[1]))
                status, answer = aws.answer(target[1].decode(), json.loads(body))
                await asyncio.sleep(seconds)
                content = json.dumps(answer).encode()
                writer.write(_HEAD.format(status, len(content)).encode() + content)
        writer.close()

    server = await asyncio.start_server(connect, HOST, port, backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
