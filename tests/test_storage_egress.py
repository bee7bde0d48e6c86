"""The egress policy over every disguise of a forbidden address known to us."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.egress import (
    EgressPolicy,
    ForbiddenAddressError,
    check,
    is_allowed_network,
    refusal,
    refusal_in,
    socket_factory,
)

PUBLIC = EgressPolicy()
LOCAL = EgressPolicy(allow_cidrs=("127.0.0.0/8", "::1/128"))

FORBIDDEN_TEXT = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
    127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170
    192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7
    203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1
    64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:db8::1 2002:7f00:1::
    2002:a00:1::1 3ffe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
    ff0e::1 4000::1
    127.1 127.0.1 0x7f000001 0x7f.1 2130706433 0177.0.0.1 127.0.0.01 ①②⑦.0.0.1 localhost localhost.
    127.0.0.1. [::1] 127.0.0.1:80 user@8.8.8.8 8.8.8.8/32
"""
PUBLIC_TEXT = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 128.0.0.1 169.253.0.1 172.15.0.1
    172.32.0.1 192.0.1.1 192.167.1.1 198.17.0.1 198.20.0.1 223.255.255.255 ::ffff:8.8.8.8
    2606:4700:4700::1111 2a00:1450:4007::200e 2001:4860:4860::8888 2c0f:fb50:4003::1
"""


@pytest.mark.parametrize("address", FORBIDDEN_TEXT.split())
def test_address_that_is_not_public_is_refused(address: str) -> None:
    assert refusal(address, 443, PUBLIC)
    with pytest.raises(ForbiddenAddressError, match="allow_cidrs"):
        check(address, 443, PUBLIC)


@pytest.mark.parametrize("address", ["", " ", "\x00", " 8.8.8.8", "8.8.8.8\n", "例え.jp"])
def test_text_that_is_no_address_is_refused(address: str) -> None:
    assert refusal(address, 443, PUBLIC)


@pytest.mark.parametrize("address", PUBLIC_TEXT.split())
def test_public_address_is_allowed_on_web_ports_alone(address: str) -> None:
    assert refusal(address, 80, PUBLIC) is None
    assert refusal(address, 443, PUBLIC) is None
    assert "port 22" in (refusal(address, 22, PUBLIC) or "")


def test_named_port_is_allowed_besides_the_web_ports() -> None:
    policy = EgressPolicy(ports=frozenset({80, 443, 8080}))
    assert refusal("8.8.8.8", 8080, policy) is None
    assert refusal("10.0.0.1", 8080, policy) is not None


def test_allowed_network_may_be_called_on_any_port() -> None:
    assert refusal("127.0.0.1", 40001, LOCAL) is None
    assert refusal("::1", 40001, LOCAL) is None
    assert refusal("::ffff:127.0.0.1", 40001, LOCAL) is None
    assert refusal("10.0.0.1", 80, LOCAL) is not None
    assert is_allowed_network("127.9.9.9", LOCAL)
    assert not is_allowed_network("8.8.8.8", LOCAL)
    assert not is_allowed_network("localhost", LOCAL)


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**9])
def test_number_that_is_no_port_is_refused_even_in_an_allowed_network(port: int) -> None:
    assert refusal("127.0.0.1", port, LOCAL)


@pytest.mark.parametrize("cidr", ["127.0.0.1/8", "nonsense", "10.0.0.0/33", "", "*"])
def test_network_that_cannot_be_read_is_an_error_with_its_cure(cidr: str) -> None:
    with pytest.raises(ValueError, match="write it like"):
        EgressPolicy(allow_cidrs=(cidr,))


def test_port_out_of_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="65535"):
        EgressPolicy(ports=frozenset({80, 70000}))


@given(st.text())
def test_any_text_is_judged_without_an_exception(address: str) -> None:
    refusal(address, 443, PUBLIC)


@given(st.ip_addresses(v=4))
def test_mapped_form_is_judged_like_the_address_itself(address: object) -> None:
    plain = refusal(str(address), 443, PUBLIC)
    mapped = refusal(f"::ffff:{address}", 443, PUBLIC)
    assert (plain is None) == (mapped is None)


def test_factory_opens_a_socket_towards_an_allowed_address_only() -> None:
    factory = socket_factory(LOCAL)
    with factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 8000))) as opened:
        assert opened.family == socket.AF_INET
    with pytest.raises(ForbiddenAddressError):
        factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)))
    with pytest.raises(ForbiddenAddressError):
        factory((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 2)))
    with pytest.raises(ForbiddenAddressError, match="not IP"):
        factory((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/docker.sock",)))


def test_refusal_is_found_behind_a_cause_and_absent_from_other_errors() -> None:
    wrapped = RuntimeError("no connection")
    wrapped.__cause__ = ForbiddenAddressError(13, "refused by the egress guard: no")
    assert refusal_in(wrapped) == "refused by the egress guard: no"
    folded = (
        "Multiple exceptions: [Errno 13] refused by the egress guard: a; if Vigie is meant to call it, name its "
        "network in [network] allow_cidrs, [Errno 13] refused by the egress guard: b"
    )
    assert refusal_in(OSError(folded)) == folded.partition("13] ")[2].partition(", [")[0]
    assert refusal_in(ConnectionRefusedError(111, "Connection refused")) is None
    circle = RuntimeError("round")
    circle.__cause__ = circle
    assert refusal_in(circle) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0"])
async def test_guarded_connector_never_reaches_a_local_server(host: str) -> None:
    connections = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    policy = EgressPolicy(ports=frozenset({port}))
    connector = aiohttp.TCPConnector(socket_factory=socket_factory(policy))
    async with server, aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises((aiohttp.ClientError, ValueError)) as caught:
            await session.get(f"http://{host}:{port}/")
        if isinstance(caught.value, aiohttp.ClientConnectorError):
            told = refusal_in(caught.value)
            assert told is not None
            assert told.startswith("refused by the egress guard: ")
            assert told.endswith("; if Vigie is meant to call it, name its network in [network] allow_cidrs")
            assert "ssl" not in told, "nothing of the library's own words"
    assert connections == 0


async def test_guarded_connector_reaches_an_allowed_server() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = aiohttp.TCPConnector(socket_factory=socket_factory(LOCAL))
    async with server, aiohttp.ClientSession(connector=connector) as session:
        response = await session.get(f"http://127.0.0.1:{port}/")
        assert response.status == 204


def test_one_address_may_be_allowed_on_one_port_alone() -> None:
    policy = EgressPolicy(exact=frozenset({("127.0.0.1", 40123)}))
    assert refusal("127.0.0.1", 40123, policy) is None
    assert refusal("::ffff:127.0.0.1", 40123, policy) is None
    for address, port in (("127.0.0.1", 40124), ("127.0.0.2", 40123), ("::1", 40123), ("192.0.2.1", 40123)):
        assert refusal(address, port, policy) is not None
    assert not is_allowed_network("127.0.0.1", policy)
