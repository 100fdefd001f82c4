"""HTTP clients, as tablets at the door, in a process of their own: they share no GIL with us."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

_PATIENCE = 120  # seconds, for one answer
_PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

KIOSK_PAUSES = (2, 4, 8, 15)  # seconds; chalicelib/web/pages/kiosk.js


@dataclass(frozen=True, slots=True)
class Request:
    """`address` is a whole URL. With a `body`, which goes as JSON, it is a POST."""

    address: str
    body: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` from the first byte sent to the last one read; `at` in epoch seconds.

    Both are of the last try, after so many `repeats`. `retry_after` is the header, in seconds.
    """

    status: int
    seconds: float
    at: float
    retry_after: int
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many `clients`, each with one request after the other; their connections are `kept` open.

    They end when no request is left, or after `seconds`. What is answered 429 or 503 they send
    again, after each of the `pauses` in seconds, or after a longer one where Retry-After says so.
    """

    clients: int
    kept: bool = True
    seconds: float = 3600
    pauses: Sequence[int] = ()

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
        with closing(_Client(kept=self.kept)) as client:
            for number, request in left:
                answer = client.send(request)
                for repeats, pause in enumerate(self.pauses, 1):
                    if answer.status not in _PASSING:
                        break
                    time.sleep(max(pause, answer.retry_after))
                    answer = replace(client.send(request), repeats=repeats)
                answers.append((number, answer))
                if time.monotonic() > end:
                    break
        return answers


class _Client:
    def __init__(self, *, kept: bool) -> None:
        self._kept = kept
        self._connection: http.client.HTTPConnection | None = None

    def send(self, request: Request) -> Answer:
        url = urlsplit(request.address)
        body = json.dumps(request.body).encode() if request.body else None
        headers = {"Content-Type": "application/json"}
        if not self._kept:
            headers["Connection"] = "close"
        begun = time.perf_counter()
        if self._connection is None:
            # It sets TCP_NODELAY, as browsers do.
            self._connection = http.client.HTTPConnection(url.netloc, timeout=_PATIENCE)
        self._connection.request("POST" if body else "GET", url.path, body, headers)
        response = self._connection.getresponse()
        response.read()
        if not self._kept:
            self.close()
        seconds = time.perf_counter() - begun
        retry_after = int(response.headers.get("Retry-After", 0))
        return Answer(response.status, seconds, time.time(), retry_after)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


@contextmanager
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """The process in which crowds play: `submit(crowd.play, requests).result()`."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process
