"""A TCP proxy between till and server that loses the answers it is told to lose."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class LossyProxy:
    """Passes bytes on. An answer is lost after the server has begun to send it, so its work is committed."""

    host: str
    port: int
    url: str = ""
    lost: list[bytes] = field(default_factory=list)
    _armed: list[bytes] = field(default_factory=list)

    def lose(self, request_line_start: str, times: int = 1) -> None:
        """Lose the answers to the next requests that begin like this, e.g. ``POST /api/v1/orders ``."""
        self._armed += [request_line_start.encode()] * times

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the till."""
        upstream_reader, upstream_writer = await asyncio.open_connection(self.host, self.port)
        loses = asyncio.Event()
        there = asyncio.create_task(self._there(reader, upstream_writer, loses))
        try:
            while data := await upstream_reader.read(65536):
                if loses.is_set():
                    self.lost.append(data)
                    break
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # either side hung up: so do we
        finally:
            there.cancel()
            upstream_writer.close()
            writer.close()

    async def _there(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, loses: asyncio.Event) -> None:
        while data := await reader.read(65536):
            for start in self._armed:
                if data.startswith(start):
                    self._armed.remove(start)
                    loses.set()
                    break
            upstream.write(data)
            await upstream.drain()


@asynccontextmanager
async def lossy_proxy(url: str) -> AsyncIterator[LossyProxy]:
    """A proxy in front of ``url`` on a free port of the loopback."""
    target = urlsplit(url)
    proxy = LossyProxy(target.hostname or "127.0.0.1", target.port or 80)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
