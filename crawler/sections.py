"""Section pages without a feed: which links of a page look like articles. Pure: bytes in, entries out.

A link is judged by three things:

* its address: a *slug* of several words, a date or a number in the path. The address with its words and numbers
  blanked out is its :func:`shape` (``/*/2026/#/slug``);
* its place: links in menus, footers, asides and boxes of related pages are left out; links that share a container
  with several article links are taken for their like;
* what earlier readings learnt: the shapes that article addresses of this section have. A learnt shape is enough
  where the page of today shows too few links to be sure.

Links in other sites, files and the section's own pagination are never followed. A page that asks robots not to
follow its links (``nofollow``, ``none``) is obeyed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from crawler.clean import MAX_TITLE, clean_line, cut
from crawler.guard import linked_address
from crawler.listings import Listing, refusal
from crawler.page import looks_like_html, metas, parse, text_of
from crawler.urls import article_key, is_tracking, same_site
from storage.types import CrawlFailure, FailureReason, FeedEntry

#: entries taken over from one page, in the order they stand on it
MAX_LINKS = 100
#: links looked at on one page
MAX_ANCHORS = 5000
#: shapes remembered, most frequent first
MAX_SHAPES = 20
#: article links that make a container or a shape one of articles
ENOUGH = 3
_MIN_TITLE = 20
_MAX_DEPTH = 9
_ASIDE_TAGS = frozenset({"nav", "footer", "aside", "form", "dialog"})
_ASIDE_ROLES = frozenset({"navigation", "contentinfo", "complementary", "search", "dialog", "menu", "menubar"})
# Whole names of classes and ids, with a word before and after: "main-menu", "related-posts"; but "has-sidebar" is
# what themes call the whole page.
_ASIDE_NAME = re.compile(
    r"(?:(?!has|with|no|without|left|right)[a-z]+[-_]+)?"
    r"(?:nav|navbar|navigation|menu|submenu|footer|sidebar|breadcrumbs?|ariane|sharing|social|related|newsletter|"
    r"comments|cookies?|consent|pagination|pager|tags|tag-?cloud|partners|partenaires|most-?read|most-?popular|"
    r"plus-?lus|sponsored|advert|publicite)"
    r"(?:[-_]+[a-z]+)?"
)
_SLUG = re.compile(r"[^\W_]+(?:[-_+][^\W_]+)+", re.UNICODE)
_YEAR = re.compile(r"(?:19[89]|20\d)\d")
_DATE = re.compile(r"(?:19[89]|20\d)\d[-_]?(?:0[1-9]|1[0-2])[-_]?(?:[0-2]\d|3[01])")
_NUMBER = re.compile(r"\d+")
_LONG_NUMBER = re.compile(r"(?<![\d])\d{5,}(?![\d])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_EXTENSION = re.compile(r"\.(\w{1,5})$")
_PAGE_EXTENSIONS = frozenset({"html", "htm", "shtml", "php", "asp", "aspx", "jsp", "cfm", "xhtml"})
#: parts of the path right under which sites keep lists, people and pages of their own
_LISTS = frozenset(
    {"tag", "tags", "category", "categories", "categorie", "rubrique", "rubriques", "section", "sections"}
    | {"topic", "topics", "theme", "themes", "dossier", "dossiers", "author", "authors", "auteur", "auteurs"}
    | {"page", "pages", "search", "recherche", "archives", "calendar", "agenda", "newsletter", "newsletters"}
    | {"redaction", "emission", "emissions", "personnalite", "personnalites", "profil", "profile", "people", "lieu"}
    | {"login", "account", "compte", "contact", "about", "a-propos", "mentions-legales", "feed", "rss", "comments"}
)
_NO_TITLE = re.compile(r"(?:lire|read|voir|see|en savoir|découvrir|more|plus|continue)\b.{0,25}", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class _Link:
    url: str
    shape: str
    strong: bool
    container: str
    title: str
    from_heading: bool


def read_section(
    body: bytes, url: str, *, encoding: str | None = None, robots_tag: str | None = None, learnt: str | None = None
) -> Listing | CrawlFailure:
    """Return the links of a section page that look like articles, or why there are none.

    Args:
        body: the page, content codings undone.
        url: its address.
        encoding: character encoding the server declared.
        robots_tag: the X-Robots-Tag header.
        learnt: what earlier readings gave.
    """
    tree = parse(body, encoding) if looks_like_html(body) else None
    if tree is None:
        return refusal(FailureReason.NOT_A_FEED, "the section's address gave no web page")
    if _forbids_following([*metas(tree, "robots"), robots_tag or ""]):
        return refusal(FailureReason.ROBOTS, "the section page asks robots not to follow its links (nofollow)")
    shapes = _shapes(learnt)
    chosen = _choose(_links(tree, url), shapes)
    if not chosen:
        return refusal(
            FailureReason.EMPTY_FEED,
            "no link of the section page looks like an article; its links may need JavaScript to show",
        )
    entries = tuple(FeedEntry(url=link.url, title=link.title) for link in chosen[:MAX_LINKS])
    return Listing(entries=entries, learnt=_as_learnt(shapes, chosen))


def _forbids_following(rules: list[str]) -> bool:
    words = {word for rule in rules for word in re.split(r"[\s,:]+", rule.lower())}
    return bool(words & {"nofollow", "none"})


# --- links and their place -------------------------------------------------------------------------


def _links(tree: HtmlElement, page: str) -> list[_Link]:
    """Return the page's links to other pages of the site, each address once, those in asides left out."""
    base = page
    for element in tree.iter("base"):
        base = _joined(page, element.get("href") or "") or page
        break
    own = article_key(page)
    found: dict[str, _Link] = {}
    seen = 0
    # How many asides are open, within each <main>: a menu that is never closed holds the whole page.
    asides = [0]
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag == "main":
            asides = [*asides, 0] if event == "start" else asides[:-1]
        asides[-1] += (1 if event == "start" else -1) * _is_aside(element)
        if event == "end" or element.tag != "a" or asides[-1]:
            continue
        seen += 1
        if seen > MAX_ANCHORS:
            break
        link = _link(element, base, page)
        if link is None or (key := article_key(link.url)) == own:
            continue
        known = found.setdefault(key, link)
        if (link.from_heading, len(link.title)) > (known.from_heading, len(known.title)):
            known.title, known.from_heading = link.title, link.from_heading
    return list(found.values())


def _is_aside(element: HtmlElement) -> bool:
    if element.tag in {"html", "body", "main", "a"} or not isinstance(element.tag, str):
        return False
    if element.tag in _ASIDE_TAGS or (element.get("role") or "").strip().lower() in _ASIDE_ROLES:
        return True
    # Publishing systems write an article's own tags and categories into the class of its element.
    if element.tag == "article":
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"[:500].lower().split()
    return any(_ASIDE_NAME.fullmatch(name) for name in names)


def _link(element: HtmlElement, base: str, page: str) -> _Link | None:
    url = _joined(base, element.get("href") or "")
    if url is None or "nofollow" in (element.get("rel") or "").lower().split() or not same_site(url, page):
        return None
    parts = urlsplit(url)
    form = shape(url)
    # The section itself under another query is its next page, or the same list in another order.
    if form is None or parts.path == urlsplit(page).path != "/":
        return None
    title, from_heading = _title(element)
    return _Link(
        url=parts._replace(fragment="").geturl(),
        shape=form,
        strong=looks_like_article(url),
        container=_container(element),
        title=title,
        from_heading=from_heading,
    )


def _joined(base: str, href: str) -> str | None:
    href = href.strip()
    return None if href.startswith("#") else linked_address(base, href)


def _title(element: HtmlElement) -> tuple[str, bool]:
    """Return the headline a link carries, and whether it stands in a heading."""
    inner = next((node for node in element.iter("h1", "h2", "h3", "h4", "h5", "h6")), None)
    parent = element.getparent()
    in_heading = inner is not None or (parent is not None and parent.tag in {"h1", "h2", "h3", "h4", "h5", "h6"})
    words = text_of(inner if inner is not None else element) or clean_line(element.get("title") or "")
    if _NO_TITLE.fullmatch(words) or len(words.split()) < 2:
        return "", False
    return cut(words, MAX_TITLE), in_heading


def _container(element: HtmlElement) -> str:
    """Return the kind of place a link stands in: the names of the elements around it."""
    names: list[str] = []
    node = element.getparent()
    while node is not None and len(names) < 3:
        names.append(f"{node.tag}.{(node.get('class') or '').split(' ', 1)[0][:40]}")
        node = node.getparent()
    return ">".join(reversed(names))


# --- addresses -------------------------------------------------------------------------------------


def shape(url: str) -> str | None:
    """Return an address with its words and numbers blanked out, or None when it cannot be an article's.

    ``/afrique/20261127-le-titre-de-l-article`` has the shape ``/*/#-slug``.
    """
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > _MAX_DEPTH or (not segments and not parts.query):
        return None
    extension = _extension(parts)
    if extension and extension not in _PAGE_EXTENSIONS:
        return None
    form = "".join(f"/{_blanked(segment)}" for segment in segments)
    query = sorted({name for name, _ in _query(parts) if not is_tracking(name)})
    return form + (f".{extension}" if extension else "") + (f"?{'&'.join(query)}" if query else "")


def _blanked(segment: str) -> str:
    name = _EXTENSION.sub("", segment)
    if _YEAR.fullmatch(name):
        return "year"
    if _NUMBER.fullmatch(name):
        return "#"
    words = _words(name)
    if words >= 4:
        return "#-slug" if _NUMBER.search(name) else "slug"
    if words >= 2:
        return "#-name" if _NUMBER.search(name) else "name"
    return "#*" if _NUMBER.search(name) else "*"


def _words(name: str) -> int:
    return len(_WORD.findall(name)) + len(_NUMBER.findall(name)) if _SLUG.search(name) else 1


def _extension(parts: SplitResult) -> str:
    found = _EXTENSION.search(parts.path)
    return found[1].lower() if found and not found[1].isdecimal() else ""


def _query(parts: SplitResult) -> list[tuple[str, str]]:
    try:
        return parse_qsl(parts.query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return []


def looks_like_article(url: str) -> bool:
    """Whether an address by itself looks like an article's: several words, or a date or a long number with some."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if not segments or (len(segments) > 1 and segments[-2].lower() in _LISTS):
        return False
    last = _EXTENSION.sub("", segments[-1])
    hyphens = last.count("-") + last.count("_")
    if hyphens >= 3 and _words(last) >= 4:
        return True
    dated = _DATE.search(parts.path.replace("/", "-")) is not None
    if dated:
        return hyphens >= 1 and _words(last) >= 2
    # A person or a subject has a number too, but seldom three words.
    return _LONG_NUMBER.search(last) is not None and len(_WORD.findall(last)) >= 3


# --- the choice, and what it teaches ---------------------------------------------------------------


def _choose(links: list[_Link], shapes: Counter[str]) -> list[_Link]:
    """Return the links taken for articles, in the order of the page."""
    here = Counter(link.shape for link in links if link.strong)
    places = Counter(link.container for link in links if link.strong and link.title)
    return [link for link in links if _is_chosen(link, here, places, shapes)]


def _is_chosen(link: _Link, here: Counter[str], places: Counter[str], shapes: Counter[str]) -> bool:
    if link.strong:
        # One address of its kind, without words, is as likely a page of the site's own.
        return bool(link.title) or here[link.shape] + shapes[link.shape] >= ENOUGH
    if len(link.title) < _MIN_TITLE:
        return False
    first = urlsplit(link.url).path.strip("/").split("/", 1)[0].lower()
    if first in _LISTS:
        return False
    return shapes[link.shape] >= ENOUGH or places[link.container] >= ENOUGH


def _shapes(learnt: str | None) -> Counter[str]:
    """Return how often each shape was an article's before; nothing when it cannot be read."""
    if not learnt:
        return Counter()
    try:
        stated = json.loads(learnt)["shapes"]
        return Counter({str(form): min(int(count), 1000) for form, count in list(stated.items())[:MAX_SHAPES]})
    except (ValueError, KeyError, TypeError, AttributeError):
        return Counter()


def _as_learnt(shapes: Counter[str], chosen: list[_Link]) -> str:
    """Fold this page's shapes into what is remembered; old ones fade, so that a new design takes over."""
    folded = Counter({form: count * 9 // 10 for form, count in shapes.items() if count > 1})
    folded.update(link.shape for link in chosen if link.strong)
    return json.dumps({"shapes": dict(folded.most_common(MAX_SHAPES))}, ensure_ascii=False)
