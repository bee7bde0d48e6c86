"""A page's bytes as a tree, and small questions asked of it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from lxml import etree, html
from lxml.html import HtmlElement
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

from crawler.clean import clean_line

# What the parser would read as the end of the document, or not at all.
_UNPARSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|article|div|p|h1|script)[\s>/]", re.IGNORECASE)
_SNIFFED = 8192
#: stands for ``<br>`` once a tree is undressed
LINE_BREAK = "\u2028"
_HEADLINES = frozenset({"entry-title", "post-title", "headline", "article-title", "article__title", "titre-article"})
_UNSEEN = ("script", "style", "template", "noscript", "svg", "iframe")


def decode(body: bytes, declared: str | None = None) -> str:
    """Return the text of a page; every byte sequence has one.

    Servers declare encodings they do not use. So a byte order mark wins, then UTF-8 whenever the bytes are
    valid UTF-8 (which text in another encoding practically never is), then the declaration of the server,
    of the page, and at last Windows-1252, which HTML assumes (WHATWG Encoding).
    """
    mark_encoding, mark = read_bom(body)
    if mark_encoding is not None and mark is not None:
        return body[len(mark) :].decode(mark_encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for name in (declared, html_body_declared_encoding(body)):
        encoding = resolve_encoding(name) if name else None
        if encoding == "utf-8":
            return _nearly_utf8(body)
        if encoding is not None and _is_text_encoding(encoding):
            return body.decode(encoding, "replace")
    return body.decode("cp1252", "replace")


def _nearly_utf8(body: bytes) -> str:
    """Return the text of bytes that are called UTF-8 and are not quite: damaged, or something else by habit."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(character > "\x7f" for character in text) - broken
    return text if sound >= broken else body.decode("cp1252", "replace")


def _is_text_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, AttributeError):
        return False


def parse(body: bytes, declared: str | None = None) -> HtmlElement | None:
    """Return the tree of a page, or None when there is nothing in it."""
    text = _UNPARSABLE.sub("", decode(body, declared))
    if not text.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        tree = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    return tree if isinstance(tree, HtmlElement) else None


def looks_like_html(body: bytes) -> bool:
    """Whether the first bytes hold the tags of a web page."""
    # Without the zero bytes of UTF-16, whose ASCII letters are each one of them and the letter.
    return _HTML.search(body[: 2 * _SNIFFED].replace(b"\0", b"")[:_SNIFFED]) is not None


def text_of(element: HtmlElement) -> str:
    """Return an element's words on one line; of a page that is undressed, these are the words it prints."""
    return clean_line(element.text_content())


def meta(tree: HtmlElement, *names: str) -> str:
    """Return the first non-empty content of the ``<meta>`` elements so named, in the order of the names."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        if key in names and key not in found and (content := clean_line(element.get("content") or "")):
            found[key] = content
    return next((found[name] for name in names if name in found), "")


def metas(tree: HtmlElement, name: str) -> list[str]:
    """Return every content of the ``<meta>`` elements so named."""
    return [
        content
        for element in tree.iter("meta")
        if (element.get("property") or element.get("name") or "").strip().lower() == name
        and (content := clean_line(element.get("content") or ""))
    ]


def headings(tree: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """Yield the headings that may be the article's, with their words: first-rank ones, and those so named."""
    for element in tree.iter("h1", "h2", "h3"):
        if element.tag == "h1" or element.get("itemprop") == "headline" or _names_headline(element):
            words = text_of(element)
            if words:
                yield element, words


def _names_headline(element: HtmlElement) -> bool:
    # Teasers use these names too, so a link as a whole is none.
    names = (element.get("class") or "").lower().split()
    return not _HEADLINES.isdisjoint(names) and element.find(".//a[@href]") is None


def inline_scripts(tree: HtmlElement) -> list[str]:
    """Return the program text of the page's own scripts, JSON left out."""
    return [
        script.text
        for script in tree.iter("script")
        if script.text and "json" not in (script.get("type") or "").lower()
    ]


def undress(tree: HtmlElement) -> None:
    """Take out of ``tree``, in place, what no reader sees, and turn ``<br>`` into :data:`LINE_BREAK`.

    After that the plain text content of an element is what it prints.
    """
    for element in list(tree.iter(*_UNSEEN)):
        if element.getparent() is not None:
            element.drop_tree()
    for element in tree.iter("br"):
        element.tail = LINE_BREAK + (element.tail or "")


_CELLS = ("tbody", "thead", "tfoot", "tr", "td", "th", "center")
#: paragraphs that make a table a layout
_LAYOUT = 3


def unfold_layout_tables(tree: HtmlElement) -> None:
    """Turn tables that lay out the page into plain boxes, in place; they are no data."""
    for table in list(tree.iter("table")):
        is_layout = next(table.iterdescendants("h1"), None) is not None or len(list(table.iter("p"))) >= _LAYOUT
        if is_layout:
            for element in (table, *table.iterdescendants(*_CELLS)):
                element.tag = "div"
