"""`python -m benchmarks.dynamodb_stub PORT SECONDS`: a table that answers at once, or so late.

An emulator takes more of a small machine than the functions under test do, and real DynamoDB takes
nothing of it. So here stands as little as can be: items in memory, and of the expressions what
Rollcall and the peers use. Each answer comes after SECONDS, as over a network.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from local.loopback import HOST
from local.processes import end_with_parent

Item = dict[str, Any]

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_TARGET = re.compile(rb"(?i)\r\nx-amz-target: *DynamoDB_\d+\.(\w+)")
_ASSIGNMENT = re.compile(r"(\w+) = (?:if_not_exists\(\w+, :none\) ([+-]) )?(\w+ - )?:(\w+)")
_REFUSED = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


class Tables:
    """Every item of every table."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}

    def answer(self, operation: str, asked: Mapping[str, Any]) -> tuple[int, object]:
        """The HTTP status and body of an operation. Raises KeyError for any other than these."""
        return {"GetItem": self._get, "PutItem": self._put, "UpdateItem": self._update}[operation](
            asked
        )

    def _get(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        item = self._items.get(_place(asked["TableName"], asked["Key"]))
        return 200, {"Item": item} if item else {}

    def _put(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        item = asked["Item"]
        place = _place(asked["TableName"], item)
        if "ConditionExpression" in asked and place in self._items:
            return 400, _REFUSED | {"Item": self._items[place]}
        self._items[place] = item
        return 200, {}

    def _update(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        place = _place(asked["TableName"], asked["Key"])
        old, values = self._items.get(place), asked["ExpressionAttributeValues"]
        if old is None or not _may_change(old, values):
            return 400, _REFUSED | ({"Item": old} if old else {})
        new = dict(old)
        change, _, removed = asked["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        for name, counted, _, value in _ASSIGNMENT.findall(change):
            new[name] = _sum(old.get(name), values[f":{value}"]) if counted else values[f":{value}"]
        for name in filter(None, removed.split(", ")):
            new.pop(name, None)
        self._items[place] = new
        return 200, {"Attributes": old} if asked.get("ReturnValues") == "ALL_OLD" else {}


def _place(table: str, attributes: Item) -> tuple[str, str]:
    """Event and attendee: the key of each of the three tables, in either order."""
    key = [attributes.get(name, {}).get("S", "") for name in ("event_code", "attendee_id")]
    return table, " ".join(key)


def _may_change(item: Item, values: Item) -> bool:
    """The conditions of a claim and of a record."""
    if ":due" in values:
        return bool(item["delivery"] == values[":due"])
    return bool(item.get("claim") == values[":token"])


def _sum(number: Item | None, more: Item) -> Item:
    return {"N": str(int((number or {"N": "0"})["N"]) + int(more["N"]))}


class _Connection(asyncio.Protocol):
    """One request after the other, as boto3 sends them."""

    def __init__(self, tables: Tables, seconds: float) -> None:
        self._tables = tables
        self._seconds = seconds
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a server's are"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, ended, body = self._read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not ended or not length or len(body) < int(length[1]):
            return
        self._read = b""
        target = _TARGET.search(head)
        assert target, "boto3 names the operation"
        status, answer = self._tables.answer(target[1].decode(), json.loads(body))
        content = json.dumps(answer).encode()
        response = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode() + content
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, response)
        else:
            self._transport.write(response)


async def _serve(port: int, seconds: float) -> None:
    tables = Tables()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(tables, seconds), HOST, port, backlog=128
    )
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
