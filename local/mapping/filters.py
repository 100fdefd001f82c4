"""Filter criteria: which records reach the function.

The operators are those of "Control which events Lambda sends to your function"
(invocation-eventfiltering.html, table under "Filter rule syntax"): null, empty, equals,
equals-ignore-case, and, or, $or, anything-but, exists, prefix, suffix. What it does not list is
refused, since a filter that is misread loses records without a word. `numeric` is refused too:
"Using event filtering with a DynamoDB event source" (with-ddb-filtering.html) says that it does
not work on DynamoDB records, whose numbers are strings.

How lists are matched is not on those pages; it is EventBridge's rule, whose syntax Lambda shares
(github.com/aws/event-ruler, "JSON Array Matching"): one element that matches is enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Matcher = Callable[[object], bool]
_Rule = Callable[[list[object]], bool]  # over the leaves that lie at one place; [] where none is

_MOST_OBJECTS_IN_OR = 2


def compile_pattern(text: str) -> Matcher:
    """A test for records (in the function's JSON shape) from a `Pattern`'s text.

    Raises ValueError for what is no JSON object, or holds an operator that Lambda does not have.
    """
    try:
        # Decimal keeps the writing: "300, 300.0, and 3.0e2 are not considered equal".
        pattern = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise ValueError(f"filter pattern: not JSON: {error}") from error
    return _compile_fields(pattern)


def _compile_fields(pattern: object) -> Matcher:
    """All fields have to match ("And"); `$or` holds where one of its objects does."""
    if not isinstance(pattern, dict) or not pattern:
        raise ValueError(f"filter pattern: {pattern!r} is not an object with fields")
    return _all_of([_compile_field(name, rule) for name, rule in pattern.items()])


def _compile_field(name: str, rule: object) -> Matcher:
    if name == "$or":
        if not isinstance(rule, list) or len(rule) < _MOST_OBJECTS_IN_OR:
            raise ValueError("filter pattern: $or takes a list of at least two objects")
        return _any_of([_compile_fields(branch) for branch in rule])
    if isinstance(rule, dict):
        inner = _compile_fields(rule)
        return lambda node: any(inner(child) for child in _objects(_field(node, name)))
    if not isinstance(rule, list) or not rule:
        raise ValueError(f"filter pattern: {name!r} takes an object or a list with values")
    rules = [_compile_rule(each) for each in rule]
    return lambda node: any(holds(_leaves(_field(node, name))) for holds in rules)


def _compile_rule(rule: object) -> _Rule:
    if isinstance(rule, dict):
        if len(rule) != 1:
            raise ValueError(f"filter pattern: {rule!r} is not one operator")
        [(operator, operand)] = rule.items()
        return _compile_operator(operator, operand)
    if isinstance(rule, list):
        raise ValueError("filter pattern: a list within a list")
    return _some(lambda leaf: _same(leaf, rule))


def _compile_operator(operator: str, operand: Any) -> _Rule:
    match operator, operand:
        case "exists", bool():
            return lambda leaves: bool(leaves) is operand
        case "prefix", str():
            return _some(lambda leaf: isinstance(leaf, str) and leaf.startswith(operand))
        case "suffix", str():
            return _some(lambda leaf: isinstance(leaf, str) and leaf.endswith(operand))
        case "equals-ignore-case", str():
            folded = operand.casefold()
            return _some(lambda leaf: isinstance(leaf, str) and leaf.casefold() == folded)
        case "anything-but", (str() | Decimal()):
            return _some(lambda leaf: not _same(leaf, operand))
        case "anything-but", [_, *_] if all(isinstance(each, str | Decimal) for each in operand):
            return _some(lambda leaf: not any(_same(leaf, each) for each in operand))
        case "numeric", _:
            raise ValueError(
                "filter pattern: numeric does not work on a DynamoDB stream, whose numbers are"
                ' strings; write {"N": ["5"]}'
            )
        case _:
            raise ValueError(f"filter pattern: Lambda does not know {operator!r} with {operand!r}")


def _field(node: object, name: str) -> object:
    return node.get(name) if isinstance(node, Mapping) and name in node else []


def _objects(value: object) -> list[object]:
    """The objects to look into; an empty one where there is none, so that `exists: false` holds."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, Mapping)] or [{}]


def _leaves(value: object) -> list[object]:
    """ "Exists only works on leaf nodes": an object is none, a list stands for its elements."""
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [] if isinstance(value, Mapping) else [value]


def _same(leaf: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return (
            isinstance(leaf, int | float) and not isinstance(leaf, bool) and str(leaf) == str(value)
        )
    return type(leaf) is type(value) and leaf == value


def _some(holds: Matcher) -> _Rule:
    return lambda leaves: any(holds(leaf) for leaf in leaves)


def _all_of(matchers: list[Matcher]) -> Matcher:
    return lambda node: all(matches(node) for matches in matchers)


def _any_of(matchers: list[Matcher]) -> Matcher:
    return lambda node: any(matches(node) for matches in matchers)
