"""Who reported first-hand: the agency that is credited, else the outlet itself."""

from __future__ import annotations


def origin_of(agency: str | None, source_name: str, original: str | None = None) -> str:
    """Return the origin of an article.

    Args:
        agency: the credit found on the page.
        source_name: the outlet that printed it.
        original: origin of the text it copies, if it is a copy.
    """
    return agency or original or source_name
