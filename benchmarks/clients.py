"""HTTP clients, as tablets at the door, in a process of their own: they share no GIL with us."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PATIENCE = 120  # seconds, for one answer


@dataclass(frozen=True, slots=True)
class Request:
    """`address` is a whole URL. With a `body`, which goes as JSON, it is a POST."""

    address: str
    body: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` from the first byte sent to the last one read; `at` in epoch seconds."""

    status: int
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many `clients`, each with one request after the other; their connections are `kept` open.

    They end when no request is left, or after `seconds`.
    """

    clients: int
    kept: bool = True
    seconds: float = 3600

    def play(self, requests: Iterable[Request]) -> list[Answer]:
        """The answers, in the requests' order, of those that were sent. Raises OSError."""
        left = enumerate(requests)
        end = time.monotonic() + self.seconds
        with ThreadPoolExecutor(self.clients) as threads:
            running = [threads.submit(self._client, left, end) for _ in range(self.clients)]
            answers = [each for client in running for each in client.result()]
        return [answer for _, answer in sorted(answers, key=lambda each: each[0])]

    def _client(self, left: Iterator[tuple[int, Request]], end: float) -> list[tuple[int, Answer]]:
        answers: list[tuple[int, Answer]] = []
        connection: http.client.HTTPConnection | None = None
        for number, request in left:
            url = urlsplit(request.address)
            body = json.dumps(request.body).encode() if request.body else None
            begun = time.perf_counter()
            # It sets TCP_NODELAY, as browsers do.
            connection = connection or http.client.HTTPConnection(url.netloc, timeout=_PATIENCE)
            connection.request("POST" if body else "GET", url.path, body, self._headers())
            response = connection.getresponse()
            response.read()
            if not self.kept:
                connection.close()
                connection = None
            seconds = time.perf_counter() - begun
            answers.append((number, Answer(response.status, seconds, time.time())))
            if time.monotonic() > end:
                break
        if connection:
            connection.close()
        return answers

    def _headers(self) -> dict[str, str]:
        kept = {} if self.kept else {"Connection": "close"}
        return {"Content-Type": "application/json", **kept}


@contextmanager
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """The process in which crowds play: `submit(crowd.play, requests).result()`."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process
