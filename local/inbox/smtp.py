"""The SMTP side: a mail is in the mailbox before the sender gets 250.

It speaks 8BITMIME and SMTPUTF8, accepts any login or none, and has no TLS. Lines of more than the
1,000 octets of RFC 5321 (4.5.3.1.6) are refused, as other servers may do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from threading import Thread
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult
from aiosmtpd.smtp import Envelope as Transaction

from local.inbox.mailbox import Envelope, Mailbox

_LARGEST = 25 * 1024 * 1024  # bytes, as at Gmail

_log = logging.getLogger(__name__)


@contextmanager
def serve_smtp(listener: socket, mailbox: Mailbox) -> Iterator[None]:
    """Serve `listener` from a thread until the block ends, then close it.

    aiosmtpd's Controller is not used: it reports a port in use only after five seconds, and cannot
    take port 0.
    """
    # Its log names every sender and recipient.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_serve(listener, mailbox, stop))

    thread = Thread(target=run, name="inbox-smtp", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(listener: socket, mailbox: Mailbox, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    handler = _Handler(mailbox)
    connections: WeakSet[SMTP] = WeakSet()

    def connection() -> SMTP:
        smtp = SMTP(
            handler,
            loop=loop,
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            hostname="localhost",  # the default asks DNS, on every connection
            ident="Rollcall inbox",
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )
        connections.add(smtp)
        return smtp

    server = await loop.create_server(connection, sock=listener)
    await stop.wait()
    server.close()
    for smtp in connections:
        if isinstance(smtp.transport, asyncio.Transport):
            smtp.transport.abort()


class _Handler:
    """What aiosmtpd calls when a mail is complete."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: object, transaction: Transaction
    ) -> str:
        sender = transaction.mail_from or ""
        envelope = Envelope("" if sender == "<>" else sender, tuple(transaction.rcpt_tos))
        try:
            mail_id = self._mailbox.deliver(envelope, transaction.original_content or b"")
        except OSError as error:
            _log.warning("mail not stored: %s", error.strerror)
            return "451 4.3.0 The mail could not be stored"
        return f"250 2.0.0 Stored as {mail_id}"
