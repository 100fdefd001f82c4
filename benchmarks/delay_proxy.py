"""`python -m benchmarks.delay_proxy PORT TARGET SECONDS`: the network between two ends.

What comes in at one end goes out at the other half of SECONDS (a round trip) later. To connect
takes a round trip too.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque

from local.loopback import HOST
from local.processes import end_with_parent


class _End(asyncio.Protocol):
    """One end of a connection; `other` is given once it is there."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._opens_at = 0.0
        self._under_way: deque[bytes] = deque()  # call_later keeps no order of equal times
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP"
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._send(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._send(b"")

    def _send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._under_way.append(data)
        loop.call_at(max(loop.time(), self._opens_at) + self._delay, self._arrive)

    def _arrive(self) -> None:
        data = self._under_way.popleft()
        if self.other and self.other.transport:
            if data:
                self.other.transport.write(data)
            else:
                self.other.transport.close()


class _Near(_End):
    def __init__(self, target: int, delay: float) -> None:
        super().__init__(delay)
        self._target = target

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opens_at = asyncio.get_running_loop().time() + 2 * self._delay
        self.connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, far = await loop.create_connection(lambda: _End(self._delay), HOST, self._target)
        far.other, self.other = self, far


async def _serve(port: int, target: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Near(target, seconds / 2), HOST, port, backlog=128)
    await server.serve_forever()


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
