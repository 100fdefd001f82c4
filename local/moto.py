"""`python -m local.moto PORT`: moto's server on loopback, without a log line for each request."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

from local.processes import end_with_parent

_KEPT_ITERATORS = 100  # more than one, so that a request can be repeated

# Reads run side by side: a long Query would hold up the kiosk.
_READS = ("GetItem", "Query", "Scan", "GetRecords", "GetShardIterator", "DescribeStream")


class _OneWriteAtATime:
    """moto checks a condition and then writes, and lets another request come in between.

    Without this, two of twenty simultaneous check-ins of one attendee could both be the first.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(_READS):
            read: Iterable[bytes] = self._application(environ, start_response)
            return read
        with self._lock:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer


def forget_old_iterators() -> None:
    """Patches moto, which keeps every shard iterator for ever; the mapping takes five a second."""
    get_records = DynamoDBStreamsBackend.get_records

    def get_and_forget(
        self: DynamoDBStreamsBackend, iterator_arn: str, limit: int
    ) -> dict[str, Any]:
        iterators = self.shard_iterators
        for old in list(iterators)[:-_KEPT_ITERATORS]:
            del iterators[old]
        if iterator_arn not in iterators:
            raise JsonRESTError("ExpiredIteratorException", "The shard iterator has expired.")
        return get_records(self, iterator_arn, limit)

    DynamoDBStreamsBackend.get_records = get_and_forget  # type: ignore[method-assign]  # it has no hook


def pass_attribute_values_on() -> None:
    """Patches moto, which converts each attribute of each item that it returns, to no effect.

    A list of 10,000 people takes 14 s with the conversion.
    """
    convert = BaseJSONSerializer._serialize_type_structure

    def pass_on(
        self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
    ) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict):
            serialized[key] = value
        else:
            convert(self, serialized, value, shape, key)

    BaseJSONSerializer._serialize_type_structure = pass_on  # type: ignore[method-assign]


def sort_by_plain_keys() -> None:
    """Patches moto, which compares its own objects to sort the whole table for each page it reads.

    A list of 100,000 people takes seven minutes with that, and one without.
    """

    def all_items(self: Table) -> list[Item]:
        rows: Any = self.items.values()
        items = [item for row in rows for item in (row.values() if self.range_key_attr else (row,))]
        return sorted(items, key=_plain_key)

    Table.all_items = all_items  # type: ignore[method-assign]


def _plain_key(item: Item) -> tuple[Any, ...]:
    return tuple(key.cast_value for key in (item.hash_key, item.range_key) if key is not None)


def main() -> None:
    end_with_parent()
    forget_old_iterators()
    pass_attribute_values_on()
    sort_by_plain_keys()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = _OneWriteAtATime(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)


if __name__ == "__main__":
    main()
