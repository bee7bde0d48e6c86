"""Bodies that hurt: bombs, monstrous pages and poisoned feeds, made when they are served, never stored."""

from __future__ import annotations

import gzip
import unicodedata
import zlib
from collections.abc import Iterator
from functools import lru_cache

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
#: what each bomb unpacks to
BOMB = 10 * 1024 * MEBIBYTE
_BLOCK = 16 * MEBIBYTE


def bomb(window: int) -> Iterator[bytes]:
    """Yield a stream of zeros that unpacks to :data:`BOMB` bytes; ``window`` as :func:`zlib.compressobj` takes it.

    A block that ends in a full flush stands by itself, so that one compressed block can be sent again and again.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    yield packer.compress(b"\0" * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * _BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(BOMB // _BLOCK - 1):
        yield block


@lru_cache(maxsize=1)
def packed_bomb() -> bytes:
    """Return a gzip bomb inside gzip: some kilobytes that unpack to ten gigabytes in two steps."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(part) for part in bomb(31)) + packer.flush()


def page(body: str, head: str = "") -> bytes:
    """Return a small French page around ``body``."""
    return (
        "<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>Deux postes frontières fermés</title>"
        f"{head}</head><body><article><h1>Deux postes frontières fermés</h1>{body}</article></body></html>"
    ).encode()


TOKEN = "Les transporteurs disposent de trois jours pour faire rentrer leurs véhicules"
ARTICLE = page(
    "<p>Le gouvernement a annoncé jeudi la fermeture de deux postes frontières avec son voisin du nord.</p>"
    f"<p>{TOKEN}, selon le porte-parole qui parlait devant la presse réunie dans la capitale.</p>"
)


def deep() -> bytes:
    """Return 200,000 elements inside each other."""
    return page("<div>" * 200_000 + TOKEN)


def attributes() -> bytes:
    """Return one tag with 100,000 attributes, on which libxml2 is quadratic."""
    return page("<div " + " ".join(f"a{n}=1" for n in range(100_000)) + f">{TOKEN}</div>")


def paragraphs() -> bytes:
    """Return 100,000 paragraphs."""
    return page("".join(f"<p>Paragraphe numéro {n} sur rien.</p>" for n in range(100_000)))


def links() -> bytes:
    """Return a page of 100,000 links."""
    return page("".join(f'<li><a href="/{n}">Lien {n}</a></li>' for n in range(100_000)))


def table() -> bytes:
    """Return a table of 50,000 rows."""
    return page("<table>" + "".join(f"<tr><td>{n}<td>x" for n in range(50_000)) + "</table>")


def word() -> bytes:
    """Return a word of nearly five megabytes."""
    return page("<p>" + "a" * (5 * MEBIBYTE - KIBIBYTE) + "</p>")


def json_ld() -> bytes:
    """Return JSON-LD nested 100,000 deep."""
    script = '<script type="application/ld+json">' + '{"@graph":[' * 100_000 + "</script>"
    return page(f"<p>{TOKEN} et bien d'autres choses encore.</p>", script)


def feed(items: str, doctype: str = "") -> bytes:
    """Return an RSS feed."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{doctype}<rss version="2.0"><channel><title>Journal</title>'
        f"{items}</channel></rss>"
    ).encode()


def item(title: str) -> str:
    """Return an RSS item."""
    return f"<item><title>{title}</title><link>/article</link></item>"


def laughs() -> bytes:
    """Return the billion laughs: entities of entities."""
    lines = ['<!ENTITY l0 "ha">'] + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11)]
    return feed(item("&l10;"), f"<!DOCTYPE rss [{''.join(lines)}]>")


def quadratic() -> bytes:
    """Return one long entity used many times over."""
    return feed(item("&a;" * 50_000), f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]>')


def external(address: str) -> bytes:
    """Return a feed whose title is an external entity."""
    return feed(item("&canary;"), f'<!DOCTYPE rss [<!ENTITY canary SYSTEM "{address}">]>')


def parameter(address: str) -> bytes:
    """Return a feed with an external parameter entity."""
    return feed(item("Titre"), f'<!DOCTYPE rss [<!ENTITY % canary SYSTEM "{address}"> %canary;]>')


def dtd(address: str) -> bytes:
    """Return a feed whose document type lies elsewhere."""
    return feed(item("Titre"), f'<!DOCTYPE rss SYSTEM "{address}">')


def xinclude(address: str) -> bytes:
    """Return a feed that includes another file."""
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}" parse="text"/>'
    return feed(f"<item><title>{include}</title><link>/article</link></item>")


def stylesheet(address: str) -> bytes:
    """Return a feed with a style sheet to be fetched."""
    return feed(item("Titre")).replace(b"?><rss", f'?><?xml-stylesheet type="text/xsl" href="{address}"?><rss'.encode())


def sitemap(poisoned: bytes) -> bytes:
    """Return a poisoned feed as a news sitemap: the same document type and entities, the other vocabulary."""
    names = (
        "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'"
    )
    place = "<loc>/article</loc><n:news><n:publication_date>2026-01-01</n:publication_date><n:title>"
    text = poisoned.decode().replace('<rss version="2.0">', f"<urlset {names}>").replace("</rss>", "</urlset>")
    text = (
        text.replace("<channel><title>Journal</title>", "")
        .replace("</channel>", "")
        .replace("DOCTYPE rss", "DOCTYPE urlset")
    )
    text = text.replace("<item><title>", f"<url>{place}")
    return text.replace("</title><link>/article</link></item>", "</n:title></n:news></url>").encode()


#: a title as it should be read, whatever the bytes claim to be
TITLE = "Trêve à l’aube : l’été s’achève à Ménaka"
_TEXT = (
    "À Ménaka, où la trêve fut signée, les négociateurs ont dit leur espoir d’un été sans combats pour les éleveurs."
)


def lying(meta: str, encoding: str, *, before: str = "", junk: str = "", errors: str = "strict") -> bytes:
    """Return a page in ``encoding`` that claims ``meta``; ``before`` stands before the claim, ``junk`` in the text."""
    claim = f'<meta charset="{meta}">' if meta else ""
    text = (
        f"<!doctype html><html lang='fr'><head>{before}{claim}<title>{TITLE}</title></head><body><article>"
        f"<h1>{TITLE}</h1><p>{_TEXT}{junk}</p><p>{TOKEN} et gagner la ville voisine avant la nuit.</p></article></body>"
    )
    return text.encode(encoding, errors)


#: name → (Content-Type, body) of pages that lie about their encoding or hold what is no text
LIES: dict[str, tuple[str, bytes]] = {
    "header-latin-body-utf8": ("text/html; charset=iso-8859-1", lying("", "utf-8")),
    "meta-latin-body-utf8": ("text/html", lying("iso-8859-1", "utf-8")),
    "header-utf8-body-cp1252": ("text/html; charset=utf-8", lying("windows-1252", "cp1252")),
    "meta-utf8-body-cp1252": ("text/html", lying("utf-8", "cp1252")),
    "no-claim-cp1252": ("text/html", lying("", "cp1252")),
    "late-claim": ("text/html", lying("windows-1252", "cp1252", before=f"<!--{'x' * 3000}-->")),
    "mark-utf16": ("text/html; charset=utf-8", "\ufeff".encode("utf-16-le") + lying("utf-8", "utf-16-le")),
    "mark-utf8-header-latin": ("text/html; charset=iso-8859-1", b"\xef\xbb\xbf" + lying("iso-8859-1", "utf-8")),
    "unknown-encoding": ("text/html; charset=x-martian", lying("x-klingon", "utf-8")),
    "codec-that-is-no-text": ("text/html; charset=base64", lying("rot13", "utf-8")),
    "utf7": ("text/html; charset=utf-7", lying("utf-7", "utf-8")),
    "zero-bytes": ("text/html; charset=utf-8", lying("utf-8", "utf-8", junk=" un\0 deux\0\0 trois")),
    "controls": ("text/html; charset=utf-8", lying("utf-8", "utf-8", junk=" \x01\x08\x0b\x1b\x7f\x80\x85\x9f")),
    "surrogates": (
        "text/html; charset=utf-8",
        lying("utf-8", "utf-8", junk=" \ud800 et \udfff", errors="surrogatepass"),
    ),
    "surrogate-in-json": (
        "text/html; charset=utf-8",
        lying(
            "utf-8",
            "utf-8",
            before='<script type="application/ld+json">{"@type":"NewsArticle","headline":"'
            + TITLE
            + '","author":{"@type":"Person","name":"A\\ud800wa Diallo"},"articleSection":"\\udfff"}</script>',
        ),
    ),
    "decomposed": (
        "text/html; charset=utf-8",
        unicodedata.normalize("NFD", lying("utf-8", "utf-8").decode()).encode(),
    ),
    "line-separators": ("text/html; charset=utf-8", lying("utf-8", "utf-8", junk=" un\u2028deux\u2029trois")),
    "directions": ("text/html; charset=utf-8", lying("utf-8", "utf-8", junk=" \u202egnirts\u202c \u2066x\u2069")),
}

SOUND_GZIP = gzip.compress(ARTICLE)
