"""The ``[[source]]`` tables: each a source of its own, or changes to one of the built-in catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from storage.sources import LONGEST_BACKOFF
from storage.types import Source
from vigie.models import SourceTable
from vigie.setting_problems import Faults
from vigie.toml_lines import Location


def read_sources(tables: Iterable[SourceTable], built_in: Iterable[Source], faults: Faults) -> tuple[Source, ...]:
    """Return the sources of the file with those of the catalogue.

    Args:
        tables: as the file has them.
        built_in: sources that the tables may change by their id.
        faults: hears of what cannot be used.
    """
    known = {source.id: source for source in built_in}
    seen: set[str] = set()
    for index, table in enumerate(tables):
        place = ("source", index)
        if table.id in seen:
            faults.report((*place, "id"), f"two sources are called {table.id!r}; give each its own id")
            continue
        seen.add(table.id)
        source = _source(place, table, known.get(table.id), faults)
        if source is not None:
            known[table.id] = source
    return tuple(known.values())


def _source(place: Location, table: SourceTable, base: Source | None, faults: Faults) -> Source | None:
    given = {key: value for key, value in table.model_dump().items() if value is not None}
    if base is None:
        addresses = [*given.get("feeds", ()), *given.get("sitemaps", ()), *given.get("sections", ())]
        if not addresses:
            faults.report((*place, "feeds"), f'source {table.id!r} has nothing to read; give feeds = ["https://…"]')
            return None
        parts = urlsplit(addresses[0])
        given = {"name": table.id, "url": f"{parts.scheme}://{parts.netloc}/", **given}
    values = {field: getattr(base, field) for field in Source.__dataclass_fields__} if base else {}
    source = Source(**{**values, **given})
    if source.poll < timedelta(seconds=1):
        faults.report((*place, "poll"), "a source is polled at most once a second; write '15m'")
    if source.poll > LONGEST_BACKOFF:
        faults.warnings.append(f"source {source.id}: it is polled once a day, the longest wait there is")
        source = replace(source, poll=LONGEST_BACKOFF)
    return source
