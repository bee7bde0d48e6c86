"""Why no connection came about, in words: what libraries say of it names objects of their own."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterable, Mapping

import aiohttp

from crawler.clean import clean_line, cut

_BY_NUMBER: Mapping[int, str] = {
    errno.ECONNREFUSED: "it is refused",
    errno.ECONNRESET: "it was broken off at once",
    errno.EPIPE: "it was broken off at once",
    errno.ECONNABORTED: "it was broken off at once",
    errno.ENETUNREACH: "no network leads there",
    errno.EHOSTUNREACH: "no network leads there",
    errno.ENETDOWN: "this machine has no network",
    errno.EADDRNOTAVAIL: "this machine has no address for it",
    errno.EACCES: "this machine forbids it",
    errno.EPERM: "this machine forbids it",
    errno.EMFILE: "this machine has too many files open",
    errno.ENFILE: "this machine has too many files open",
}
#: of OpenSSL (openssl/x509_vfy.h)
_BY_CERTIFICATE: Mapping[int, str] = {
    9: "its certificate does not hold yet",
    10: "its certificate has expired",
    18: "it signed its certificate itself",
    19: "its certificate is signed by somebody unknown here",
    20: "its certificate is signed by somebody unknown here",
    21: "its certificate is signed by somebody unknown here",
    23: "its certificate was withdrawn",
    62: "its certificate is for another name",
    64: "its certificate is for another name",
}
_BY_REASON: Mapping[str, str] = {
    "WRONG_VERSION_NUMBER": "what answers there does not speak TLS",
    "HTTP_REQUEST": "what answers there does not speak TLS",
    "UNSUPPORTED_PROTOCOL": "it speaks no version of TLS that is still safe",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no version of TLS that is still safe",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it and this machine share no cipher",
    "UNEXPECTED_EOF_WHILE_READING": "it broke off while TLS began",
    "CERTIFICATE_VERIFY_FAILED": "its certificate cannot be verified",
}


def no_connection(chain: Iterable[BaseException]) -> str:
    """Return why a connection did not come about, of everything that led to the error."""
    links = list(chain)
    links += [link.os_error for link in links if isinstance(link, aiohttp.ClientConnectorError)]
    for link in links:
        if isinstance(link, OSError) and link.errno is not None and link.errno in _BY_NUMBER:
            return _BY_NUMBER[link.errno]
    if any(isinstance(link, aiohttp.ServerDisconnectedError) for link in links):
        return "it was broken off before an answer came"
    if any(isinstance(link, ConnectionRefusedError) or "Connect call failed" in str(link) for link in links):
        return "it is refused"
    return f"it failed ({_kind(links)})"


def no_trust(chain: Iterable[BaseException]) -> str:
    """Return why TLS did not come about, of everything that led to the error."""
    links = list(chain)
    links += [link.os_error for link in links if isinstance(link, aiohttp.ClientConnectorError)]
    for link in links:
        if (code := getattr(link, "verify_code", 0)) in _BY_CERTIFICATE:
            return _BY_CERTIFICATE[code]
    # What aiohttp wraps around an error of TLS is of the same class and has none of its attributes.
    reasons = [
        str(reason) for link in links if isinstance(link, ssl.SSLError) and (reason := getattr(link, "reason", ""))
    ]
    reason = next((one for one in reasons if one in _BY_REASON), next(iter(reasons), None))
    if reason is not None and reason in _BY_REASON:
        return _BY_REASON[reason]
    said = cut(clean_line(reason.lower().replace("_", " ")), 100) if reason else _kind(links)
    return f"TLS failed ({said})"


def _kind(links: list[BaseException]) -> str:
    """Return what the innermost error is called: its own text may hold anything."""
    return type(links[-1]).__name__ if links else "unknown"
