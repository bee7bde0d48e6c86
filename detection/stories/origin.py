"""Who reported first-hand: the agency that is credited, else the outlet itself."""

from __future__ import annotations

from collections.abc import Mapping


def origin_of(agency: str | None, source_name: str, original: str | None = None) -> str:
    """Return the origin of an article.

    Args:
        agency: the credit found on the page.
        source_name: the outlet that printed it.
        original: origin of the text it copies, if it is a copy.
    """
    return agency or original or source_name


#: state whose agency it is, ISO 3166-1 alpha-3, under the names that agencies are filed under
HOMES: Mapping[str, str] = {
    "AFP": "FRA", "AIB": "BFA", "AMAP": "MLI", "ANP": "NER", "ANSA": "ITA", "AP": "USA", "Anadolu": "TUR",
    "Belga": "BEL", "EFE": "ESP", "Keystone-ATS": "CHE", "MAP": "MAR", "RIA Novosti": "RUS", "Reuters": "GBR",
    "TASS": "RUS", "Xinhua": "CHN", "dpa": "DEU",
}  # fmt: skip


def side_of(origin: str, country: str | None, *, own: bool) -> str | None:
    """Return the state for which a report speaks: that of the outlet, or of the agency whose words it carries.

    Args:
        origin: who reported first-hand.
        country: of the outlet.
        own: the outlet itself is the origin.
    """
    return country if own else HOMES.get(origin)
