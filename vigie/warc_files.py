"""Web pages out of WARC files (ISO 28500), as ``import`` takes them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

from crawler.answers import Reply
from crawler.compression import decode_body
from crawler.errors import RefusedError
from crawler.page import looks_like_html
from crawler.urls import is_web_address
from storage.types import utc
from vigie.errors import VigieError

_PAGES = ("text/html", "application/xhtml+xml")
_MAGIC = b"WARC/"
#: what closes a record
_END = b"\r\n\r\n"
_BLOCK = 256 * 1024
#: whatever a damaged file makes the reader raise
UNREADABLE = (
    ArchiveLoadFailed, zlib.error, OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page that somebody's crawler received."""

    #: place of its record in the file, from 1
    number: int
    captured_at: datetime
    reply: Reply


class RecordError(VigieError):
    """One record cannot be used; the others can."""


def is_warc(name: str) -> bool:
    """Tell whether a file holds WARC records, packed with gzip or not; a file that cannot be read does not."""
    try:
        with Path(name).open("rb") as file:
            start = file.read(512)
    except OSError:
        return False
    if start[:2] == b"\x1f\x8b":
        try:
            start = zlib.decompressobj(31).decompress(start, len(_MAGIC))
        except zlib.error:
            return name.endswith(".warc.gz")
    return start.startswith(_MAGIC)


def read_pages(name: str, limit: int, bad: Callable[[int, str], None]) -> Iterator[SavedPage]:
    """Yield the web pages of a WARC file that came with success; other records are passed over.

    Args:
        name: of the file.
        limit: bytes of a page; larger ones are bad.
        bad: hears the number of each record that cannot be used, and why. After damage that hides where the next
            record begins, nothing more is read.

    Raises:
        VigieError: the file cannot be read.
    """
    number = 0
    told = 0

    def tell(at: int, fault: str) -> None:
        nonlocal told
        if at > told:
            told = at
            bad(at, fault)

    try:
        with Path(name).open("rb") as file:
            before: Any = None
            for number, record in enumerate(ArchiveIterator(file), start=1):
                _check_whole(before, number - 1, tell)
                before = record
                if _is_page(record):
                    try:
                        page = _page(record, number, limit)
                    except RecordError as error:
                        tell(number, str(error))
                    else:
                        yield page
            _check_whole(before, number, tell)
            # The reader takes an end inside a record's headers for the end of the file.
            if not _ends_well(file):
                tell(number + 1, "breaks off, with the file")
    except OSError as error:
        if error.strerror is None:
            tell(number + 1, f"is damaged ({error}); nothing after it can be read")
            return
        raise VigieError(f"{name} cannot be read: {error.strerror}") from error
    except UNREADABLE as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        tell(number + 1, f"is damaged ({first}); nothing after it can be read")


def _ends_well(file: BinaryIO) -> bool:
    """Whether a file ends where a record does: with two line ends, packed as whole members of gzip."""
    file.seek(0)
    if file.read(2) != b"\x1f\x8b":
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - len(_END), 0))
        return file.read() == _END
    file.seek(0)
    member, rest = zlib.decompressobj(31), b""
    while data := rest or file.read(_BLOCK):
        if member.eof:
            member = zlib.decompressobj(31)
        # In pieces, so that what unpacks to a great deal is never held at once.
        piece = member.decompress(data, _BLOCK)
        while len(piece) == _BLOCK and not member.eof and not member.unconsumed_tail:
            piece = member.decompress(b"", _BLOCK)
        rest = member.unused_data or member.unconsumed_tail
    return member.eof


def _check_whole(record: Any, number: int, tell: Callable[[int, str], None]) -> None:
    """Tell of a record that was read to its end and is not all there."""
    if record is not None and record.rec_headers.get_header("Content-Length") is None:
        tell(number, "breaks off in its headers, or states no length")
    elif record is not None and _is_cut(record):
        tell(number, "breaks off")


def _is_cut(record: Any) -> bool:
    """Whether, at the end of a record, its length still promises more."""
    return bool(getattr(record.raw_stream, "limit", 0) > 0)


def _is_page(record: Any) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    kind = (record.http_headers.get_header("Content-Type") or "").split(";")[0].strip().lower()
    return kind in _PAGES and str(record.http_headers.get_statuscode()).startswith("2")


def _page(record: Any, number: int, limit: int) -> SavedPage:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if not is_web_address(url):
        raise RecordError(f"has no web address ({url[:80]!r})")
    try:
        captured_at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    except ValueError as error:
        raise RecordError("has no date of capture (WARC-Date)") from error
    headers = tuple((str(key).lower(), str(value)) for key, value in record.http_headers.headers)
    return SavedPage(
        number=number,
        captured_at=utc(captured_at if captured_at.tzinfo else captured_at.replace(tzinfo=UTC)),
        reply=Reply(
            url=url,
            status=int(record.http_headers.get_statuscode()),
            headers=headers,
            body=_body(record, headers, limit),
        ),
    )


def _body(record: Any, headers: tuple[tuple[str, str], ...], limit: int) -> bytes:
    """Return the page with its codings undone; some programs undo them and leave the headers as they were."""
    named = dict(headers)
    chunked = named.get("transfer-encoding", "").strip().lower() == "chunked"
    stream = ChunkedDataReader(record.raw_stream) if chunked else record.raw_stream
    raw = bytearray()
    while data := stream.read(_BLOCK):
        raw += data
        if len(raw) > limit:
            raise RecordError(f"holds more than {limit} bytes")
    if _is_cut(record):
        raise RecordError("breaks off")
    codings = [value for key, value in headers if key == "content-encoding"]
    if not codings or looks_like_html(bytes(raw)):
        return bytes(raw)
    try:
        return decode_body(bytes(raw), codings, limit)
    except RefusedError as error:
        raise RecordError(error.failure.detail) from error
