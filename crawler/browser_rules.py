"""What a page run in the browser may ask for: pure decisions about one request."""

from __future__ import annotations

from urllib.parse import urlsplit

from crawler.guard import url_refusal

#: what text can depend on; everything else a page asks for is left out (names after the Fetch standard)
WANTED = frozenset({"script", "stylesheet", "xhr", "fetch"})
#: hosts that count readers and sell space; no text comes from them or from hosts below them
TRACKERS = frozenset(
    {
        "2mdn.net", "adform.net", "adnxs.com", "adsafeprotected.com", "ads-twitter.com", "amazon-adsystem.com",
        "atinternet.com", "aticdn.net", "batch.com", "bing.com", "bluekai.com", "braze.com", "casalemedia.com",
        "chartbeat.com", "chartbeat.net", "clarity.ms", "connect.facebook.net", "criteo.com", "criteo.net",
        "demdex.net", "didomi.io", "doubleclick.net", "doubleverify.com", "facebook.com", "google-analytics.com",
        "googleadservices.com", "googlesyndication.com", "googletagmanager.com", "googletagservices.com",
        "hotjar.com", "imrworldwide.com", "krxd.net", "linkedin.com", "mixpanel.com", "moatads.com",
        "newrelic.com", "nr-data.net", "omtrdc.net", "onesignal.com", "optimizely.com", "outbrain.com",
        "permutive.com", "piano.io", "poool.fr", "privacy-center.org", "pubmatic.com", "quantcast.com",
        "quantserve.com", "rubiconproject.com", "scorecardresearch.com", "segment.com", "segment.io", "sentry.io",
        "sharethis.com", "smartadserver.com", "taboola.com", "teads.tv", "tiktok.com", "twitter.com", "xiti.com",
        "xiti.fr", "yandex.ru",
    }
)  # fmt: skip


def refusal(url: str, kind: str, *, navigation: bool) -> str | None:
    """Return why a page does not get what it asks for, or None when the request may be made.

    Args:
        url: address asked for.
        kind: what for, as the browser names it: ``script``, ``image``, ``xhr``, …
        navigation: whether the page, or a frame in it, would leave for that address.

    The page's own document is not asked for here: it was fetched before, under the same rules as any page.
    """
    if navigation:
        return "a page is not left for another one, and frames stay empty"
    if kind not in WANTED:
        return f"no text depends on what is asked for as {kind}"
    reason = url_refusal(url)
    if reason is not None:
        return reason
    if is_tracker(urlsplit(url).hostname or ""):
        return "the host counts readers or sells space"
    return None


def is_tracker(host: str) -> bool:
    """Whether ``host`` is one of :data:`TRACKERS` or below one."""
    labels = host.rstrip(".").lower().split(".")
    return any(".".join(labels[start:]) in TRACKERS for start in range(len(labels) - 1))
