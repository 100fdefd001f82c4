"""A check-in's CPU time, from API Gateway's event to the response, against its calls in boto3."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import repeat
from typing import TypeVar

from botocore.exceptions import ClientError

from benchmarks import product, servers
from benchmarks.measuring import Row, cpu_ms, in_turns
from benchmarks.product import Item, Product

T = TypeVar("T")

_TIMES = 100  # per round
_TARGET = 1.10
_STRANGER = 99_000_000  # a number that is on no roster


class Bare:
    """The calls to DynamoDB that a check-in needs, and nothing else."""

    def __init__(self, rollcall: Product) -> None:
        self._client = rollcall.dynamodb

    def read_and_write(self, item: Item) -> None:
        self._read("registrations", item)
        with suppress(ClientError):  # the condition fails for a duplicate
            self._client.put_item(
                TableName="check-ins",
                Item=item,
                ConditionExpression="attribute_not_exists(attendee_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def read_twice(self, item: Item) -> None:
        self._read("registrations", item)
        self._read("check-ins", item)

    def _read(self, table: str, item: Item) -> None:
        key = {name: item[name] for name in ("event_code", "attendee_id")}
        self._client.get_item(TableName=table, Key=key)


def measure(rounds: int) -> list[Row]:
    with servers.aws() as port:
        rollcall = Product(product.environment(port))
        bare = Bare(rollcall)
        known = rollcall.new_check_in(0)
        numbers = itertools.count(1)

        def new() -> list[int]:
            """Guests on the roster, so that both subjects read a registration."""
            guests = list(itertools.islice(numbers, _TIMES))
            for number in guests:
                rollcall.register(number)
            return guests

        def first() -> float:
            return _cpu(new(), rollcall.check_in)

        def bare_first() -> float:
            return _cpu([product.another(known, number) for number in new()], bare.read_and_write)

        subjects: dict[str, Callable[[], float]] = {
            "a first check-in": first,
            "a first check-in, bare": bare_first,
            "a duplicate": lambda: _cpu(repeat(0), lambda number: rollcall.check_in(number, 200)),
            "a duplicate, bare": lambda: _cpu(repeat(known), bare.read_and_write),
            "nobody registered": lambda: _cpu(
                repeat(_STRANGER), lambda number: rollcall.check_in(number, 404)
            ),
            "nobody registered, bare": lambda: _cpu(repeat(known), bare.read_twice),
        }
        for warm_up in subjects.values():
            warm_up()
        found = in_turns(subjects, rounds)
    return [
        Row(
            name=f"{kind}, CPU",
            measured=found[kind],
            unit="ms",
            peer=found[f"{kind}, bare"],
            peer_name="its two calls",
            target=_TARGET,
            figure="check_in_cpu_ms" if kind == "a first check-in" else "",
        )
        for kind in subjects
        if f"{kind}, bare" in subjects
    ]


def _cpu(values: Iterable[T], call: Callable[[T], object]) -> float:
    each = iter(values)
    return cpu_ms(lambda: call(next(each)), _TIMES)
