"""Per-site overrides of the recipe: where an outlet keeps headline, standfirst and text, and what it must lose.

They are facts about sites, kept as data in ``overrides.toml`` and checked when they are loaded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.errors import OverrideError, SelectorError
from crawler.selectors import Selector

_FIELDS = ("title", "standfirst", "body", "authors", "date", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What one site's pages are read by, besides or instead of the general recipe."""

    title: tuple[Selector, ...] = ()
    standfirst: tuple[Selector, ...] = ()
    body: tuple[Selector, ...] = ()
    authors: tuple[Selector, ...] = ()
    date: tuple[Selector, ...] = ()
    #: removed before anything is read
    drop: tuple[Selector, ...] = ()
    #: whether boxes are removed by their names as on other sites
    prune: bool = True


def first_found(selectors: tuple[Selector, ...], tree: HtmlElement) -> list[HtmlElement]:
    """Return what the first selector that selects anything selects, without elements inside others of these."""
    for selector in selectors:
        found = selector.find(tree)
        if found:
            inside = set(found)
            return [element for element in found if not any(above in inside for above in element.iterancestors())]
    return []


def drop(override: Override, tree: HtmlElement) -> None:
    """Remove from ``tree``, in place, what the override says; text behind an element stays."""
    for selector in override.drop:
        for element in selector.find(tree):
            if element.getparent() is not None:
                element.drop_tree()


def override_for(url: str) -> Override | None:
    """Return the override for an address, by the longest domain that fits its host."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    sites = built_in()
    while host:
        if host in sites:
            return sites[host]
        host = host.partition(".")[2]
    return None


@cache
def built_in() -> Mapping[str, Override]:
    """Return the overrides that come with Vigie, by domain."""
    return parse_overrides(files("crawler").joinpath("overrides.toml").read_text("utf-8"), "overrides.toml")


def parse_overrides(text: str, name: str) -> dict[str, Override]:
    """Read overrides from TOML.

    Raises:
        OverrideError: the text is no TOML, or a site lacks its hosts, has unknown keys or selectors that cannot be
            read; the message names the site and the key.
    """
    try:
        sites = tomllib.loads(text).get("site", [])
    except tomllib.TOMLDecodeError as error:
        raise OverrideError(f"{name}: {error}") from error
    overrides: dict[str, Override] = {}
    for number, site in enumerate(sites, 1):
        hosts = site.pop("hosts", None) if isinstance(site, dict) else None
        place = f"{name}: site {number}" + (f" ({hosts[0]})" if isinstance(hosts, list) and hosts else "")
        if not isinstance(hosts, list) or not hosts or not all(isinstance(host, str) and host for host in hosts):
            raise OverrideError(f"{place}: 'hosts' must list the site's domains, such as [\"rfi.fr\"]")
        override = _override(site, place)
        for host in hosts:
            if host.lower() in overrides:
                raise OverrideError(f"{place}: {host} is listed twice; keep one")
            overrides[host.lower()] = override
    return overrides


def _override(site: dict[str, Any], place: str) -> Override:
    unknown = sorted(site.keys() - {*_FIELDS, "prune"})
    if unknown:
        raise OverrideError(f"{place}: unknown key {unknown[0]!r}; known are {', '.join((*_FIELDS, 'prune'))}")
    prune = site.get("prune", True)
    if not isinstance(prune, bool):
        raise OverrideError(f"{place}: 'prune' must be true or false")
    selectors: dict[str, tuple[Selector, ...]] = {}
    for key in _FIELDS:
        given = site.get(key, [])
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise OverrideError(f"{place}: {key!r} must be a list of selectors")
        try:
            selectors[key] = tuple(map(Selector, given))
        except SelectorError as error:
            raise OverrideError(f"{place}: {key!r}: {error}") from error
    return Override(prune=prune, **selectors)
