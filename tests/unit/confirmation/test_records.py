"""Stream records as they come, and as they should never come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.confirmation.records import Record, moment, new_records, text

KEYS = {"attendee_id": {"S": "a" * 64}, "event_code": {"S": "0211ABC"}}
IMAGE = {**KEYS, "email": {"S": "hana@example.com"}, "checked_at": {"N": "1770804000"}}


def record(event_name: object = "INSERT", **change: Any) -> dict[str, Any]:
    """As the API reference and Lambda's sample event show it."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/check-ins/stream/x",
        "dynamodb": {
            "ApproximateCreationDateTime": 1770804000,
            "Keys": KEYS,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
            **change,
        },
    }


def read(*records: object) -> list[Record]:
    return list(new_records({"Records": list(records)}))


@pytest.mark.parametrize(
    ("view_type", "images", "expected"),
    [
        ("NEW_IMAGE", {"NewImage": IMAGE}, IMAGE),
        ("NEW_AND_OLD_IMAGES", {"NewImage": IMAGE}, IMAGE),
        ("KEYS_ONLY", {}, None),
        ("OLD_IMAGE", {}, None),
    ],
)
def test_each_view_type_results_in_its_keys_and_image(
    view_type: str, images: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    assert read(record(StreamViewType=view_type, **images)) == [
        Record("4421584500000000017450439091", KEYS, expected)
    ]


@pytest.mark.parametrize("event_name", ["MODIFY", "REMOVE", "insert", None, ["INSERT"]])
def test_only_an_insert_is_a_new_record(event_name: object) -> None:
    assert read(record(event_name, NewImage=IMAGE)) == []


ODD: list[object] = [None, "INSERT", 7, True, [], ["x"], {}]


@pytest.mark.parametrize("odd", [*ODD, {"eventName": "INSERT"}, {"dynamodb": {"Keys": KEYS}}])
def test_a_malformed_record_affects_only_itself(odd: object) -> None:
    fine = record(NewImage=IMAGE)
    assert read(fine, odd, fine) == read(fine, fine)
    assert len(read(fine)) == 1


@pytest.mark.parametrize("odd", [each for each in ODD if not isinstance(each, dict)])
def test_values_that_are_not_objects_are_left_out(odd: object) -> None:
    assert read(record() | {"dynamodb": odd}) == []
    number = "4421584500000000017450439091"
    assert read(record(NewImage=odd)) == [Record(number, KEYS, None)]
    assert read(record(Keys=odd)) == [Record(number, {}, None)]


@pytest.mark.parametrize("odd", [None, 42, 4.2, ["1"], {"S": "1"}, ""])
def test_without_a_sequence_number_a_record_stands_for_its_whole_batch(odd: object) -> None:
    assert [item.sequence_number for item in read(record(SequenceNumber=odd))] == [""]


@pytest.mark.parametrize("event", [{}, *({"Records": odd} for odd in [None, "x", 7, {"a": 1}])])
def test_an_event_without_records_has_none(event: dict[str, Any]) -> None:
    assert list(new_records(event)) == []


NO_TEXT: list[object] = [
    {"S": " \t\n"},
    {"S": None},
    {"S": ["hana"]},
    {"NULL": True},
    {"SS": ["hana"]},
    {},
    ["S"],
    "hana",
    None,
]


def test_text_is_a_string_without_the_white_space_around_it() -> None:
    assert text({"name": {"S": "김하나"}}, "name") == "김하나"
    assert text({"name": {"S": " \u3000Hana  Kim\n"}}, "name") == "Hana  Kim"


@pytest.mark.parametrize("value", NO_TEXT)
def test_anything_but_a_string_is_not_text(value: object) -> None:
    assert text({"name": value}, "name") is None


SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"N": "1770804000"}, datetime(2026, 2, 11, 10, tzinfo=UTC)),
        ({"N": "1770804000.5"}, datetime(2026, 2, 11, 10, 0, 0, 500_000, tzinfo=UTC)),
        ({"S": "2026-02-11T19:00:00"}, datetime(2026, 2, 11, 19)),  # noqa: DTZ001  -- as written
        ({"S": "2026-02-11 19:00:00.25"}, datetime(2026, 2, 11, 19, 0, 0, 250_000)),  # noqa: DTZ001
        ({"S": "2026-02-11T19:00:00+09:00"}, datetime(2026, 2, 11, 19, tzinfo=SEOUL)),
        ({"S": "2026-02-11T10:00:00Z"}, datetime(2026, 2, 11, 10, tzinfo=UTC)),
        ({"S": " 2026-02-11T10:00:00Z\n"}, datetime(2026, 2, 11, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_from_a_number_and_from_text(value: object, expected: datetime) -> None:
    read = moment({"checked_at": value}, "checked_at")
    assert read == expected
    assert (read.tzinfo is None) == (expected.tzinfo is None)


@pytest.mark.parametrize(
    "value",
    [
        *NO_TEXT,
        {"S": "1770804000 seconds"},
        {"S": "yesterday"},
        {"S": "2026-02-30T00:00:00"},
        {"N": "soon"},
        {"N": "nan"},
        {"N": "1e300"},
        {"N": "9" * 400},
        {"N": None},
        {"N": ["1770804000"]},
    ],
)
def test_an_invalid_time_is_none(value: object) -> None:
    assert moment({"checked_at": value}, "checked_at") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
VALUE = JSON | st.dictionaries(st.sampled_from(["S", "N", "NULL", "M", "SS"]), JSON, max_size=2)
CHANGE = st.fixed_dictionaries(
    {}, optional={"Keys": JSON, "NewImage": JSON, "SequenceNumber": JSON, "StreamViewType": JSON}
)
RECORD = JSON | st.fixed_dictionaries(
    {}, optional={"eventName": st.just("INSERT") | JSON, "dynamodb": CHANGE | JSON}
)
EVENT = st.dictionaries(st.text(), JSON) | st.fixed_dictionaries(
    {"Records": st.lists(RECORD, max_size=4) | JSON}
)


@settings(derandomize=True, deadline=None, database=None)
@given(EVENT)
def test_no_event_makes_the_reader_raise(event: dict[str, Any]) -> None:
    for item in new_records(event):
        assert isinstance(item.sequence_number, str)
        assert isinstance(item.keys, dict)
        assert item.image is None or isinstance(item.image, dict)


@settings(derandomize=True, deadline=None, database=None)
@given(VALUE)
def test_no_attribute_makes_the_reader_raise(value: object) -> None:
    found = text({"name": value}, "name")
    assert found is None or found.strip()
    moment({"name": value}, "name")


@pytest.mark.parametrize(
    "keys",
    [
        {"attendee_id": {"S": "a"}},
        {**KEYS, "phone": {"S": "a"}},
        {"phone": {"S": "010-0000-0001"}},
        KEYS | {"event_code": {"M": {}}},
        KEYS | {"event_code": {"S": 5}},
        KEYS | {"event_code": {"S": ""}},
        KEYS | {"event_code": "0211ABC"},
        KEYS | {"attendee_id": {"S": "a", "N": "1"}},
        {1: {"S": "a"}},
    ],
)
def test_only_the_keys_of_a_check_in_are_keys(keys: object) -> None:
    [found] = read(record(Keys=keys))
    assert found.keys == {}
    assert not found.may_be_owed


@pytest.mark.parametrize(
    ("keys", "image", "owed"),
    [
        (KEYS, None, True),
        ({}, None, False),
        *((KEYS, {"delivery": {"S": state}}, True) for state in ("due", "sending", "unclear")),
        *((KEYS, {"delivery": {"S": state}}, False) for state in ("sent", "failed", "no_address")),
        (KEYS, {"email": {"S": "hana@example.com"}, "delivery": 5}, False),
        ({}, {"delivery": {"S": "due"}}, False),  # the sweep finds it
        ({}, {"email": {"S": "hana@example.com"}}, True),  # another table's
        ({}, {"email": {"S": " "}}, False),
    ],
)
def test_a_record_alone_tells_whether_a_mail_may_be_owed(keys: Any, image: Any, owed: bool) -> None:
    assert Record("1", keys, image).may_be_owed is owed
