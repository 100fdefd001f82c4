"""Starts and stops both servers of the inbox together."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from local.inbox.mailbox import Mailbox
from local.inbox.smtp import serve_smtp
from local.inbox.web import create_app


class Inbox:
    """An SMTP server and a web inbox over the mails in `directory`, in threads of this process.

    Port 0 takes a free one; once started, `smtp_port` and `web_port` say which.
    """

    def __init__(
        self, directory: Path, *, smtp_port: int, web_port: int, host: str = "127.0.0.1"
    ) -> None:
        self.directory = directory
        self.smtp_port = smtp_port
        self.web_port = web_port
        self.host = host
        self._running = ExitStack()

    def start(self) -> None:
        """Raises OSError if a port is in use (the text names it) or the directory fails."""
        with ExitStack() as stack:
            smtp = stack.enter_context(_listener("inbox SMTP", self.host, self.smtp_port))
            web = stack.enter_context(_listener("web inbox", self.host, self.web_port))
            mailbox = Mailbox(self.directory)
            self.smtp_port = smtp.getsockname()[1]
            self.web_port = web.getsockname()[1]
            stack.enter_context(serve_smtp(smtp, mailbox))
            stack.enter_context(_serve_web(web, create_app(mailbox, self.host)))
            self._running = stack.pop_all()

    def stop(self) -> None:
        """Close every connection at once; a mail that was not acknowledged is lost."""
        self._running.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listener(name: str, host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise OSError(error.errno, f"{name}, {host} port {port}: {reason}") from error


@contextmanager
def _serve_web(listener: socket.socket, app: Flask) -> Iterator[None]:
    host, port = listener.getsockname()
    server = make_server(
        host, port, app, threaded=True, request_handler=_RequestHandler, fd=listener.fileno()
    )
    thread = Thread(target=server.serve_forever, args=(0.05,), name="inbox-web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _RequestHandler(WSGIRequestHandler):
    # One request for each connection, so that no browser's connection outlives stop().
    protocol_version = "HTTP/1.0"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """No log: the page asks every two seconds. Errors go to Flask's log."""
