"""Which mails a replay takes up, and how often it tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.confirmation.records import Image
from operations.replay import Record, Replay

NOW = datetime(2026, 2, 11, 10, 0, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())


def keys(name: str) -> Image:
    return {"attendee_id": {"S": name}}


class Items:
    """The table: each name's attributes."""

    def __init__(self, **items: dict[str, str | int] | None) -> None:
        self.items = items

    def image(self, keys: Image) -> Image | None:
        item = self.items[keys["attendee_id"]["S"]]
        if item is None:
            return None
        item = {"email": "hana@example.com", "check_in_id": "7F3K", **item}
        return {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in item.items()
        }


class Post:
    """Keeps the batches it is given; `returns` says of each record whether it comes again."""

    def __init__(self, returns: Callable[[int, str], bool] = lambda *_: False) -> None:
        self.batches: list[list[str]] = []
        self._returns = returns

    def deliver(
        self, event: Mapping[str, Any], time_left: Callable[[], float]
    ) -> dict[str, list[dict[str, str]]]:
        assert time_left() >= 60  # a mail whose replies are slow is begun too
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        self.batches.append(numbers)
        call = len(self.batches)
        again = [number for number in numbers if self._returns(call, number)]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in again]}

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


@pytest.mark.parametrize(
    ("item", "standing"),
    [
        ({"delivery": "due", "due_at": NOW_SECONDS}, "owed"),
        ({"delivery": "due", "due_at": NOW_SECONDS + 3600}, "owed"),  # put off, by the sweep alone
        ({"delivery": "sending", "due_at": NOW_SECONDS}, "owed"),
        ({"delivery": "sending", "due_at": NOW_SECONDS + 1}, "in hand"),
        ({"delivery": "unclear", "due_at": NOW_SECONDS}, "owed"),
        ({"delivery": "unclear", "due_at": NOW_SECONDS + 1}, "in hand"),
        ({"delivery": "unclear"}, "unclear"),
        ({"delivery": "sent"}, "mailed"),
        ({"delivery": "failed"}, "failed"),
        ({"delivery": "no_address", "email": ""}, "nothing to mail"),
        ({}, "nothing to mail"),  # not Rollcall's own: nothing says that it is owed
        (None, "nothing to mail"),
    ],
)
def test_the_item_says_whether_the_mail_is_owed(
    item: dict[str, str | int] | None, standing: str
) -> None:
    items = Items(hana=item)
    replay = Replay(items, lambda: NOW)
    records = list(replay.owed([keys("hana")]))
    assert replay.before == {standing: 1}
    if standing == "owed":
        [record] = records
        assert record["eventName"] == "INSERT"
        assert record["dynamodb"]["Keys"] == keys("hana")
        assert "NewImage" not in record["dynamodb"]  # its item says what is mailed
        assert record["dynamodb"]["SequenceNumber"] == "7F3K"  # how the log names it
    else:
        assert records == []


def test_a_check_in_that_the_stream_tells_of_twice_counts_once() -> None:
    replay = Replay(Items(hana={"delivery": "due"}), lambda: NOW)
    assert len(list(replay.owed([keys("hana"), keys("hana")]))) == 1
    assert replay.before == {"owed": 1}


def test_a_review_says_how_the_owed_stand_now() -> None:
    items = Items(hana={"delivery": "due"}, duri={"delivery": "due"})
    replay = Replay(items, lambda: NOW)
    records = list(replay.owed([keys("hana"), keys("duri")]))
    items.items["hana"] = {"delivery": "sent"}
    replay.review(records)
    assert replay.after == {"mailed": 1, "owed": 1}


def owed(count: int) -> list[Record]:
    return [{"dynamodb": {"SequenceNumber": str(number)}} for number in range(count)]


def mail(post: Post, count: int) -> list[str]:
    """The numbers of those that need not come again."""
    done = Replay(Items(), lambda: NOW).mail(owed(count), post)
    return [record["dynamodb"]["SequenceNumber"] for record in done]


def test_mails_go_out_in_batches() -> None:
    post = Post()
    assert mail(post, 250) == [str(number) for number in range(250)]
    assert post.sizes == [100, 100, 50]


def test_what_comes_back_is_tried_again_after_all_the_others() -> None:
    post = Post(lambda call, number: call <= 2 and number in ("7", "8"))
    done = mail(post, 150)
    assert post.sizes == [100, 52, 2]
    assert done[-2:] == ["7", "8"]
    assert len(done) == 150


def test_what_comes_back_each_time_is_left_to_the_sweep() -> None:
    post = Post(lambda _, number: number == "7")
    done = mail(post, 150)
    assert "7" not in done
    assert len(done) == 149
    assert post.sizes == [100, 51, 1, 1, 1]


def test_where_whole_batches_come_back_the_others_are_spared() -> None:
    """A wrong password is tried three times, not once for each hundred."""
    post = Post(lambda *_: True)
    assert mail(post, 1000) == []
    assert post.sizes == [100, 100, 100]


def test_a_server_that_asks_for_pauses_gets_all_the_mails_in_the_end() -> None:
    post = Post(lambda call, _: call % 3 != 0)
    assert sorted(map(int, mail(post, 500))) == list(range(500))
    assert post.sizes == [100] * 15
