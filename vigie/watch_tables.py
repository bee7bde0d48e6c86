"""The ``[[watch]]`` tables: what each asks for, and whether what it names exists and fits together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.hours import quiet_until
from detection.countries import countries
from detection.query import Query, QueryError, parse_watch
from detection.taxonomy import event_types
from storage.types import Watch
from vigie.models import WatchTable
from vigie.setting_problems import Faults, suggest
from vigie.toml_lines import Location


def read_watches(
    tables: Iterable[WatchTable], sources: set[str], channels: set[str], faults: Faults
) -> tuple[tuple[Watch, ...], dict[str, Query]]:
    """Return the watches, and the parsed query of each that has one.

    Args:
        tables: as the file has them.
        sources: ids that a watch may name.
        channels: likewise.
        faults: hears of what cannot be used.
    """
    watches: list[Watch] = []
    queries: dict[str, Query] = {}
    for index, table in enumerate(tables):
        place = ("watch", index)
        if table.id in {watch.id for watch in watches}:
            faults.report((*place, "id"), f"two watches are called {table.id!r}; give each its own id")
            continue
        _check_pairs(table, faults)
        faults.check_names((*place, "types"), "type", table.types, set(event_types()))
        faults.check_names((*place, "sources"), "source", table.sources, sources)
        faults.check_names((*place, "channels"), "channel", table.channels, channels)
        _check_escalation(place, table, channels, faults)
        if not table.channels:
            faults.warnings.append(f"watch {table.id}: it has no channel; its alerts show on the page only")
        _check_digest(table, faults)
        if table.query is not None:
            try:
                queries[table.id] = parse_watch(table.query)
            except QueryError as error:
                faults.report((*place, "query"), str(error))
        watches.append(_watch(table))
    return tuple(watches), queries


def _check_pairs(table: WatchTable, faults: Faults) -> None:
    for code in sorted({code for pair in table.pairs for code in pair} - set(countries())):
        faults.warnings.append(
            f"watch {table.id}: no text names {code!r} to Vigie, so its pair never alerts{suggest(code, countries())}"
        )


def _check_escalation(place: Location, table: WatchTable, channels: set[str], faults: Faults) -> None:
    faults.check_names((*place, "escalate_to"), "channel", table.escalate_to, channels)
    if table.escalate_after is None and table.escalate_to:
        faults.report((*place, "escalate_to"), "after how long? add escalate_after = '15m', or drop escalate_to")
    elif table.escalate_after is not None and not table.escalate_to:
        faults.report((*place, "escalate_after"), 'to whom? add escalate_to = ["…"], or drop escalate_after')
    elif table.escalate_after is not None and table.escalate_after < timedelta(seconds=1):
        faults.report((*place, "escalate_after"), "nobody can acknowledge that fast; write '15m'")
    elif table.escalate_to and not table.channels:
        faults.report((*place, "escalate_to"), "the watch has no channel, so nothing is sent that could be missed")


def _check_digest(table: WatchTable, faults: Faults) -> None:
    if table.digest is None or table.digest.every != "daily" or table.quiet_hours is None:
        return
    # Any week will do: whether a time lies in quiet hours is asked of the clock, not of the calendar.
    monday = datetime(2024, 1, 1, table.digest.at.hour, table.digest.at.minute, tzinfo=UTC)
    week = (monday + timedelta(days=day) for day in range(7))
    if any(quiet_until(table.quiet_hours, ZoneInfo("UTC"), moment) for moment in week):
        faults.warnings.append(
            f"watch {table.id}: its daily digest at {table.digest.at:%H:%M} lies in its quiet hours, "
            f"and goes out when they end, at {table.quiet_hours.end:%H:%M}"
        )


def _watch(table: WatchTable) -> Watch:
    values = table.model_dump()
    hours = {"quiet_hours": table.quiet_hours, "digest": table.digest}
    return Watch(**{**values, **hours, "name": table.name or table.id})
