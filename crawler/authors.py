"""Who signed an article: the people, told from agencies, outlets and desks that stand in the same places.

The structured data of a page comes first, then its meta elements, the printed byline, the signature under the
text, and the feed. A printed byline that names those people and others besides is the fuller one and wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from crawler import bylines
from crawler.agencies import agency_name, credit_line
from crawler.clean import clean_line, squeezed
from crawler.jsonld import JsonObject, names_of
from crawler.page import meta, metas
from storage.types import FeedEntry

_MAX_AUTHORS = 10
_MAX_BYLINE = 160
#: characters of a stated author that are looked at
_MAX_LINE = 500
#: elements looked at for a byline, from the headline on
_MAX_LOOKED_AT = 4000

_BY = re.compile(rf"^{bylines.LEAD}\s+", re.IGNORECASE)
_OPENS_BYLINE = re.compile(rf"^(?:{bylines.OPENING})(?!\w)", re.IGNORECASE)
_BETWEEN = re.compile(rf"\s*(?:{bylines.BETWEEN})\s*", re.IGNORECASE)
_ROLE = re.compile(rf"(?:\s+|^)(?:{bylines.ROLE})$", re.IGNORECASE)
_NO_NAME = re.compile(rf"{bylines.NO_NAME_MARKS}|\b(?:{'|'.join(bylines.NO_NAME_WORDS)})\b", re.IGNORECASE)
_PHOTOGRAPHERS = re.compile(bylines.PHOTOGRAPHERS, re.IGNORECASE)
_PICTURE = re.compile(bylines.PICTURE_AGENCIES + r"\W*$", re.IGNORECASE)
# « Awa DIARRA Lejournal.net »: the site's address closes the signature.
_HOST = re.compile(r"(?<=\w)\s+(?:www\.)?[\w-]{4,}\.[a-z]{2,7}$")
_NAME_WORD = re.compile(r"(?:[A-ZÀ-ÝŁŠŽ][\w'’.-]*|[dlDL]['’][A-ZÀ-Ý][\w'’.-]*|[A-ZÀ-Ý]\.)$")
_PART = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-zà-ÿ])|\d+")
_PROFILE = re.compile(
    r"/(?:auteure?s?|authors?|journalistes?|signataires?|redaction|redacteurs?|contributeurs?|profile?s?|personnes?|by)[/-]"
    r"|[?&]author=",
    re.IGNORECASE,
)
_MARGINS = frozenset({"nav", "footer", "aside", "form"})
_ELSEWHERE = re.compile(r"comment|related|sidebar|recommend|teaser|widget|popular|menu", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed: people for the reader, everything that stood there for the agency and the line filter."""

    people: tuple[str, ...]
    #: whole lines that are bylines, as printed, agencies and outlets included
    lines: tuple[str, ...]
    #: squeezed names of the site itself
    outlets: frozenset[str] = frozenset()


def signed(
    tree: HtmlElement,
    article: JsonObject,
    heading: HtmlElement | None,
    entry: FeedEntry | None,
    url: str,
    scripts: Iterable[str] = (),
) -> Signed:
    """Return who signed the page.

    Args:
        tree: the page, undressed, nothing pruned yet.
        article: its JSON-LD.
        heading: the element that prints the headline.
        entry: what the feed said.
        url: the page's address; an author named like the site is the site.
        scripts: the page's own programs, asked last.
    """
    outlets = _outlets(tree, article, url)
    stated = names_of(article.get("author"), people=True) or names_of(article.get("creator"), people=True)
    named = _meta_names(tree)
    marked, printed = _bylines(tree, heading, outlets)
    fed = entry.authors if entry else ()
    lines = (*names_of(article.get("author")), *named, *marked, *printed, *fed)
    sources: list[tuple[Iterable[str], bool]] = [
        (stated, True),
        (named, True),
        (printed, False),
        (marked, False),
        (fed, True),
    ]
    people = next(
        (found for source, is_stated in sources if (found := _all_people(source, outlets, is_stated=is_stated))), ()
    )
    fuller = _all_people(printed or marked, outlets)
    if len(fuller) > len(people) and {*map(squeezed, people)} <= {*map(squeezed, fuller)}:
        people = fuller
    people = (
        people
        or _in_scripts(scripts, outlets)
        or _all_people(_unmarked(tree, heading), outlets)
        or _only_author(tree, outlets)
    )
    return Signed(people=people, lines=tuple(dict.fromkeys(lines)), outlets=outlets)


def _outlets(tree: HtmlElement, article: JsonObject, url: str) -> frozenset[str]:
    """Return the squeezed names of the site itself."""
    names = [meta(tree, "og:site_name", "application-name", "twitter:site"), *names_of(article.get("publisher"))]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    parts = [part for part in host.split(".") if len(part) > 3]
    return frozenset(filter(None, [*map(squeezed, names), *parts, squeezed(host)]))


def agency_among(names: Iterable[str]) -> str | None:
    """Return the first agency among names that signed (``AFP``, ``Le Jour avec AFP``)."""
    for raw in names:
        for name in (raw, *_BETWEEN.split(clean_line(raw))):
            name = name.strip(" ()[]")
            agency = agency_name(_BY.sub("", name)) or credit_line(name) if name else None
            if agency:
                return agency
    return None


def people_in(line: str, outlets: frozenset[str] = frozenset(), *, is_stated: bool = False) -> list[str]:
    """Return the people a byline names, such as ``Par Awa DIARRA, à Gao, et Jean Petit avec AFP``.

    Args:
        line: the byline.
        outlets: squeezed names of the site, which are no people.
        is_stated: it comes from structured data, where names in small letters are names too.
    """
    # « (avec Jean Petit et Awa Diarra) » names authors; other brackets hold places and outlets.
    if not is_stated and _PICTURE.search(line):
        return []
    line = _PHOTOGRAPHERS.sub("", line) or line
    line = re.sub(r"\((avec [^)]*)\)", r" \1", clean_line(line[:_MAX_LINE]), flags=re.IGNORECASE)
    line = _BY.sub("", re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", line))
    people = []
    for part in _BETWEEN.split(_HOST.sub("", line)):
        name = clean_line(_ROLE.sub("", _BY.sub("", part.strip(" .,-–—:"))))
        if _is_person(name, is_stated=is_stated) and not _is_outlet(name, outlets) and agency_name(name) is None:
            people.append(_cased(name))
    return people


def is_signature(line: str) -> bool:
    """Whether a whole line is nothing but one to three people's names, with or without an agency or outlet."""
    if len(line) > 80 or line.endswith((".", "!", "?", "»", ":")):
        return False
    parts = [part for part in _BETWEEN.split(clean_line(line)) if part]
    return bool(parts) and len(parts) <= 3 and _is_person(parts[0]) and len(people_in(line)) > 0


def _all_people(lines: Iterable[str], outlets: frozenset[str], *, is_stated: bool = False) -> tuple[str, ...]:
    people: dict[str, str] = {}
    for line in lines:
        for name in people_in(line, outlets, is_stated=is_stated):
            people.setdefault(squeezed(name), name)
    return tuple(people.values())[:_MAX_AUTHORS]


def _is_person(name: str, *, is_stated: bool = False) -> bool:
    words = name.split()
    if not (2 <= len(words) <= 6 and 4 < len(name) <= 60) or _NO_NAME.search(name):
        return False
    if words[0].casefold().rstrip("'’") in bylines.OUTLET_STARTS:
        return False
    if any(word.isupper() and agency_name(word) for word in words):
        return False
    is_lower = is_stated and name == name.lower()
    solid = [word for word in words if word.casefold() not in bylines.PARTICLES]
    return len(solid) >= 2 and (is_lower or all(_NAME_WORD.match(word) for word in solid))


def _is_outlet(name: str, outlets: frozenset[str]) -> bool:
    key = squeezed(name)
    return any(key == outlet or (len(key) > 5 and (key in outlet or outlet in key)) for outlet in outlets)


def _cased(name: str) -> str:
    """Write names in capitals throughout as names are written; ``Awa DIARRA`` stays as printed."""
    if name != name.upper() and name != name.lower():
        return name
    words = [
        word if word.casefold() in bylines.PARTICLES and index else word.title()
        for index, word in enumerate(name.split())
    ]
    return " ".join(
        word.lower() if word.casefold() in bylines.PARTICLES and index else word for index, word in enumerate(words)
    )


# --- where names stand -----------------------------------------------------------------------------------


def _meta_names(tree: HtmlElement) -> list[str]:
    names = [
        *metas(tree, "author"),
        *metas(tree, "article:author"),
        *metas(tree, "dc.creator"),
        *metas(tree, "dcterms.creator"),
        *metas(tree, "parsely-author"),
        *metas(tree, "sailthru.author"),
        *metas(tree, "cxenseparse:author"),
    ]
    # WordPress plug-ins say it in the labelled data of cards.
    for number in "12":
        label = meta(tree, f"twitter:label{number}").casefold()
        if label in {"écrit par", "written by", "auteur", "author", "par", "rédigé par"}:
            names.append(meta(tree, f"twitter:data{number}"))
    return names


_CLASSES = ("uthor", "uteur", "yline", "ignat", "riter", "ontributor", "ournaliste", "edacteur")
_PROFILES = ("auteur", "author", "journaliste", "signataire", "redact", "contributeur", "/profil", "/personne", "/by/")


def _holding(parts: tuple[str, ...]) -> str:
    return " or ".join(f"contains(., '{part}')" for part in parts)


# A first, coarse choice in one pass of libxml2; _is_marked looks closer. The predicates stand on the attributes:
# on the elements, each part would look its attribute up again.
_NAMED = (
    f"{{axis}}*/@class[{_holding(_CLASSES)}]/.. | {{axis}}a/@href[{_holding(_PROFILES)}]/.."
    " | {axis}*[@rel='author' or @itemprop='author' or @itemprop='creator']"
)
# Texts whose first letters are those of « Par », « By », « Propos recueillis », « Soumis par »…
_STARTS = (
    "text()[contains('Par PAR par By Propos Recueilli De Avec Texte Écrit Rédigé Auteur Un Written Soumis Submitted"
    " Posted',"
    " substring(normalize-space(.), 1, 3)) and string-length(normalize-space(.)) > 1]"
)
_AFTER = etree.XPath(f"{_NAMED.format(axis='following::')} | following::{_STARTS}/..")
_AUTHORED = etree.XPath(".//*[@rel='author' or @itemprop='author']")
_ANYWHERE = etree.XPath(f"{_NAMED.format(axis='.//')} | .//{_STARTS}/..")


def _bylines(tree: HtmlElement, heading: HtmlElement | None, outlets: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the marked-up bylines, and the lines that print « Par … », from the headline on."""
    marked: list[str] = []
    printed: list[str] = []
    for element in _candidates(tree, heading):
        is_marked = _is_marked(element)
        line = element
        # « <i>Par Awa Diarra (avec AFP)</i> » between line breaks is whole; others go on around it.
        is_whole = _OPENS_BYLINE.match(_spaced(element)) is not None and bool(people_in(_spaced(element), outlets))
        while not is_marked and not is_whole and line.tag in _INLINE and (parent := line.getparent()) is not None:
            # « Par » in an element of its own opens the line around it.
            line = parent
        for candidate in (line, line.getparent()):
            text = _spaced(candidate) if candidate is not None and (is_marked or len(candidate) <= 8) else ""
            if not 4 < len(text) <= _MAX_BYLINE or _is_sentence(text) or _stands_elsewhere(element):
                break
            if _OPENS_BYLINE.match(text) and people_in(text, outlets):
                printed.append(text)
                break
            if is_marked:
                marked.append(text)
                break
    return marked[:5], printed[:3]


_OTHERS = re.compile(r"comment|related|recommend|teaser|popular|associated|plus-lus|most-read", re.IGNORECASE)


def _only_author(tree: HtmlElement, outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the one person whom the page's mark-up calls an author, in whatever margin, if it is one."""
    found: set[tuple[str, ...]] = set()
    for element in _AUTHORED(tree)[:_MOST_CANDIDATES]:
        boxes = (f"{box.get('class') or ''} {box.get('id') or ''}" for box in (element, *element.iterancestors()))
        if not any(map(_OTHERS.search, boxes)) and (people := tuple(people_in(_spaced(element), outlets))):
            found.add(people)
    return found.pop() if len(found) == 1 else ()


def _is_sentence(text: str) -> bool:
    """Whether a text is prose, such as the line that presents an author."""
    return len(text) > _MAX_NAMES and text.endswith((".", "!", "?", "…"))


_INLINE = frozenset({"span", "strong", "em", "b", "i", "small", "cite"})
_MOST_CANDIDATES = 120


def _candidates(tree: HtmlElement, heading: HtmlElement | None) -> list[HtmlElement]:
    """Return the elements that may be bylines: in the boxes close around the headline, then after it, in page order."""
    if heading is None:
        found = _ANYWHERE(tree)
    else:
        above = [box for box in list(heading.iterancestors())[:3] if box.tag not in {"body", "html", "main"}]
        near = [element for element in _ANYWHERE(above[-1]) if element is not heading] if above else []
        found = near + _AFTER(above[-1] if above else heading)
    return [element for element in found[:_MOST_CANDIDATES] if isinstance(element, HtmlElement)]


def _spaced(element: HtmlElement) -> str:
    """Return an element's words with a blank between its parts, which bylines set apart by style alone.

    Several links or items are several names.
    """
    parts = element.findall(".//a") if len(element.findall(".//a")) > 1 else element.findall(".//li")
    if len(parts) > 1:
        opening = (element.text or "").strip()
        return clean_line(f"{opening} " + ", ".join(" ".join(part.itertext()) for part in parts))
    return clean_line(" ".join(element.itertext()))


def _unmarked(tree: HtmlElement, heading: HtmlElement | None) -> list[str]:
    """Return the names in a short box right after the headline, family names in capitals as desks write them."""
    names: list[str] = []
    started = False
    for looked_at, element in enumerate(tree.iter("h1", "h2", "h3", "span", "p", "div", "strong")):
        started = started or element is heading
        if not started or element is heading or len(element) > 2:
            continue
        text = _spaced(element)
        if len(text) <= _MAX_NAMES and _CAPITALS.search(text) and is_signature(text.rstrip(" .")):
            names.append(text.rstrip(" ."))
            break
        if len(text) > _MAX_BYLINE or looked_at > _MAX_LOOKED_AT:
            break
    return names


_MAX_NAMES = 80
# A given name, then a family name in capitals.
_CAPITALS = re.compile(r"[A-ZÀ-Ý][a-zà-ÿ-]+(?: [A-ZÀ-Ý]?[\w-]+){0,2} [A-ZÀ-Ý]{2,}")


def _is_marked(element: HtmlElement) -> bool:
    if "author" in (element.get("rel") or "").split() or element.get("itemprop") in {"author", "creator"}:
        return True
    if element.tag == "a":
        return _PROFILE.search(element.get("href") or "") is not None
    names = element.get("class")
    return bool(names) and not bylines.CLASS_WORDS.isdisjoint(word.lower() for word in _PART.findall(names[:300]))


def _stands_elsewhere(element: HtmlElement) -> bool:
    for ancestor in element.iterancestors():
        if ancestor.tag in {"body", "main"}:
            return False
        if ancestor.tag in _MARGINS and not _is_own_footer(ancestor) and not _holds_headline(ancestor):
            return True
        names = f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}"
        if _ELSEWHERE.search(names) and not _holds_headline(ancestor):
            return True
    return False


def _holds_headline(box: HtmlElement) -> bool:
    return next(box.iterdescendants("h1"), None) is not None


def _is_own_footer(box: HtmlElement) -> bool:
    """Whether a footer is that of the article, where Drupal prints who wrote it and when."""
    parent = box.getparent()
    return box.tag == "footer" and parent is not None and parent.tag == "article" and _holds_headline(parent)


_SCRIPT_AUTHOR = re.compile(r"""\bauthors?["']?\s*[:=]\s*["']([^"'\\<>{}\n]{5,60})["']""", re.IGNORECASE)
_MAX_SCRIPT = 200_000


def _in_scripts(scripts: Iterable[str], outlets: frozenset[str]) -> tuple[str, ...]:
    """Return the one author that the page's audience measurement is told, when nothing else names any."""
    found: set[tuple[str, ...]] = set()
    for script in scripts:
        for match in _SCRIPT_AUTHOR.finditer(script[:_MAX_SCRIPT]):
            people = tuple(people_in(match[1], outlets))
            if people:
                found.add(people)
    return found.pop() if len(found) == 1 else ()
