"""The identity of an article's address.

The same article is linked with campaign parameters, fragments, default ports and capitals in its host.
:func:`article_key` folds these away. The key is compared and stored, never fetched.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: parameters that say where a reader came from or who is visiting, never which article is meant
_TRACKING = re.compile(
    r"utm_\w*|at_(?:medium|campaign|custom\d*|link\w*|format|creation|variant|send_date|recipient\w*|ptr_\w+|bbc_\w+)"
    r"|xtor|xtref|xts|xtnp|xtcr|aef_campaign_\w+|maca|traffic_source|ns_(?:mchannel|source|campaign|linkname|fee)"
    r"|wt_z?mc|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id|mc_[ce]id"
    r"|_ga|_gl|_hsenc|_hsmi|mkt_tok|ocid|s_cid|cmpid|cmp|spm|__twitter_impression|outputtype|amp"
    # The same page for every visit, never another one.
    r"|phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|sid",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^;/]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Canonical quoting of odd bytes can take a second pass to settle.
_PASSES = 4


def article_key(url: str) -> str:
    """Return the canonical form of ``url`` under which an article is known.

    Scheme and host are lower-case, default port, fragment, user information and tracking parameters are
    gone, the query is sorted and percent-encoding is uniform. Applying it twice changes nothing. Text that
    is no URL comes back without blanks; no text raises.
    """
    key = _SURROGATE.sub("\ufffd", url)
    for _ in range(_PASSES):
        folded = _fold(key)
        if folded == key:
            break
        key = folded
    return key


def is_web_address(url: str) -> bool:
    """Whether ``url`` is absolute, http or https, and names a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


@cache
def _suffixes() -> Any:
    import tldextract

    # The list shipped with the library: nothing is fetched and nothing is written.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=4096)
def site(host: str) -> str:
    """Return the registrable domain of a host; the host itself for numeric addresses and single names."""
    host = host.rstrip(".").lower()
    registered = str(_suffixes()(host).top_domain_under_public_suffix)
    if registered or host.rpartition(".")[2].isdecimal() or ":" in host:
        return registered or host
    # A top-level domain the list does not know, as in private networks.
    return ".".join(host.split(".")[-2:])


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one registrable domain; no address belongs to anything unreadable."""
    try:
        hosts = urlsplit(one).hostname, urlsplit(other).hostname
    except ValueError:
        return False
    return bool(hosts[0] and hosts[1]) and site(hosts[0] or "") == site(hosts[1] or "")


def is_tracking(parameter: str) -> bool:
    """Whether a query parameter of this name only tells where a reader came from."""
    return _TRACKING.fullmatch(parameter) is not None


def _fold(url: str) -> str:
    bare = _CONTROL.sub("", url)
    try:
        parts = _without_noise(urlsplit(bare))
        if not parts.netloc:
            return bare
        return str(canonicalize_url(urlunsplit(parts), keep_blank_values=True, keep_fragments=False))
    except ValueError:
        # An address no parser reads is its own identity.
        return bare


def _without_noise(parts: SplitResult) -> SplitResult:
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    path = _SESSION_IN_PATH.sub("", parts.path)
    return parts._replace(netloc=host, path=path, query=_without_tracking(parts.query), fragment="")


def _without_tracking(query: str) -> str:
    kept = []
    for field in query.split("&"):
        names = parse_qsl(field, keep_blank_values=True, max_num_fields=1)
        if field and not (names and is_tracking(names[0][0])):
            kept.append(field)
    return "&".join(kept)
