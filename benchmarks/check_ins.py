"""A check-in's CPU, from API Gateway's event to the response, against its bare calls in boto3."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from botocore.exceptions import ClientError

from benchmarks import product, servers
from benchmarks.measuring import Row, cpu_ms, in_turns
from benchmarks.product import Item, Product

T = TypeVar("T")

_TIMES = 100  # a round
_TARGET = 1.10
_STRANGER = 99_000_000  # a number that is on no roster


class Door:
    """Both ways to check somebody in. The bare one only makes the calls that DynamoDB has to see."""

    def __init__(self, rollcall: Product) -> None:
        self._rollcall = rollcall
        self._client = rollcall.dynamodb
        self._numbers = itertools.count(1)
        self._known = rollcall.new_check_in(0)

    def first(self) -> float:
        numbers = self._next()
        for number in numbers:
            self._rollcall.register(number)
        return _cpu(iter(numbers), self._rollcall.check_in)

    def duplicate(self) -> float:
        return cpu_ms(lambda: self._rollcall.check_in(0, expected=200), _TIMES)

    def not_registered(self) -> float:
        return cpu_ms(lambda: self._rollcall.check_in(_STRANGER, expected=404), _TIMES)

    def bare_first(self) -> float:
        items = [product.another(self._known, number) for number in self._next()]
        return _cpu(iter(items), self._read_and_write)

    def bare_duplicate(self) -> float:
        def both() -> None:
            with suppress(ClientError):
                self._read_and_write(self._known)

        return cpu_ms(both, _TIMES)

    def bare_not_registered(self) -> float:
        def both() -> None:
            self._read("registrations", self._known)
            self._read("check-ins", self._known)

        return cpu_ms(both, _TIMES)

    def _next(self) -> list[int]:
        return list(itertools.islice(self._numbers, _TIMES))

    def _read(self, table: str, item: Item) -> None:
        key = {name: item[name] for name in ("event_code", "attendee_id")}
        self._client.get_item(TableName=table, Key=key)

    def _read_and_write(self, item: Item) -> None:
        self._read("registrations", item)
        self._client.put_item(
            TableName="check-ins",
            Item=item,
            ConditionExpression="attribute_not_exists(attendee_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def measure(rounds: int) -> list[Row]:
    with servers.aws() as port:
        door = Door(Product(product.environment(port)))
        kinds = {
            "a first check-in": (door.first, door.bare_first),
            "a duplicate": (door.duplicate, door.bare_duplicate),
            "nobody registered": (door.not_registered, door.bare_not_registered),
        }
        subjects = dict(_subjects(kinds))
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
        for kind in kinds
    ]


def _subjects(
    kinds: dict[str, tuple[Callable[[], float], Callable[[], float]]],
) -> Iterator[tuple[str, Callable[[], float]]]:
    for kind, (ours, bare) in kinds.items():
        yield kind, ours
        yield f"{kind}, bare", bare


def _cpu(values: Iterator[T], call: Callable[[T], object]) -> float:
    return cpu_ms(lambda: call(next(values)), _TIMES)
