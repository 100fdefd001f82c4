"""Connections and the mails that wait for them; and the pause, with a clock set by hand."""

from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from delivery_fakes import FakeConnection, FakeServer, address

from chalicelib.confirmation.connections import Connections
from chalicelib.confirmation.replies import Halted, Rejected, Throttled


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


def refused() -> None:
    raise Halted("no connection: 535")


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def three(server: FakeServer) -> list[FakeConnection]:
    return [FakeConnection(server) for _ in range(3)]


@pytest.fixture
def connections(three: list[FakeConnection], clock: Clock) -> Connections:
    return Connections(three, pause=clock.pause, clock=lambda: clock.now)


def slow_down(connections: Connections, clock: Clock) -> float:
    """How long the server's next wish for a pause is waited for."""
    connections.slow_down()
    connections.await_resumption(60)
    return clock.pauses[-1]


def open_all(connections: Connections) -> None:
    connections.begin(1)
    while connections.missing(connections.most):
        connections.open(1)


def test_none_is_opened_before_it_is_wanted(
    connections: Connections, three: list[FakeConnection]
) -> None:
    assert connections.most == 3
    assert connections.missing(2) == 2
    connections.begin(5)
    assert [connection.asked for connection in three] == [[], [], [5]]
    assert [connections.missing(wanted) for wanted in (1, 2, 9)] == [0, 1, 2]
    connections.open(4)
    assert [connection.asked for connection in three] == [[], [4], [5]]


def test_each_sends_one_mail_at_a_time(
    connections: Connections, three: list[FakeConnection], server: FakeServer
) -> None:
    together = threading.Barrier(3, timeout=10)

    def send(_: str) -> None:
        together.wait()

    server.on_send = send
    open_all(connections)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: connections.send(address(number), b"", 9), range(3)))
    assert [len(connection.allowed) for connection in three] == [1, 1, 1]


def test_the_one_that_was_used_last_sends_the_next(
    connections: Connections, three: list[FakeConnection]
) -> None:
    open_all(connections)
    for number in range(3):
        connections.send(address(number), b"", 9)
    assert sorted(len(connection.allowed) for connection in three) == [0, 0, 3]


def test_a_round_begins_with_the_one_that_is_open(
    connections: Connections, three: list[FakeConnection]
) -> None:
    for _ in range(3):
        connections.begin(5)
    assert [connection.asked for connection in three] == [[], [], [5, 5, 5]]


def test_where_none_is_free_within_half_of_its_time_a_mail_is_not_sent(
    connections: Connections, three: list[FakeConnection]
) -> None:
    with pytest.raises(Halted, match="no connection is free"):
        connections.send(address(1), b"", 0.5)
    assert [connection.allowed for connection in three] == [[], [], []]


def test_one_that_is_in_use_is_waited_for(connections: Connections, server: FakeServer) -> None:
    begun, over = threading.Event(), threading.Event()

    def send(recipient: str) -> None:
        if recipient == address(1):
            begun.set()
            assert over.wait(10)

    server.on_send = send
    connections.begin(1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(connections.send, address(1), b"", 20)
        assert begun.wait(10)
        second = pool.submit(connections.send, address(2), b"", 20)
        over.set()
        first.result()
        second.result()
    assert server.mailed == [address(1), address(2)]


def test_one_that_cannot_be_had_again_leaves_its_mail_to_another(
    connections: Connections, three: list[FakeConnection], server: FakeServer
) -> None:
    open_all(connections)
    for connection in three[:2]:
        connection.on_ready = refused
    for number in range(3):
        connections.send(address(number), b"", 9)
    assert [len(connection.allowed) for connection in three] == [0, 0, 3]
    assert connections.missing(3) == 2


def test_where_none_can_be_had_again_the_mail_is_not_sent(
    connections: Connections, three: list[FakeConnection]
) -> None:
    open_all(connections)
    for connection in three:
        connection.on_ready = refused
    with pytest.raises(Halted, match="535"):
        connections.send(address(1), b"", 9)
    assert connections.missing(3) == 3
    with pytest.raises(Halted, match="535"):
        connections.begin(5)


def test_those_that_wait_hear_at_once_that_none_can_be_had_again(
    connections: Connections, three: list[FakeConnection]
) -> None:
    connections.begin(1)
    asked, waiting = threading.Event(), threading.Event()

    def refuse_later() -> None:
        asked.set()
        assert waiting.wait(10)
        raise Throttled("no connection: 421")

    three[-1].on_ready = refuse_later
    with ThreadPoolExecutor(4) as pool:
        mails = [pool.submit(connections.send, address(0), b"", 600)]
        assert asked.wait(10)
        mails += [pool.submit(connections.send, address(number), b"", 600) for number in (1, 2, 3)]
        waiting.set()
        errors = [mail.exception(10) for mail in mails]
    assert [repr(error) for error in errors] == ["Throttled('no connection: 421')"] * 4
    assert len({id(error) for error in errors}) == 4


def test_a_mail_whose_time_went_on_a_connection_is_not_sent(
    connections: Connections, three: list[FakeConnection], clock: Clock
) -> None:
    def slow() -> None:
        clock.now += 9

    connections.begin(1)
    three[-1].on_ready = slow
    with pytest.raises(Halted, match="no time left"):
        connections.send(address(1), b"", 9)
    with pytest.raises(Halted, match="no time left"):
        connections.send(address(1), b"", 9.25)
    connections.send(address(2), b"", 9.5)
    assert three[-1].allowed == [0.5]


def test_a_mail_whose_time_is_over_hears_of_the_pause_all_the_same(
    connections: Connections, three: list[FakeConnection], server: FakeServer, clock: Clock
) -> None:
    def refuse_when_others_are_throttled() -> None:
        with pytest.raises(Throttled):
            connections.send(address(2), b"", 9)
        clock.now += 9
        raise Halted("no connection: TimeoutError")

    connections.begin(1)
    connections.open(1)
    server.errors[address(2)] = [Throttled("the server asks for a pause: 454")]
    three[-2].on_ready = refuse_when_others_are_throttled  # opened last, and so taken first
    with pytest.raises(Throttled, match="454"):
        connections.send(address(1), b"", 9)


def test_a_mail_whose_time_is_over_tries_no_further_connection(
    connections: Connections, three: list[FakeConnection], clock: Clock
) -> None:
    def refuse_slowly() -> None:
        clock.now += 8.75
        raise Halted("no connection: TimeoutError")

    open_all(connections)
    for connection in three:
        connection.on_ready = refuse_slowly
        connection.asked.clear()
    with pytest.raises(Halted, match="no time left"):
        connections.send(address(1), b"", 9)
    assert sorted(connection.asked for connection in three) == [[], [], [9]]


def test_a_mail_whose_time_went_on_one_connection_does_not_wait_for_another(
    connections: Connections, three: list[FakeConnection], server: FakeServer, clock: Clock
) -> None:
    begun, over = threading.Event(), threading.Event()

    def refuse_slowly() -> None:
        clock.now += 600
        raise Halted("no connection: TimeoutError")

    def send(_: str) -> None:
        begun.set()
        assert over.wait(10)

    connections.begin(1)
    connections.open(1)
    server.on_send = send
    three[-1].on_ready = refuse_slowly
    with ThreadPoolExecutor(2) as pool:
        # The one that was opened last is taken first.
        first = pool.submit(connections.send, address(1), b"", 600)
        assert begun.wait(10)
        second = pool.submit(connections.send, address(2), b"", 600)
        error = second.exception(10)
        over.set()
        first.result()
    assert repr(error) == "Halted('no time left for an attempt')"


def test_a_fault_is_kept_without_the_mail_that_met_it(
    connections: Connections, server: FakeServer
) -> None:
    connections.begin(1)
    fault = Throttled("the server asks for a pause: 454")
    server.errors[address(1)] = [fault]
    with pytest.raises(Throttled) as first:
        connections.send(address(1), b"", 9)
    with pytest.raises(Throttled) as second:
        connections.send(address(2), b"", 9)
    assert first.value is fault
    frames = traceback.walk_tb(second.value.__traceback__)
    assert address(1) not in [frame.f_locals.get("recipient") for frame, _ in frames]


def test_a_mail_that_fails_leaves_its_connection_to_the_next(
    connections: Connections, server: FakeServer
) -> None:
    connections.begin(1)
    server.errors[address(1)] = [Rejected("recipient refused: 550")] * 4
    for _ in range(4):
        with pytest.raises(Rejected):
            connections.send(address(1), b"", 9)


def test_after_a_fault_of_our_own_nothing_more_is_sent_until_the_next_round(
    connections: Connections, server: FakeServer
) -> None:
    connections.begin(1)
    server.errors[address(1)] = [Throttled("the server asks for a pause: 454")]
    for number in (1, 2):
        with pytest.raises(Throttled, match="454"):
            connections.send(address(number), b"", 9)
    assert server.tried == [address(1)]
    connections.begin(1)
    connections.send(address(2), b"", 9)
    assert server.mailed == [address(2)]


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
