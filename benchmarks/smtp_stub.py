"""`python -m benchmarks.smtp_stub PORT CERTIFICATE`: a mail server that takes every mail at once.

It speaks TLS and offers a login and pipelining (RFC 2920). Its COUNT command tells how many mails it
has taken, for how many recipients, and how large the last one was in bytes.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections import Counter
from dataclasses import dataclass, field

from local.loopback import HOST
from local.processes import end_with_parent

_GREETING = b"250-smtp.example.com\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n"
_REPLIES = {
    b"EHLO": _GREETING,
    b"AUTH": b"235 2.7.0 welcome\r\n",
    b"MAIL": b"250 2.1.0 sender ok\r\n",
    b"RCPT": b"250 2.1.5 recipient ok\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"RSET": b"250 2.0.0 forgotten\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}
_END = b"\r\n.\r\n"
_ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass(slots=True)
class Taken:
    """The mails by recipient, and the size of the last one."""

    recipients: Counter[bytes] = field(default_factory=Counter)
    last_size: int = 0


class _Session(asyncio.Protocol):
    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._read = b""
        self._recipient = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a server's are"
        self._transport = transport
        transport.write(b"220 smtp.example.com ready\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer together what came together, as RFC 2920 asks of a server."""
        self._read += data
        self._transport.write(b"".join(iter(self._answer, b"")))

    def _answer(self) -> bytes:
        """The reply to the next command or mail; empty until it is complete."""
        if self._in_data:
            mail, ended, rest = self._read.partition(_END)
            if not ended:
                return b""
            self._read, self._in_data = rest, False
            self._taken.recipients[self._recipient] += 1
            self._taken.last_size = len(mail)
            return b"250 2.0.0 taken\r\n"
        line, ended, rest = self._read.partition(b"\r\n")
        if not ended:
            return b""
        self._read = rest
        verb = line[:4].upper()
        if verb == b"RCPT" and (found := _ADDRESS.search(line)):
            self._recipient = found[1]
        if verb == b"COUN":
            recipients = self._taken.recipients
            counts = recipients.total(), len(recipients), self._taken.last_size
            return f"250 {' '.join(map(str, counts))}\r\n".encode()
        self._in_data = verb == b"DATA"
        return _REPLIES.get(verb, b"500 5.5.1 what?\r\n")


async def _serve(port: int, certificate: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    taken = Taken()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Session(taken), HOST, port, ssl=tls, backlog=128
    )
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
