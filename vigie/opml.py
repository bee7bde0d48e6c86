"""OPML 2.0: lists of feeds from and for other programs. Pure reading and writing.

An OPML file is somebody else's: document types are refused, with them entities and everything that is loaded from
elsewhere; size, depth and number are bounded; each address is checked as the configuration would.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urljoin
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from crawler.clean import clean_line, cut
from crawler.guard import url_refusal
from storage.types import Source
from vigie.errors import VigieError
from vigie.sourcefile import identifier

#: bytes of a file that is read
MAX_BYTES = 5 * 1024 * 1024
#: how deep outlines may nest
MAX_DEPTH = 50
#: outlines that are read
MAX_OUTLINES = 5000
_MAX_NAME = 200
_LANGUAGES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of an OPML file."""

    line: int
    title: str
    feed: str
    home: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an OPML file lists, and what of it was refused, by line."""

    outlines: tuple[Outline, ...]
    refused: tuple[tuple[int, str], ...] = ()


def read_opml(name: str, body: bytes) -> Reading:
    """Return the feeds of an OPML file, those in nested outlines included.

    Args:
        name: the file's name, for messages.
        body: its bytes.

    Raises:
        VigieError: the file is too large, no OPML, or defines entities or a document type.
    """
    if len(body) > MAX_BYTES:
        raise VigieError(f"{name} is larger than {MAX_BYTES // 1024 // 1024} MiB, no list of feeds")
    handler = _Handler()
    try:
        defusedxml.sax.parse(BytesIO(body), handler, forbid_dtd=True)
    except _LimitError as error:
        raise VigieError(f"{name}: {error}") from error
    except DefusedXmlException as error:
        raise VigieError(f"{name} defines a document type or entities, which lists of feeds do not need") from error
    except (SAXException, ValueError, LookupError) as error:
        raise VigieError(f"{name} is no OPML: {cut(clean_line(str(error)), 200)}") from error
    if not handler.is_opml:
        raise VigieError(f"{name} is no OPML: its root element is not <opml>")
    return Reading(outlines=tuple(handler.outlines), refused=tuple(handler.refused))


class _LimitError(Exception):
    """The file is beyond a bound."""


@dataclass(slots=True)
class _State:
    depth: int = 0
    count: int = 0
    seen: set[str] = field(default_factory=set)


class _Handler(ContentHandler):
    """Gathers outlines with the line each begins on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_opml = False
        self.outlines: list[Outline] = []
        self.refused: list[tuple[int, str]] = []
        self._state = _State()

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (the parser's name)
        """Take in an element."""
        state = self._state
        state.depth += 1
        if state.depth == 1:
            self.is_opml = name.lower() == "opml"
        if state.depth > MAX_DEPTH:
            raise _LimitError(f"outlines nest deeper than {MAX_DEPTH}")
        if name.lower() != "outline":
            return
        state.count += 1
        if state.count > MAX_OUTLINES:
            raise _LimitError(f"more than {MAX_OUTLINES} outlines")
        # Programs differ in the case of attributes.
        values = {key.lower(): clean_line(value) for key, value in attrs.items()}
        if values.get("xmlurl"):
            self._feed(values)

    def endElement(self, name: str) -> None:  # noqa: N802 (the parser's name)
        """Leave an element."""
        self._state.depth -= 1

    def _feed(self, values: dict[str, str]) -> None:
        line = int(self._locator.getLineNumber() or 0)  # type: ignore[attr-defined]  # the base class sets it
        feed = values["xmlurl"]
        reason = url_refusal(feed)
        if reason is not None:
            self.refused.append((line, reason))
            return
        if feed in self._state.seen:
            return
        self._state.seen.add(feed)
        home = values.get("htmlurl", "")
        language = values.get("language", "").lower()[:_LANGUAGES]
        self.outlines.append(
            Outline(
                line=line,
                title=cut(values.get("title") or values.get("text") or "", _MAX_NAME),
                feed=feed,
                home=home if home and url_refusal(home) is None else urljoin(feed, "/"),
                language=language
                if len(language) == _LANGUAGES and language.isascii() and language.isalpha()
                else None,
            )
        )


def sources_of(outlines: Iterable[Outline], taken: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources that outlines stand for: those of one title and home page are one outlet.

    Args:
        outlines: as read.
        taken: ids that are in use.
    """
    grouped: dict[tuple[str, str], list[Outline]] = {}
    for outline in outlines:
        grouped.setdefault((outline.title, outline.home), []).append(outline)
    used = set(taken)
    found: list[Source] = []
    for (title, home), feeds in grouped.items():
        source_id = identifier(title, home, used)
        used.add(source_id)
        found.append(
            Source(
                id=source_id,
                name=title or source_id,
                url=home,
                feeds=tuple(outline.feed for outline in feeds),
                language=next((outline.language for outline in feeds if outline.language), None),
            )
        )
    return tuple(found)


def write_opml(sources: Sequence[Source]) -> bytes:
    """Return the feeds of sources as OPML 2.0; sitemaps and section pages have no place in it."""
    root = ET.Element("opml", version="2.0")
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = "Vigie"
    body = ET.SubElement(root, "body")
    for source in sources:
        for feed in source.feeds:
            name = clean_line(source.name)
            outline = ET.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=feed, htmlUrl=source.url)
            if source.language:
                outline.set("language", source.language)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
