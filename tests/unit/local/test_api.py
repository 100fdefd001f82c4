"""What local/api.py mends of Chalice's server: here, what no answer shows."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

from local import api
from local.loopback import HOST


class Handler(ChaliceRequestHandler):
    """Mended in the place of Chalice's own, which other tests may use."""


class Server(ThreadedHTTPServer):
    pass


@pytest.fixture
def connections() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the client's end of one TCP connection."""
    with (
        closing(socket.create_server((HOST, 0))) as listener,
        closing(socket.create_connection(listener.getsockname())) as client,
        closing(listener.accept()[0]) as server,
    ):
        yield server, client


def test_tcp_holds_no_body_back_until_the_head_is_acknowledged(
    connections: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "ChaliceRequestHandler", Handler)
    monkeypatch.setattr(api, "ThreadedHTTPServer", Server)
    api.mend()
    server, client = connections
    client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    app = Chalice("any")
    Handler(server, client.getsockname(), Server, app_object=app, config=Config())  # type: ignore[arg-type]  # as LocalDevServer calls it
    assert client.recv(65_536).startswith(b"HTTP/1.1 403 ")  # no such route: it was answered
    assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
