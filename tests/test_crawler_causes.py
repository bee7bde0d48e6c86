"""Why no connection came about: words for people, whatever the libraries say."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest

from crawler.causes import no_connection, no_trust
from crawler.failures import from_exception
from storage.types import FailureReason
from tests.certificates import write_certificates


def said(url: str) -> tuple[FailureReason, str]:
    """Ask an address and return how the crawler names what went wrong."""

    async def ask() -> BaseException:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(url):
                    raise AssertionError("it answered")
            except aiohttp.ClientError as error:
                return error

    failure = from_exception(asyncio.run(ask()), url, 10)
    return failure.reason, failure.detail


def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    reason, detail = said(f"http://127.0.0.1:{port}/")
    assert reason is FailureReason.CONNECTION
    assert detail == "no connection to 127.0.0.1: it is refused"
    assert said(f"https://127.0.0.1:{port}/")[1] == detail


def test_what_nobody_has_words_for_names_no_object() -> None:
    class OddError(OSError):
        def __str__(self) -> str:
            return "<ssl.SSLContext object at 0x7f>"

    assert no_connection([OddError()]) == "it failed (OddError)"
    assert no_trust([OddError()]) == "TLS failed (OddError)"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ECONNRESET, "it was broken off at once"),
        (errno.EHOSTUNREACH, "no network leads there"),
        (errno.EMFILE, "this machine has too many files open"),
    ],
)
def test_the_operating_systems_numbers_become_words(number: int, expected: str) -> None:
    inner = OSError(number, "Connect call failed ('127.0.0.1', 9)")
    outer = aiohttp.ClientOSError("Cannot connect to host 127.0.0.1:9 ssl:<ssl.SSLContext object at 0x7f>")
    assert no_connection([outer, inner]) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("expired", "its certificate has expired"),
        ("self-signed", "it signed its certificate itself"),
        ("wrong-host", "its certificate is for another name"),
        ("plain", "what answers there does not speak TLS"),
    ],
)
def test_a_certificate_that_does_not_hold(kind: str, expected: str, tmp_path: Path) -> None:
    contexts = write_certificates(tmp_path, "127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async def ask() -> BaseException:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=contexts.get(kind))
        async with server, aiohttp.ClientSession() as session:
            port = server.sockets[0].getsockname()[1]
            try:
                async with session.get(f"https://127.0.0.1:{port}/", ssl=trusting):
                    raise AssertionError("it answered")
            except aiohttp.ClientError as error:
                return error

    failure = from_exception(asyncio.run(ask()), "https://127.0.0.1/", 10)
    assert failure.reason is FailureReason.TLS
    assert failure.detail == f"127.0.0.1 cannot be trusted: {expected}"
