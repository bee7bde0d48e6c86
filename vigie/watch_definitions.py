"""Definitions of watches: what stands in the file, what people edited on the page, and which of the two holds.

The file is the source. An edit holds in its place until somebody goes back to the file's; a watch that was made on the
page has no other. An edit that cannot be used any more never takes a watch away that the file has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from detection.query import QueryError, parse_watch
from detection.taxonomy import event_types
from review.bench import Checked, Definition, Fault, Standing
from scheduler.watch_source import WatchSet
from storage import watch_edits
from storage.database import open_reader
from storage.errors import StorageError
from storage.folder import DATABASE_NAME
from storage.types import Watch
from storage.watch_edits import WatchEdit
from vigie.durations import format_duration
from vigie.settings import ReadWatch, Settings, read_watch

#: keys that name what may leave the configuration
_NAMES = ("channels", "escalate_to", "sources", "types")


def check(definition: Definition, settings: Settings) -> Checked:
    """Hold a definition to the rules of the file, and name the key of everything that is wrong."""
    read = _read(definition, settings)
    faults = [Fault(key=_key(problem.key), message=problem.message) for problem in read.problems]
    query = definition.get("query")
    if isinstance(query, str):
        try:
            parse_watch(query)
        except QueryError as error:
            faults = [fault for fault in faults if fault.key != "query"]
            faults.append(Fault(key="query", message=error.message, position=error.position))
    return Checked(watch=read.watch, query=read.query, faults=tuple(faults), warnings=read.warnings)


def _read(definition: Definition, settings: Settings) -> ReadWatch:
    return read_watch(
        definition, (source.id for source in settings.sources), (channel.id for channel in settings.channels)
    )


def _key(dotted: str) -> str:
    """Return the key of ``watch[1].pairs[2]``."""
    _, _, rest = dotted.partition(".")
    return rest.partition("[")[0].partition(".")[0]


def digest(definition: Definition | None) -> str:
    """Return a short hash of a definition, empty for none: equal definitions have equal ones."""
    if definition is None:
        return ""
    text = json.dumps(definition, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- which definition holds -----------------------------------------------------------------------


def standings(settings: Settings, edits: Mapping[str, WatchEdit]) -> list[Standing]:
    """Return every watch of the file in its order, then those that were made on the page.

    Args:
        settings: as the file gives them.
        edits: the last version of each watch that was edited.
    """
    ids = list(dict.fromkeys((*settings.watch_tables, *(watch.id for watch in settings.watches), *edits)))
    found = (_standing(settings, watch_id, edits.get(watch_id)) for watch_id in ids)
    # A watch of the page that was taken back has nothing left.
    return [one for one in found if one.in_file is not None or one.edited]


def _standing(settings: Settings, watch_id: str, edit: WatchEdit | None) -> Standing:
    own = next((watch for watch in settings.watches if watch.id == watch_id), None)
    in_file = settings.watch_tables.get(watch_id) or (None if own is None else table_of(own))
    if edit is None or edit.definition is None:
        return Standing(
            watch_id=watch_id, edit=edit, in_file=in_file, watch=own, query=settings.queries.get(watch_id),
            definition=in_file or {}, file_changed=False, file_digest=digest(in_file),
        )  # fmt: skip
    changed = edit.based_on != digest(in_file)
    warnings = []
    if changed:
        what = "was taken out of the configuration" if in_file is None else "was changed in the configuration"
        warnings.append(
            f"watch {watch_id}: it {what} after {edit.by} edited it on the page (version {edit.version}); "
            "the edit holds. Take the change over on the page, or go back to the file's there"
        )
    watch, query = None, None
    if edit.enabled:
        read, left_out = _usable(edit.definition, settings)
        warnings += left_out
        watch, query = read.watch, read.query
        if watch is None:
            message = "; ".join(f"{_key(problem.key)}: {problem.message}" for problem in read.problems)
            instead = "that of the configuration holds" if own is not None else "it is out of use"
            warnings.append(f"watch {watch_id}: version {edit.version} cannot be used ({message}); {instead}")
            watch, query = own, settings.queries.get(watch_id)
    return Standing(
        watch_id=watch_id, edit=edit, in_file=in_file, watch=watch, query=query, definition=edit.definition,
        file_changed=changed, file_digest=digest(in_file), warnings=tuple(warnings),
    )  # fmt: skip


def _usable(definition: Definition, settings: Settings) -> tuple[ReadWatch, list[str]]:
    """Read a stored definition; names that left the configuration are left out, with a word on each."""
    known = {
        "channels": {channel.id for channel in settings.channels},
        "escalate_to": {channel.id for channel in settings.channels},
        "sources": {source.id for source in settings.sources},
        "types": set(event_types()),
    }
    cleaned, warnings = dict(definition), []
    for key in _NAMES:
        given = definition.get(key)
        if not isinstance(given, list):
            continue
        gone = [name for name in given if name not in known[key]]
        if not gone or (key in {"sources", "types"} and len(gone) == len(given)):
            # Without any source or type left the watch would read everything: better it is refused.
            continue
        cleaned[key] = [name for name in given if name in known[key]]
        names = ", ".join(str(name) for name in gone)
        warnings.append(f"watch {definition.get('id')}: {key} names {names}, which the configuration has no more")
    if "escalate_to" in cleaned and not cleaned["escalate_to"]:
        cleaned.pop("escalate_to")
        cleaned.pop("escalate_after", None)
    return _read(cleaned, settings), warnings


def table_of(watch: Watch) -> dict[str, Any]:
    """Return the definition of a watch that was made in code, as in the demo."""
    found: dict[str, Any] = {"id": watch.id, "name": watch.name, "min_severity": watch.min_severity}
    found |= {
        key: [str(value) for value in values]
        for key in ("types", "statuses", "sources", "languages", "channels", "escalate_to")
        if (values := getattr(watch, key))
    }
    if watch.pairs:
        found["pairs"] = ["-".join(pair) for pair in watch.pairs]
    if watch.query is not None:
        found["query"] = watch.query
    found |= {
        key: format_duration(value)
        for key in ("max_age", "cooldown", "escalate_after")
        if (value := getattr(watch, key)) is not None
    }
    return found


def watch_set(settings: Settings, edits: Mapping[str, WatchEdit]) -> WatchSet:
    """Return the watches that hold."""
    found = standings(settings, edits)
    return WatchSet(
        watches=tuple(one.watch for one in found if one.watch is not None),
        queries={one.watch_id: one.query for one in found if one.watch is not None and one.query is not None},
        warnings=tuple(warning for one in found for warning in one.warnings),
    )


def read_watches(settings: Settings, database: Database) -> WatchSet:
    """Return the watches that hold in an archive."""
    return watch_set(settings, watch_edits.latest(database))


def with_edits(settings: Settings) -> Settings:
    """Return settings with the watches that hold in their archive; those of the file where it cannot be read.

    For commands beside the service: ``check``, ``flag``, ``import``, ``backtest``, ``evaluate``.
    """
    if not (settings.data_dir / DATABASE_NAME).exists():
        return settings
    try:
        database = open_reader(settings.data_dir)
    except StorageError:
        # What is wrong with the archive is told by the commands that are about it.
        return settings
    try:
        found = read_watches(settings, database)
    finally:
        database.conn.close()
    return _with(settings, found)


def _with(settings: Settings, found: WatchSet) -> Settings:
    used = {channel_id for watch in found.watches for channel_id in watch.channels}
    notify = tuple(channel.id for channel in settings.channels if channel.id in used)
    return replace(
        settings,
        watches=found.watches,
        queries=dict(found.queries),
        notify=settings.notify if settings.notify_given else notify,
        warnings=(*settings.warnings, *found.warnings),
    )
