"""`python -m local.moto PORT`: moto's server on loopback, without a log line a request."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.exceptions import JsonRESTError
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]  # untyped
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

from local.processes import end_with_parent

_KEPT_ITERATORS = 100  # more than one, so that a request can be repeated


# Reads go beside each other: a long Query would hold up the kiosk.
_READS = ("GetItem", "Query", "Scan", "GetRecords", "GetShardIterator", "DescribeStream")


class _OneWriteAtATime:
    """moto checks a condition and writes in two steps, and nothing keeps two requests apart.

    Without it, of twenty check-ins of one attendee at the same moment two could both be the first.
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
    """In place: moto keeps every shard iterator for ever, and the mapping takes five a second."""
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


def spare_work() -> None:
    """In place: two fifths of moto's work for a check-in with its mail (docs/performance.md)."""
    # With each request it looks through its own directory, and through a class.
    modules = tuple(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = cache(responses.method_names_from_class)  # type: ignore[attr-defined]  # it is imported there
    # Parsed twice for each update, which then works on a copy.
    UpdateExpressionParser.make = lru_cache(UpdateExpressionParser.make)
    serialize_member = ResponseSerializer._serialize_structure_member

    def serialize_the_type_it_has(
        self: ResponseSerializer, serialized: Any, value: Any, shape: Any, key: str
    ) -> None:
        # A value has one of ten types. The nine others it looks for as well, under several names.
        if shape.parent.name != "AttributeValue" or key in value:
            serialize_member(self, serialized, value, shape, key)

    ResponseSerializer._serialize_structure_member = serialize_the_type_it_has  # type: ignore[method-assign]  # as above


def main() -> None:
    end_with_parent()
    forget_old_iterators()
    spare_work()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = _OneWriteAtATime(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)


if __name__ == "__main__":
    main()
