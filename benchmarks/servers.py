"""The stand-ins for AWS and the mail server. Each one is a process of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from local import processes
from local.loopback import HOST, free_port

SECRET = "a key for the benchmarks"  # noqa: S105  -- the stand-ins know no other
USER = "hello@example.com"


@contextmanager
def stand_in(module: str, *arguments: object) -> Iterator[int]:
    """Run a module of this package, whose first argument is its port. Yields the port."""
    port = free_port()
    command = processes.python(f"benchmarks.{module}", str(port), *map(str, arguments))
    process = processes.start(command, os.environ)
    try:
        processes.wait_until(lambda: processes.listens(port), process, module)
        yield port
    finally:
        processes.stop(process)


@contextmanager
def aws(seconds: float = 0) -> Iterator[int]:
    """Run a DynamoDB and an SSM that answer after `seconds`. Yields their port."""
    with stand_in("aws_stub", seconds, SECRET) as port:
        yield port


@contextmanager
def mail_server(round_trip: float = 0) -> Iterator[int]:
    """Run a mail server that requires TLS and a login, `round_trip` seconds away. Yields its port.

    From now on this process trusts its certificate.
    """
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as directory:
        chain, roots = Path(directory, "server.pem"), Path(directory, "roots.pem")
        authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(chain))
        authority.cert_pem.write_to_path(str(roots))
        os.environ["SSL_CERT_FILE"] = str(roots)
        with stand_in("smtp_stub", chain) as port:
            if not round_trip:
                yield port
                return
            with stand_in("delay_proxy", port, round_trip) as far:
                yield far
