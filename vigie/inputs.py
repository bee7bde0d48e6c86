"""Articles from files and standard input, as ``flag``, ``import`` and ``evaluate`` take them."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.types import utc
from vigie.errors import VigieError

#: halves of a character: legal in JSON, impossible in UTF-8 and so in the archive
_SURROGATE = re.compile("[\ud800-\udfff]")


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class InputLineError(VigieError):
    """A line of input cannot be used; the others can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputArticle:
    """One line of a JSON lines file."""

    id: str
    title: str
    text: str
    published: datetime | None = None
    language: str | None = None
    url: str | None = None
    source: str | None = None
    authors: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    #: the whole object, for labels
    record: dict[str, Any]


def read_lines(name: str) -> Iterator[tuple[int, str]]:
    """Yield (number, line) of a file, or of standard input for ``-``; blank lines are skipped.

    Raises:
        VigieError: the file cannot be read.
    """
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise VigieError(f"{name} cannot be read: {error.strerror}") from error
    # Only line feeds end a line: U+2028 and its like are legal inside JSON text.
    raw = raw.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            yield number, line.decode("utf-8", "replace")


def parse_line(line: str, number: int) -> InputArticle:
    """Read one JSON object.

    Raises:
        InputLineError: it is no object, or a key has the wrong form; the message says which.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputLineError(f"is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise InputLineError("is not a JSON object")
    paragraphs = _texts(record, "paragraphs")
    text = _text(record, "text") if record.get("text") else "\n".join(paragraphs)
    title = _text(record, "title") if record.get("title") is not None else ""
    if not title and not text:
        raise InputLineError("has neither a title nor a text")
    return InputArticle(
        id=_whole(str(number if record.get("id") is None else record["id"])),
        title=title,
        text=text,
        published=_moment(record.get("published")),
        language=_language(record),
        url=_optional(record, "url"),
        source=_optional(record, "source"),
        authors=_texts(record, "authors"),
        paragraphs=paragraphs,
        record=record,
    )


def decode_text(raw: bytes) -> str:
    """Return plain text of unknown encoding: as its byte order mark says, else UTF-8, else Windows-1252."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.removeprefix(mark).decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # Old text files of French newsrooms; the five bytes it leaves undefined are not worth a refusal.
        return raw.decode("cp1252", "replace")


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or time; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    moment = datetime.fromisoformat(text)
    return utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _moment(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputLineError("published: is not an ISO 8601 date in quotation marks")
    try:
        return parse_moment(value)
    except (ValueError, OverflowError) as error:
        raise InputLineError(
            f"published: {value!r} is not an ISO 8601 date such as 2025-09-19T08:30:00+02:00"
        ) from error


def _text(record: dict[str, Any], key: str) -> str:
    value = record[key]
    if not isinstance(value, str):
        raise InputLineError(f"{key}: is not text")
    return _whole(value)


def _optional(record: dict[str, Any], key: str) -> str | None:
    return _text(record, key) or None if record.get(key) is not None else None


def _language(record: dict[str, Any]) -> str | None:
    """Return the two letters of a language tag (BCP 47): « fr-FR » is « fr »; any other form is left to detection."""
    tag = (_optional(record, "lang") or "").replace("_", "-").split("-")[0].lower()
    return tag if len(tag) == 2 and tag.isalpha() else None


def _texts(record: dict[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return (_whole(value),)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputLineError(f"{key}: is not a list of texts")
    return tuple(_whole(item) for item in value)


def _whole(text: str) -> str:
    """Replace half characters one by one, so that offsets stay."""
    return _SURROGATE.sub("\ufffd", text)
