"""`python -m benchmarks.delay_proxy PORT TARGET SECONDS`: a proxy that delays like a network.

SECONDS is the round trip. Data that enters at one end leaves the other end half of that later.
Connecting takes a round trip too.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from local.loopback import HOST
from local.processes import end_with_parent

_CHUNK = 65_536


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Carry data until the sender closes. Data under way still arrives before that."""
    now = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - now())
            if not data:
                writer.close()
                return
            writer.write(data)

    delivering = asyncio.create_task(deliver())
    data = b"-"
    while data:
        try:
            data = await reader.read(_CHUNK)
        except ConnectionError:
            data = b""
        under_way.put_nowait((now() + delay, data))
    await delivering


async def _serve(port: int, target: int, seconds: float) -> None:
    async def connect(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        with suppress(ConnectionError):
            far_in, far_out = await asyncio.open_connection(HOST, target)
            await asyncio.gather(
                _carry(near_in, far_out, seconds / 2), _carry(far_in, near_out, seconds / 2)
            )

    server = await asyncio.start_server(connect, HOST, port, backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
