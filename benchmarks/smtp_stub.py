"""`python -m benchmarks.smtp_stub PORT CERTIFICATE`: a mail server that accepts every mail at once.

It speaks TLS, and offers a login and pipelining (RFC 2920). Its COUNT command returns the number of
mails, the number of recipients, and the size of the last mail in bytes.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections import Counter

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
_LARGEST = 1_000_000  # bytes, as the greeting says
_ADDRESS = re.compile(rb"<([^>]*)>")


async def _serve(port: int, certificate: str) -> None:
    recipients: Counter[bytes] = Counter()
    last_size = 0

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal last_size
        recipient = b""
        writer.write(b"220 smtp.example.com ready\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            writer.write(_REPLIES.get(verb, b""))
            if verb == b"RCPT" and (found := _ADDRESS.search(line)):
                recipient = found[1]
            elif verb == b"DATA":
                last_size = len(await reader.readuntil(_END)) - len(_END)
                recipients[recipient] += 1
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"COUN":
                counts = f"250 {recipients.total()} {len(recipients)} {last_size}\r\n"
                writer.write(counts.encode())
            elif verb == b"QUIT":
                break
        writer.close()

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(connect, HOST, port, ssl=tls, limit=_LARGEST, backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2]))
