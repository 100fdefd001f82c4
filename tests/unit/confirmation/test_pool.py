"""Connections and the mails that wait for them, with a clock set by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from mailing import FakeConnection, FakeServer, address

from chalicelib.confirmation.composer import Message
from chalicelib.confirmation.pool import ConnectionPool, Pause
from chalicelib.confirmation.replies import Halted, Rejected, Throttled

PATIENCE = 120  # seconds, for threads to meet on a busy machine


class Clock:
    """Seconds; a pause lets them pass."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def three(server: FakeServer) -> list[FakeConnection]:
    return [FakeConnection(server) for _ in range(3)]


@pytest.fixture
def pool(three: list[FakeConnection], clock: Clock) -> ConnectionPool:
    return ConnectionPool(three, clock=clock)


def mail(number: int) -> Message:
    return Message(address(number), b"")


def refuse(error: Halted) -> Callable[[], None]:
    def refused() -> None:
        raise error

    return refused


def test_a_connection_is_opened_when_it_is_needed(
    pool: ConnectionPool, three: list[FakeConnection], server: FakeServer
) -> None:
    pool.begin(5)
    assert [connection.asked for connection in three] == [[], [], [5]]
    pool.send(mail(1), 9)
    assert [len(connection.allowed) for connection in three] == [0, 0, 1]
    together = threading.Barrier(3, timeout=PATIENCE)
    server.on_send = lambda _: together.wait()
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda number: pool.send(mail(number), 9), range(3)))
    assert [len(connection.allowed) for connection in three] == [1, 1, 2]


def test_a_connection_that_is_in_use_is_waited_for(clock: Clock, server: FakeServer) -> None:
    pool = ConnectionPool([FakeConnection(server)], clock=clock)
    begun, over = threading.Event(), threading.Event()

    def send(recipient: str) -> None:
        if recipient == address(1):
            begun.set()
            assert over.wait(PATIENCE)

    server.on_send = send
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.send, mail(1), 600)
        assert begun.wait(PATIENCE)
        second = threads.submit(pool.send, mail(2), 600)
        with pytest.raises(Halted, match="no connection is free"):
            pool.send(mail(3), 0.5)
        over.set()
        first.result()
        second.result()
    assert server.mailed == [address(1), address(2)]


def test_a_mail_uses_another_connection_if_one_cannot_be_opened(
    pool: ConnectionPool, three: list[FakeConnection], server: FakeServer
) -> None:
    for connection in three[1:]:
        connection.on_ready = refuse(Halted("no connection: 535"))
    for number in range(3):
        pool.send(mail(number), 9)
    assert [len(connection.allowed) for connection in three] == [3, 0, 0]
    assert [len(connection.asked) for connection in three] == [3, 1, 1]


def test_all_waiting_threads_fail_if_no_connection_can_be_opened(
    clock: Clock, server: FakeServer
) -> None:
    connection = FakeConnection(server)
    pool = ConnectionPool([connection], clock=clock)
    asked, waiting = threading.Event(), threading.Event()

    def refuse_later() -> None:
        asked.set()
        assert waiting.wait(PATIENCE)
        raise Throttled("no connection: 421")

    connection.on_ready = refuse_later
    with ThreadPoolExecutor(4) as threads:
        mails = [threads.submit(pool.send, mail(0), 600)]
        assert asked.wait(PATIENCE)
        mails += [threads.submit(pool.send, mail(number), 600) for number in (1, 2, 3)]
        waiting.set()
        errors = [each.exception(PATIENCE) for each in mails]
    assert [repr(error) for error in errors] == ["Throttled('no connection: 421')"] * 4
    connection.on_ready = lambda: None
    pool.begin(5)
    pool.send(mail(1), 9)
    assert server.mailed == [address(1)]


def test_after_a_fault_of_our_own_nothing_more_is_sent_until_the_next_begin(
    pool: ConnectionPool, server: FakeServer
) -> None:
    server.errors[address(1)] = [Throttled("the server asks for a pause: 454")]
    for number in (1, 2):
        with pytest.raises(Throttled, match="454"):
            pool.send(mail(number), 9)
    assert server.tried == [address(1)]
    pool.begin(1)
    pool.send(mail(2), 9)
    assert server.mailed == [address(2)]


def test_a_mail_that_fails_leaves_its_connection_to_the_next(
    pool: ConnectionPool, server: FakeServer
) -> None:
    server.errors[address(1)] = [Rejected("recipient refused: 550")] * 4
    for _ in range(4):
        with pytest.raises(Rejected):
            pool.send(mail(1), 9)


def test_a_mail_is_not_sent_if_connecting_used_up_its_time(
    pool: ConnectionPool, three: list[FakeConnection], clock: Clock
) -> None:
    def slowly() -> None:
        clock.now += 9

    three[-1].on_ready = slowly
    for seconds in (9, 9.25):
        with pytest.raises(Halted, match="no time left"):
            pool.send(mail(1), seconds)
    pool.send(mail(2), 9.5)
    assert three[-1].allowed == [0.5]


def test_a_mail_whose_time_is_over_tries_no_other_connection(
    pool: ConnectionPool, three: list[FakeConnection], clock: Clock
) -> None:
    def refuse_slowly() -> None:
        clock.now += 8.75
        raise Halted("no connection: TimeoutError")

    for connection in three:
        connection.on_ready = refuse_slowly
    with pytest.raises(Halted, match="no time left"):
        pool.send(mail(1), 9)
    assert [connection.asked for connection in three] == [[], [], [9]]


# The pause


@pytest.fixture
def pause(clock: Clock) -> Pause:
    return Pause(clock.pause, clock)


def test_the_pause_doubles_up_to_thirty_seconds_until_a_mail_goes_out(
    pause: Pause, clock: Clock
) -> None:
    pause.wait(0)
    for _ in range(9):
        pause.lengthen()
        pause.wait(60)
    pause.reset()
    pause.lengthen()
    pause.wait(60)
    assert clock.pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 0.5]


def test_only_what_is_left_of_the_pause_is_waited_for(pause: Pause, clock: Clock) -> None:
    pause.lengthen()
    clock.now += 0.3
    with pytest.raises(Halted, match="asked for a pause"):
        pause.wait(0.1)
    pause.wait(60)
    pause.wait(60)
    assert clock.pauses == [pytest.approx(0.2)]
