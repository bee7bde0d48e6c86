"""JSON-LD on news pages: a tolerant reader for schema.org articles.

Pages wrap it in CDATA, leave trailing commas and raw line ends in strings, escape entities twice and hide
the article in ``@graph`` or in lists; all of that is read. Nothing here trusts types: every value can be
anything.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from lxml.html import HtmlElement

from crawler.clean import clean_line, plain

JsonObject: TypeAlias = dict[str, Any]

_FILMS = frozenset({"VideoObject", "AudioObject", "PodcastEpisode"})
_ARTICLE = re.compile(r"(?:\w*Article|BlogPosting|LiveBlogPosting|Report|Review)$")
_CDATA = re.compile(r"^\s*(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?|(?://|/\*)?\s*\]\]>\s*(?:\*/)?\s*$")
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_MAX_SCRIPT = 1_000_000
_MAX_OBJECTS = 2000
_WORD = re.compile(r"\w{3,}")


def article_object(tree: HtmlElement, hints: str) -> JsonObject:
    """Return the page's article object, empty when it has none.

    Args:
        tree: the page.
        hints: words of the page's title; of several articles, the one whose headline shares most wins.
    """
    objects = list(_objects(tree))
    by_id = {found["@id"]: found for found in objects if isinstance(found.get("@id"), str) and len(found) > 1}
    articles = [found for found in objects if _is_article(found)]
    wanted = set(_WORD.findall(hints.lower()))
    if not articles:
        return next((_as_article(found) for found in objects if _is_film(found, wanted)), {})
    best = max(articles, key=lambda found: len(wanted & set(_WORD.findall(text_of(found, "headline").lower()))))
    return {**best, "author": _resolved(best.get("author"), by_id)}


def text_of(found: JsonObject, key: str) -> str:
    """Return a string value in plain words, empty when it is missing or something else."""
    value = found.get(key)
    return plain(html.unescape(value)) if isinstance(value, str) else ""


def names_of(value: Any, *, people: bool = False) -> list[str]:
    """Return the names in a schema.org person, organisation, string or list of these.

    Args:
        value: what the page holds there.
        people: leave out what is marked as an organisation.
    """
    if isinstance(value, str):
        return [name] if (name := clean_line(html.unescape(html.unescape(value)))) else []
    if isinstance(value, list):
        return [name for part in value[:50] if not isinstance(part, list) for name in names_of(part, people=people)]
    if isinstance(value, dict) and not (people and "Organization" in str(value.get("@type"))):
        name = value.get("name") or f"{value.get('givenName') or ''} {value.get('familyName') or ''}".strip()
        return names_of(name) if isinstance(name, (str, list)) else []
    return []


def _resolved(author: Any, by_id: dict[str, JsonObject]) -> Any:
    """Follow ``{"@id": …}`` references to the persons described elsewhere on the page."""
    if isinstance(author, list):
        return [_resolved(part, by_id) for part in author if not isinstance(part, list)]
    if isinstance(author, dict) and "name" not in author and isinstance(author.get("@id"), str):
        return by_id.get(author["@id"], author)
    return author


def _is_article(found: JsonObject) -> bool:
    kinds = found.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds)


def _is_film(found: JsonObject, wanted: set[str]) -> bool:
    """Whether the page is about this film or recording: most words of its name stand in the page's title."""
    name = set(_WORD.findall(text_of(found, "name").lower()))
    return (
        isinstance(found.get("@type"), str)
        and found["@type"] in _FILMS
        and len(name & wanted) >= max(2.0, 0.7 * len(name))
    )


def _as_article(film: JsonObject) -> JsonObject:
    return {key: film[key] for key in ("datePublished", "uploadDate", "author") if key in film}


def _objects(tree: HtmlElement) -> Iterator[JsonObject]:
    """Yield every JSON object of every JSON-LD script, outer ones first; bounded, without recursion."""
    count = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        waiting: list[Any] = [_loaded(script.text or "")]
        while waiting and count < _MAX_OBJECTS:
            value = waiting.pop(0)
            if isinstance(value, dict):
                count += 1
                yield value
                waiting += [part for part in value.values() if isinstance(part, (dict, list))]
            elif isinstance(value, list):
                waiting += [part for part in value if isinstance(part, (dict, list))]


def _loaded(text: str) -> Any:
    if len(text) > _MAX_SCRIPT:
        return None
    text = _CDATA.sub("", text)
    for candidate in (text, _TRAILING_COMMA.sub("", text)):
        try:
            # strict=False accepts the raw line ends and tabs that templates leave in strings.
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return None
