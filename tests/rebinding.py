"""Live DNS rebinding, in a network of its own: run as root inside ``unshare --net --mount``.

The network holds a loopback device with a public address on it besides its own, and a name server that
answers with the one or the other, to be kept for no time at all. What the crawler was told and whom it
called is printed as one JSON object. Nothing leaves the namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Any, cast

from crawler.client import ClientLimits, CrawlerProcess
from crawler.settings import CrawlerSettings
from storage.types import CrawlFailure, FetchOrder, PollOrder
from tests import hostile_bodies as bodies

PUBLIC = "93.184.216.34"
INSIDE = "127.0.0.1"
#: seconds that the crawler keeps a name's address at most
REMEMBERED = 10.0

#: what a name answers, one reply after the other; the last one stays
NAMES: dict[str, list[tuple[str, ...]]] = {
    "steady.test": [(PUBLIC,)],
    "inside.test": [(INSIDE,)],
    "both.test": [(PUBLIC, INSIDE)],
    **{f"turning-{number}.test": [(PUBLIC,), (INSIDE,)] for number in range(1, 6)},
}


class NameServer(asyncio.DatagramProtocol):
    """Answers questions for IPv4 addresses after :data:`NAMES` (RFC 1035), and nothing else."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        labels, place = [], 12
        while length := data[place]:
            labels.append(data[place + 1 : place + 1 + length].decode())
            place += length + 1
        question = data[12 : place + 5]
        (kind,) = struct.unpack("!H", data[place + 1 : place + 3])
        name = ".".join(labels).lower()
        answers: tuple[str, ...] = ()
        if kind == 1 and name in NAMES:
            replies = NAMES[name]
            answers = replies[min(self.asked[name], len(replies) - 1)]
            self.asked[name] += 1
        head = data[:2] + struct.pack("!HHHHH", 0x8180 if name in NAMES else 0x8183, 1, len(answers), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(ip) for ip in answers)
        assert self._transport is not None
        self._transport.sendto(head + question + records, address)


def prepare() -> None:
    """Bring the loopback device up with both addresses, and ask the name server of this namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        # netdevice(7): SIOCSIFADDR on an alias, then SIOCSIFFLAGS with IFF_UP.
        for device, address in (("lo", INSIDE), ("lo:1", PUBLIC)):
            place = struct.pack("16sHH4s8x", device.encode(), socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, 0x8916, place)
            fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", device.encode(), 1))
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
        file.write(f"nameserver {INSIDE}\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True, capture_output=True)


async def campaign() -> dict[str, Any]:
    """Ask for every name, and return who was called."""
    calls: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    _, names = await loop.create_datagram_endpoint(NameServer, local_addr=(INSIDE, 53))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls[writer.get_extra_info("sockname")[0]] += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            status, body, more = 200, bodies.ARTICLE, ""
            if " /robots.txt " in request:
                status, body = 404, b""
                if "turning" in request:
                    # Until the crawler has forgotten the address and must ask for it again.
                    await asyncio.sleep(REMEMBERED + 0.5)
            elif " /redirect " in request:
                status, body, more = 302, b"", "Location: http://turning-5.test/article\r\n"
            head = f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: text/html\r\n{more}"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(serve, host, 80) for host in (PUBLIC, INSIDE)]
    settings = CrawlerSettings(user_agent="Vigie/0.1 (+https://vigie.invalid/contact)", delay_seconds=0.0, workers=1)
    crawler = CrawlerProcess(settings, limits=ClientLimits(order_seconds=60.0))
    await crawler.start()
    orders = {f"http://{name}/article": name for name in NAMES if name != "turning-5.test"}
    orders["http://steady.test/redirect"] = "redirect"
    failures: dict[str, CrawlFailure | None] = {}

    async def ask(url: str, name: str) -> None:
        if name == "turning-4.test":
            failures[name] = (await crawler.poll(PollOrder(id=name, source_id=name, url=url))).failure
        else:
            failures[name] = (await crawler.fetch(FetchOrder(id=name, source_id=name, url=url))).failure

    await asyncio.gather(*(ask(url, name) for url, name in orders.items()))
    await crawler.stop()
    for server in servers:
        server.close()
    return {
        "calls": dict(calls),
        "asked": dict(names.asked),
        "failures": {name: failure and failure.reason for name, failure in failures.items()},
    }


if __name__ == "__main__":
    prepare()
    sys.stdout.write(json.dumps(asyncio.run(campaign())) + "\n")
