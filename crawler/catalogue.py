"""The built-in catalogue of outlets (``catalogue.toml``), as sources."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import Any

from storage.types import Source

_DURATION = re.compile(r"(\d+)([mh])")
_UNIT = {"m": "minutes", "h": "hours"}


def catalogue() -> tuple[Source, ...]:
    """Return the built-in sources, most important first."""
    text = files("crawler").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(_source(table) for table in tomllib.loads(text)["source"])


def _source(table: dict[str, Any]) -> Source:
    match = _DURATION.fullmatch(table["poll"])
    if match is None:
        raise ValueError(f"catalogue.toml: source {table['id']}: poll = {table['poll']!r} is no duration like '10m'")
    number, unit = match.groups()
    return Source(
        id=table["id"],
        name=table["name"],
        url=table["url"],
        feeds=tuple(table.get("feeds", ())),
        sitemaps=tuple(table.get("sitemaps", ())),
        sections=tuple(table.get("sections", ())),
        language=table["language"],
        country=table["country"],
        state_affiliation=table.get("state_affiliation"),
        poll=timedelta(**{_UNIT[unit]: int(number)}),
        full_text=table.get("full_text", True),
    )
