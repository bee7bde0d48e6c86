"""Loads what reading a page needs; the fork server imports this once, and every worker begins with it.

The libraries load their models when they are first used, which takes half a second of a processor and
80 MiB. Done before the fork, it is done once, and the memory is shared.
"""

from __future__ import annotations

from datetime import UTC, datetime

from crawler.extract import extract_page

_PAGE = (
    "<!doctype html><html><head><title>Deux postes frontières fermés</title></head><body><article>"
    "<h1>Deux postes frontières fermés</h1><p>Le gouvernement a annoncé jeudi la fermeture de deux postes.</p>"
    "<p>Les transporteurs disposent de trois jours pour faire rentrer leurs véhicules au pays.</p></article></body>"
)


def warm_up() -> None:
    """Read a page, so that everything is loaded."""
    extract_page(_PAGE.encode(), url="https://example.org/", source_id="", fetched_at=datetime.now(UTC))


warm_up()
