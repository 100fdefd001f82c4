"""Mails per second: `send_confirmations` against yagmail's own `send`, and against the wire."""

from __future__ import annotations

import base64
import itertools
import smtplib
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat

import yagmail

from benchmarks import product, servers
from benchmarks.measuring import Row, cpu_ms, in_turns, per_second
from benchmarks.product import Item, Product
from benchmarks.servers import SECRET, USER
from local.loopback import HOST

_ROUND_TRIP = 0.020  # seconds, to the mail server
_STORAGE = 0.004  # seconds; AWS says that DynamoDB answers in "single-digit milliseconds"
_SUBJECT = "체크인이 확인되었습니다"
_TEXT = "{name} 님, 체크인이 확인되었습니다. 굿즈 데스크에서 이 메일을 보여 주세요."

_BY_HAND, _WIRE, _OURS = "yagmail's send", "the wire, {} connections", "{}, {} connections"


class Bench:
    """All subjects, with one mail server. They return mails per second."""

    def __init__(self, aws_port: int, smtp_port: int) -> None:
        settings = product.environment(aws_port, smtp_port)
        self._port = smtp_port
        self._rollcall = {
            connections: Product(settings | {"SMTP_CONNECTIONS": str(connections)})
            for connections in (1, 4, 8)
        }
        self._dynamodb = self._rollcall[1].dynamodb
        self._numbers = itertools.count()
        number = next(self._numbers)
        self._pattern = self._rollcall[1].new_check_in(number)
        self._rollcall[1].mail([product.record(number, self._pattern)])
        self.sent = 1
        size = _taken(smtp_port)[2]
        self._wire = {count: Wire(smtp_port, count, size) for count in (4, 8)}

    def rollcall(self, batch: int, connections: int, mails: int) -> float:
        """Mail batch after batch, in a container that has sent mails before."""
        rollcall = self._rollcall[connections]
        rollcall.mail(self._check_ins(batch))
        batches = [self._check_ins(batch) for _ in range(mails // batch)]
        return per_second(rollcall.mail, batches, mails)

    def by_hand(self, mails: int) -> float:
        """The handler that most people would write first: batches of 5, a login for each mail."""
        records = self._check_ins(mails)
        batches = [records[first : first + 5] for first in range(0, mails, 5)]
        return per_second(partial(_plain_handler, self._port), batches, mails)

    def wire(self, connections: int, mails: int) -> float:
        recipients = [_image(record)["email"]["S"] for record in self._check_ins(mails)]
        return per_second(self._wire[connections].send, [recipients], mails)

    def cpu(self, mails: int) -> float:
        """The CPU time of a mail with its two writes, on one connection, in ms."""
        records = self._check_ins(mails)
        return cpu_ms(lambda: self._rollcall[1].mail(records)) / mails

    def check(self) -> None:
        """Raises AssertionError unless each mail went out exactly once."""
        assert _taken(self._port)[:2] == (self.sent, self.sent)

    def _check_ins(self, count: int) -> list[Item]:
        """Store new check-ins, and return their stream records."""
        numbers = list(itertools.islice(self._numbers, count))
        items = [product.another(self._pattern, number) for number in numbers]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(self._store, items))
        self.sent += count
        return [product.record(number, item) for number, item in zip(numbers, items, strict=True)]

    def _store(self, item: Item) -> None:
        self._dynamodb.put_item(TableName="check-ins", Item=item)


class Wire:
    """The upper limit: open connections send bytes that need no composing."""

    def __init__(self, port: int, connections: int, size: int) -> None:
        self._message = b"x" * size + b"\r\n.\r\n"
        self._open = [_login(port) for _ in range(connections)]

    def send(self, recipients: Sequence[str]) -> None:
        count = len(self._open)
        shares = [recipients[place::count] for place in range(count)]
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(_send_all, self._open, shares, repeat(self._message)))


def measure(rounds: int) -> list[Row]:
    with servers.aws(_STORAGE) as aws, servers.mail_server(_ROUND_TRIP) as smtp:
        bench = Bench(aws, smtp)
        found = in_turns(
            {
                _BY_HAND: lambda: bench.by_hand(10),
                _OURS.format(5, 4): lambda: bench.rollcall(5, 4, 100),
                _OURS.format(5, 8): lambda: bench.rollcall(5, 8, 100),
                _WIRE.format(4): lambda: bench.wire(4, 200),
                _OURS.format(100, 4): lambda: bench.rollcall(100, 4, 200),
                _WIRE.format(8): lambda: bench.wire(8, 300),
                _OURS.format(100, 8): lambda: bench.rollcall(100, 8, 300),
            },
            rounds,
        )
        bench.check()
    with servers.aws() as aws, servers.mail_server() as smtp:
        bench = Bench(aws, smtp)
        bench.cpu(20)
        cpu = in_turns({"cpu": lambda: bench.cpu(100)}, rounds)["cpu"]
        bench.check()

    def row(batch: int, connections: int, peer: str, target: float | None = None) -> Row:
        ours = _OURS.format(batch, connections)
        return Row(
            name=f"mails, BatchSize {ours}",
            measured=found[ours],
            unit="a second",
            peer=found[peer],
            peer_name=peer,
            target=target,
            more_is_better=True,
        )

    return [
        row(5, 4, _BY_HAND),
        row(5, 8, _BY_HAND, 10),
        row(100, 4, _WIRE.format(4), 0.8),
        row(100, 8, _WIRE.format(8)),
        Row(name="a mail and its two writes, CPU", measured=cpu, unit="ms", figure="mail_cpu_ms"),
    ]


def _plain_handler(port: int, records: Sequence[Item]) -> None:
    mailer = yagmail.SMTP(USER, SECRET, host=HOST, port=port)
    for record in records:
        text = _TEXT.format(name=_image(record)["name"]["S"])
        mailer.send(to=_image(record)["email"]["S"], subject=_SUBJECT, contents=text)
    mailer.close()


def _image(record: Item) -> Item:
    image: Item = record["dynamodb"]["NewImage"]
    return image


def _login(port: int) -> smtplib.SMTP_SSL:
    smtp = smtplib.SMTP_SSL(HOST, port, context=ssl.create_default_context())
    smtp.ehlo("example.com")
    login = base64.b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
    smtp.docmd("AUTH", f"PLAIN {login}")
    return smtp


def _send_all(smtp: smtplib.SMTP, recipients: Sequence[str], message: bytes) -> None:
    for recipient in recipients:
        smtp.send(f"MAIL FROM:<{USER}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
        replies = [smtp.getreply()[0] for _ in range(3)]
        smtp.send(message)
        replies.append(smtp.getreply()[0])
        assert replies == [250, 250, 354, 250], replies


def _taken(port: int) -> tuple[int, ...]:
    """The mail server's counts: mails, recipients, and the size of the last mail in bytes."""
    with _login(port) as smtp:
        return tuple(map(int, smtp.docmd("COUNT")[1].split()))
