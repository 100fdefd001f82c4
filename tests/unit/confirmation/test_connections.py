"""Connections lent to workers, and the pause that the server asks for, with a clock set by hand."""

from __future__ import annotations

import threading

import pytest
from delivery_fakes import FakeConnection, FakeServer

from chalicelib.confirmation.connections import Connection, Connections
from chalicelib.confirmation.replies import Halted


class Clock:
    """Seconds; a pause lets them pass."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def three() -> list[FakeConnection]:
    server = FakeServer()
    return [FakeConnection(server) for _ in range(3)]


@pytest.fixture
def connections(three: list[FakeConnection], clock: Clock) -> Connections:
    return Connections(three, pause=clock.pause, clock=lambda: clock.now)


def slow_down(connections: Connections, clock: Clock) -> float:
    """How long the server's next wish for a pause is waited for."""
    connections.slow_down()
    connections.await_resumption(60)
    return clock.pauses[-1]


def test_each_is_lent_to_one_at_a_time(
    connections: Connections, three: list[FakeConnection]
) -> None:
    assert connections.most == 3
    with connections.lend(0) as first, connections.lend(0) as second, connections.lend(0) as third:
        assert {id(each) for each in (first, second, third)} == {id(each) for each in three}


def test_the_one_that_was_used_last_is_lent_first(connections: Connections) -> None:
    with connections.lend(0) as first, connections.lend(0) as second:
        pass
    assert first is not second
    with connections.lend(0) as again:
        assert again is first  # the outer one came back last
    with connections.lend(0) as again:
        assert again is first


def test_where_none_is_free_the_borrower_is_told(connections: Connections) -> None:
    with connections.lend(0), connections.lend(0), connections.lend(0):
        for seconds in (0, -1, 0.01):
            with pytest.raises(Halted, match="no connection is free"), connections.lend(seconds):
                pytest.fail("lent a fourth one")


def test_one_that_is_in_use_is_waited_for(connections: Connections) -> None:
    lent: list[Connection] = []

    def borrow() -> None:
        with connections.lend(10) as connection:
            lent.append(connection)

    with connections.lend(0), connections.lend(0):
        with connections.lend(0) as last:
            waiting = threading.Thread(target=borrow)
            waiting.start()
            assert lent == []
        waiting.join(10)
        assert lent == [last]


def test_one_comes_back_though_its_worker_failed(connections: Connections) -> None:
    for _ in range(4):
        with pytest.raises(Halted, match="535"), connections.lend(0):
            raise Halted("no connection: 535")


def test_unless_the_server_has_asked_for_a_pause_there_is_none(
    connections: Connections, clock: Clock
) -> None:
    connections.await_resumption(0)
    assert clock.pauses == []


def test_the_pause_doubles_up_to_thirty_seconds(connections: Connections, clock: Clock) -> None:
    waited = [slow_down(connections, clock) for _ in range(20)]
    assert waited == [0.5, 1, 2, 4, 8, 16, *[30] * 14]


def test_a_mail_that_goes_out_makes_the_next_pause_short_again(
    connections: Connections, clock: Clock
) -> None:
    for _ in range(4):
        slow_down(connections, clock)
    connections.recover()
    assert [slow_down(connections, clock) for _ in range(2)] == [0.5, 1]


def test_only_what_is_left_of_the_pause_is_waited_for(
    connections: Connections, clock: Clock
) -> None:
    connections.slow_down()
    clock.now += 0.3
    connections.await_resumption(60)
    assert clock.pauses == [pytest.approx(0.2)]
    connections.await_resumption(60)
    assert len(clock.pauses) == 1


def test_a_pause_that_takes_longer_than_there_is_time_is_not_waited_for(
    connections: Connections, clock: Clock
) -> None:
    connections.slow_down()
    with pytest.raises(Halted, match="asked for a pause"):
        connections.await_resumption(0.4)
    assert clock.pauses == []
    connections.await_resumption(0.5)
    assert clock.pauses == [0.5]
