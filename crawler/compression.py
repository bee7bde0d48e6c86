"""Content codings undone within a bound, and strictly: a truncated body is no body.

Only gzip and deflate are asked for. Scrapy's own middleware keeps what it can read of a truncated gzip
stream; half an article stored as a whole one would be worse than a named failure.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from crawler.errors import RefusedError
from storage.types import CrawlFailure, FailureReason

#: what requests ask for
ACCEPTED = "gzip, deflate"
#: codings stacked on one body
_MAX_CODINGS = 3
_GZIP_WINDOW = 31
#: bytes unpacked at a time
_PIECE = 256 * 1024


def decode_body(body: bytes, codings: Sequence[str], limit: int) -> bytes:
    """Return ``body`` with its content codings undone, the last one first (RFC 9110 section 8.4).

    Args:
        body: as received.
        codings: values of Content-Encoding in the order given; commas are split here.
        limit: bytes the result, and every step to it, may have.

    Raises:
        RefusedError: the result is too large, broken off, or coded in a way that was not asked for.
    """
    names = [name.strip().lower() for value in codings for name in value.split(",")]
    names = [name for name in names if name and name != "identity"]
    if len(names) > _MAX_CODINGS:
        raise _refused(FailureReason.HTTP_ERROR, f"the answer is compressed {len(names)} times over")
    for name in reversed(names):
        body = _undo(body, name, limit)
    return body


def _undo(body: bytes, coding: str, limit: int) -> bytes:
    if not body:
        return body
    if coding in {"gzip", "x-gzip"}:
        return _inflate(body, _GZIP_WINDOW, limit)
    if coding == "deflate":
        # Servers send deflate with and without the zlib header (RFC 9110 section 8.4.1.2, note).
        wrapped = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflate(body, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, limit)
    raise _refused(FailureReason.HTTP_ERROR, f"the answer is compressed as {coding!r}, which was not asked for")


def _inflate(body: bytes, window: int, limit: int) -> bytes:
    """Undo one coding; a body that unpacks to too much is let go of piece by piece, before the fault is told."""
    parts: list[bytes] = []
    room = limit
    rest = body
    try:
        while rest:
            stream = zlib.decompressobj(window)
            packed = rest
            while not stream.eof:
                part = stream.decompress(packed, _PIECE)
                packed = stream.unconsumed_tail
                if not part and not packed:
                    break
                room -= len(part)
                if room < 0:
                    parts.clear()
                    raise _refused(FailureReason.TOO_LARGE, f"the answer unpacks to more than {limit} bytes")
                parts.append(part)
            if not stream.eof:
                raise _refused(FailureReason.TRUNCATED, "the compressed answer breaks off")
            rest = stream.unused_data if window == _GZIP_WINDOW and stream.unused_data[:2] == b"\x1f\x8b" else b""
    except zlib.error as error:
        raise _refused(FailureReason.TRUNCATED, f"the compressed answer is damaged ({error})") from error
    return b"".join(parts)


def _refused(reason: FailureReason, detail: str) -> RefusedError:
    return RefusedError(CrawlFailure(reason=reason, detail=detail))
