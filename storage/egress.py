"""Which addresses Vigie may connect to: the pure policy behind every outbound connection.

A name in a feed or a configuration can resolve to a router, a cloud's metadata service or this very
machine, and can resolve differently each time it is asked. So the policy judges the numeric address
a socket is about to connect to, never a name: redirects, DNS rebinding and disguised literals all end
in such an address.

``ipaddress.is_private`` and ``is_global`` are not used, because they disagree between Python versions
and let shared, translated and multicast ranges through. IPv4 is an explicit deny list after the IANA
special-purpose registry (RFC 6890); IPv6 allows global unicast alone (2000::/3, RFC 4291 section 2.4)
minus the ranges in it that tunnel, document or reserve.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

#: one answer of ``getaddrinfo``: family, kind, protocol, canonical name, socket address
AddrInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]

_DENIED_IPV4: tuple[tuple[ipaddress.IPv4Network, str], ...] = tuple(
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud platform service"),
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"),
    )
)
_ALLOWED_IPV6 = ipaddress.IPv6Network("2000::/3")
_DENIED_IPV6: tuple[tuple[ipaddress.IPv6Network, str], ...] = tuple(
    (ipaddress.IPv6Network(network), kind)
    for network, kind in (
        ("2001::/23", "protocol assignments, Teredo"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3ffe::/16", "withdrawn 6bone"),
        ("3fff::/20", "documentation"),
    )
)
#: stands in every refusal, because connection libraries fold several errors into one text
_MARK = "refused by the egress guard"
_CURE = "; if Vigie is meant to call it, name its network in [network] allow_cidrs"
_REFUSAL = re.compile(rf"{_MARK}(?:.*?{re.escape(_CURE)}|.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """What may be called besides public addresses on the web's two ports.

    Raises:
        ValueError: an entry of ``allow_cidrs`` is no network, or a port is out of range.
    """

    #: networks that may be called on any port, such as ``127.0.0.0/8`` for tests
    allow_cidrs: tuple[str, ...] = ()
    #: TCP ports allowed on public addresses
    ports: frozenset[int] = frozenset({80, 443})
    #: single addresses that may be called on one port each, such as ``("127.0.0.1", 40123)``
    exact: frozenset[tuple[str, int]] = frozenset()

    def __post_init__(self) -> None:
        for text in self.allow_cidrs:
            _network(text)
        for port in self.ports:
            if not 0 < port < 65536:
                raise ValueError(f"{port} is not a TCP port; use a number from 1 to 65535")


class ForbiddenAddressError(OSError):
    """A connection was refused before it was opened; the message says which address and why.

    It is an ``OSError`` so that every connection library treats it as a failed connection.
    """


def refusal(address: str, port: int, policy: EgressPolicy) -> str | None:
    """Return why ``address`` must not be called on ``port``, or None when it may.

    Args:
        address: a numeric IP address as a socket address holds it; an IPv6 zone (``%eth0``) is
            ignored. Names and short or octal forms are refused: only what will be connected to can
            be judged.
        port: TCP port.
        policy: what is allowed besides public addresses.
    """
    parsed = _parse(address)
    if parsed is None:
        return f"{address!r} is not a numeric IP address"
    if not 0 < port < 65536:
        return f"port {port} is not a TCP port"
    if any(parsed in network for network in _networks(policy.allow_cidrs)):
        return None
    if (str(parsed), port) in policy.exact:
        return None
    kind = _special_use(parsed)
    if kind is not None:
        return f"{address} is not a public address ({kind})"
    if port not in policy.ports:
        return f"port {port} is not one of the allowed ports {', '.join(map(str, sorted(policy.ports)))}"
    return None


def is_allowed_network(address: str, policy: EgressPolicy) -> bool:
    """Whether ``address`` is a numeric IP address inside ``policy.allow_cidrs``."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in _networks(policy.allow_cidrs))


def check(address: str, port: int, policy: EgressPolicy) -> None:
    """Do nothing when ``address`` may be called on ``port``.

    Raises:
        ForbiddenAddressError: it may not.
    """
    reason = refusal(address, port, policy)
    if reason is not None:
        raise ForbiddenAddressError(
            errno.EACCES,
            f"{_MARK}: {reason}{_CURE}",
        )


def socket_factory(policy: EgressPolicy) -> Callable[[AddrInfo], socket.socket]:
    """Return a factory that opens sockets towards allowed addresses only.

    It is the ``socket_factory`` of ``aiohttp.TCPConnector``, which hands it the very address it is
    about to connect to, for resolved names and literals alike. The factory raises
    :class:`ForbiddenAddressError` before a socket exists.
    """

    def open_socket(address_info: AddrInfo) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise ForbiddenAddressError(errno.EACCES, f"{_MARK}: address family {family!s} is not IP")
        check(str(address[0]), int(address[1]), policy)
        return socket.socket(family, kind, protocol)

    return open_socket


def refusal_in(error: BaseException) -> str | None:
    """Return the refusal hidden in a connection error, or None when it failed for another reason.

    Connection libraries wrap the :class:`ForbiddenAddressError` of one address, and fold those of
    several into one text; both are found, through causes, contexts and ``os_error`` attributes. What the library put
    around it is left out; of several refusals the first is told.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        text = str(current.strerror or current) if isinstance(current, OSError) else str(current)
        if (found := _REFUSAL.search(text)) is not None:
            return found[0]
        if isinstance(current, ForbiddenAddressError):
            return text
        nested = getattr(current, "os_error", None)
        waiting += [current.__cause__, current.__context__]
        waiting.append(nested if isinstance(nested, BaseException) else None)
    return None


def _parse(address: str) -> _Address | None:
    """Read a numeric address; an IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) is unwrapped."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _special_use(address: _Address) -> str | None:
    """Return what reserves ``address``, or None for a public one."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _DENIED_IPV4 if address in network), None)
    if address not in _ALLOWED_IPV6:
        return "outside global unicast"
    return next((kind for network, kind in _DENIED_IPV6 if address in network), None)


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"allow_cidrs: {text!r} is not a network ({error}); write it like '10.1.0.0/16' or 'fd00::/8'"
        ) from error


@lru_cache(maxsize=64)
def _networks(cidrs: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(_network(text) for text in cidrs)
