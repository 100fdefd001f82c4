"""Operators: "Control which events Lambda sends to your function", filter rule syntax

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and, for DynamoDB,
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.mapping.filters import compile_pattern

RECORD: dict[str, Any] = {
    "eventName": "INSERT",
    "dynamodb": {
        "Keys": {"attendee_id": {"S": "Alice"}},
        "NewImage": {
            "attendee_id": {"S": "Alice"},
            "place": {"N": "300"},
            "left": {"NULL": True},
            "nickname": {"S": ""},
            "photo": {"S": "alice.png"},
            "groups": {"L": [{"S": "Sales"}, {"S": "Support"}]},
            "tags": {"SS": ["red", "green"]},
            "a.b": {"S": "dotted"},
        },
        "SizeBytes": 300,
        "StreamViewType": None,
    },
}


def matches(pattern: dict[str, Any]) -> bool:
    return compile_pattern(json.dumps(pattern))(RECORD)


def in_image(rule: dict[str, Any]) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": rule}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # Equals: exact, without case-folding
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["insert"]}, False),
        # Or, within a field
        ({"eventName": ["REMOVE", "INSERT"]}, True),
        ({"eventName": ["REMOVE", "MODIFY"]}, False),
        # And, over fields
        ({"eventName": ["INSERT"], **in_image({"place": {"N": ["300"]}})}, True),
        ({"eventName": ["INSERT"], **in_image({"place": {"N": ["301"]}})}, False),
        # Or, over fields
        ({"$or": [{"eventName": ["REMOVE"]}, in_image({"place": {"N": ["300"]}})]}, True),
        ({"$or": [{"eventName": ["REMOVE"]}, in_image({"place": {"N": ["301"]}})]}, False),
        # Null, and empty
        ({"dynamodb": {"StreamViewType": [None]}}, True),
        ({"eventName": [None]}, False),
        (in_image({"nickname": {"S": [""]}}), True),
        (in_image({"photo": {"S": [""]}}), False),
        # Booleans are no numbers
        (in_image({"left": {"NULL": [True]}}), True),
        (in_image({"left": {"NULL": [1]}}), False),
        # Numbers are compared as they are written
        ({"dynamodb": {"SizeBytes": [300]}}, True),
        ({"dynamodb": {"SizeBytes": [300.0]}}, False),
        ({"dynamodb": {"SizeBytes": ["300"]}}, False),
        (in_image({"place": {"N": [300]}}), False),
        # Equals (ignore case)
        ({"eventName": [{"equals-ignore-case": "insert"}]}, True),
        ({"eventName": [{"equals-ignore-case": "inserted"}]}, False),
        # Not
        ({"eventName": [{"anything-but": ["REMOVE"]}]}, True),
        ({"eventName": [{"anything-but": ["REMOVE", "INSERT"]}]}, False),
        ({"eventName": [{"anything-but": "INSERT"}]}, False),
        ({"dynamodb": {"SizeBytes": [{"anything-but": [300]}]}}, False),
        ({"missing": [{"anything-but": ["REMOVE"]}]}, False),
        # Begins with, ends with
        ({"eventName": [{"prefix": "INS"}]}, True),
        ({"eventName": [{"prefix": "NS"}]}, False),
        (in_image({"photo": {"S": [{"suffix": ".png"}]}}), True),
        (in_image({"photo": {"S": [{"suffix": ".gif"}]}}), False),
        # Exists, on leaf nodes only
        (in_image({"photo": {"S": [{"exists": True}]}}), True),
        (in_image({"photo": {"S": [{"exists": False}]}}), False),
        (in_image({"email": {"S": [{"exists": True}]}}), False),
        (in_image({"email": {"S": [{"exists": False}]}}), True),
        (in_image({"photo": [{"exists": True}]}), False),
        ({"dynamodb": {"OldImage": {"email": {"S": [{"exists": False}]}}}}, True),
        # Lists: one element is enough (with-ddb-filtering.html, "Using the Exists operator")
        (in_image({"groups": {"L": {"S": [{"exists": True}]}}}), True),
        (in_image({"groups": {"L": {"S": ["Support"]}}}), True),
        (in_image({"groups": {"L": {"S": ["Marketing"]}}}), False),
        (in_image({"tags": {"SS": ["green"]}}), True),
        (in_image({"tags": {"SS": ["blue"]}}), False),
        # A dot in an attribute's name is no path
        (in_image({"a.b": {"S": ["dotted"]}}), True),
        ({"dynamodb.NewImage.place.N": ["300"]}, False),
    ],
    ids=str,
)
def test_an_operator_matches_as_documented(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern) is expected


def test_300_and_300_0_and_3_0e2_are_not_considered_equal() -> None:
    assert not compile_pattern('{"dynamodb": {"SizeBytes": [3.0e2]}}')(RECORD)


@pytest.mark.parametrize(
    "pattern",
    [
        "INSERT",
        "[]",
        "{}",
        '{"eventName": []}',
        '{"eventName": "INSERT"}',
        '{"eventName": [["INSERT"]]}',
        '{"eventName": {}}',
        '{"$or": [{"eventName": ["INSERT"]}]}',
        '{"$or": {"eventName": ["INSERT"]}}',
        '{"eventName": [{"wildcard": "I*"}]}',
        '{"eventName": [{"anything-but": {"prefix": "I"}}]}',
        '{"eventName": [{"anything-but": []}]}',
        '{"eventName": [{"exists": "yes"}]}',
        '{"eventName": [{"prefix": 1}]}',
        '{"eventName": [{"prefix": "I", "suffix": "T"}]}',
    ],
)
def test_a_pattern_that_lambda_does_not_document_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="filter pattern"):
        compile_pattern(pattern)


def test_numeric_is_refused_since_dynamodb_numbers_are_strings() -> None:
    with pytest.raises(ValueError, match="whose numbers are strings"):
        compile_pattern('{"dynamodb": {"NewImage": {"place": {"N": [{"numeric": ["=", 300]}]}}}}')
