"""``doctor``: is everything fit to run for months."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from alerts import breaker, health_wording
from alerts.lane import parts
from crawler.browser import BrowserSettings, find_chromium, missing
from detection.engine import load_folders
from scheduler.clock import now_utc
from scheduler.rulewatch import describe
from storage import channels, deliveries, folder, health, sources, watch_edits, watch_state, websub
from storage.errors import StorageError
from storage.types import DeliveryState, NetworkState
from vigie.searching import open_archive
from vigie.settings import Settings
from vigie.watch_definitions import standings

#: below this the archive soon cannot be written, in bytes
LEAST_FREE = 512 * 1024 * 1024
#: requests in a row after which a hub's silence is told
FAILING_HUB = 3
#: no clock is right before this
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
#: repaired in this SQLite; older ones can lose commits when two connections write (sqlite.org/wal.html)
GOOD_SQLITE = (3, 51, 3)


def examine(settings: Settings) -> list[dict[str, Any]]:
    """Return one finding a check: ``{"check", "ok", "detail"}``."""
    findings = [_disk(settings), _clock(), _sqlite(), *_browser(settings), _rules(settings)]
    if not any((settings.data_dir / name).exists() for name in (folder.DATABASE_NAME, folder.MARKER_NAME)):
        return [
            *findings,
            _finding("archive", ok=True, detail=f"none yet in {settings.data_dir}; 'vigie run' creates it"),
        ]
    try:
        with open_archive(settings) as database:
            findings += [
                _integrity(database),
                *_watch(database),
                *_sources(database),
                _outbox(database),
                *_hubs(database),
                *_channels(database, settings),
                *_edited_watches(settings, database),
            ]
    except StorageError as error:
        findings.append(_finding("archive", ok=False, detail=str(error)))
    return findings


def _finding(check: str, *, ok: bool, detail: str) -> dict[str, Any]:
    return {"check": check, "ok": ok, "detail": detail}


def _edited_watches(settings: Settings, database: Database) -> list[dict[str, Any]]:
    """Tell which watches people edited on the page, and which of these edits want a look."""
    found = standings(settings, watch_edits.latest(database))
    edited = [one for one in found if one.edited]
    if not edited:
        return []
    warnings = [warning for one in edited for warning in one.warnings]
    names = ", ".join(f"{one.watch_id} (version {one.version})" for one in edited)
    return [_finding("watches", ok=not warnings, detail="; ".join(warnings) or f"edited on the page: {names}")]


def _disk(settings: Settings) -> dict[str, Any]:
    place = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free
    return _finding("disk", ok=free >= LEAST_FREE, detail=f"{free / 1024**3:.1f} GiB free at {place}")


def _browser(settings: Settings) -> list[dict[str, Any]]:
    """Tell whether pages that need their scripts run can be read, where a source asks for it."""
    if not any(source.enabled and source.javascript for source in settings.sources):
        return []
    reason = missing(BrowserSettings(chromium=settings.chromium))
    found = f"pages run in {find_chromium(settings.chromium)}"
    root = "; as root it has no sandbox, run Vigie as another user" if os.geteuid() == 0 else ""
    return [_finding("browser", ok=reason is None, detail=reason or found + root)]


def _rules(settings: Settings) -> dict[str, Any]:
    """Tell whether every rule passes its tests; the running service tells the same in /readyz."""
    ok, detail = describe(load_folders(settings.rule_folders))
    return _finding("rules", ok=ok, detail=detail)


def _sqlite() -> dict[str, Any]:
    good = sqlite3.sqlite_version_info >= GOOD_SQLITE
    note = "" if good else "; safe here because one process writes through one connection"
    return _finding("sqlite", ok=True, detail=f"{sqlite3.sqlite_version}{note}")


def _integrity(database: Database) -> dict[str, Any]:
    verdict = "ok"
    with contextlib.suppress(sqlite3.DatabaseError):
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        return _finding("archive", ok=verdict == "ok", detail=verdict)
    return _finding("archive", ok=False, detail="the database is damaged; restore a backup with 'vigie restore'")


def _sources(database: Database) -> list[dict[str, Any]]:
    known = health.health(database)
    states = sources.states(database)
    findings = []
    for state in states:
        found = known.get(state.source_id)
        if found is not None and not found.well:
            word = health_wording.state_word(found.state, "en")
            reason = health_wording.explain(found, "en", ZoneInfo("UTC"))
            cure = health_wording.advice(found.state, "en")
            findings.append(_finding(f"source {state.source_id}", ok=False, detail=f"{word}: {reason} {cure}"))
        elif state.failure is not None:
            detail = f"{state.failure}: {state.detail}"
            findings.append(_finding(f"source {state.source_id}", ok=False, detail=detail))
    well = len(states) - len(findings)
    return [*findings, _finding("sources", ok=not findings, detail=f"{well} of {len(states)} are well")]


def _watch(database: Database) -> list[dict[str, Any]]:
    """The way to the press, and the last canary, as the service left them."""
    network, run = watch_state.network(database), watch_state.last_canary(database)
    down = network.state is NetworkState.DOWN
    reached = health_wording.network_sentence(network, "en") if down else "the press can be reached"
    if run is None:
        canary = _finding("canary", ok=True, detail="none has flown yet")
    else:
        at = f"{run.ended_at:%Y-%m-%d %H:%M} UTC"
        detail = f"came through at {at}" if run.stage is None else f"missed at {at}, at {run.stage}: {run.detail}"
        canary = _finding("canary", ok=run.ok, detail=detail)
    return [_finding("network", ok=not down, detail=reached), canary]


def _channels(database: Database, settings: Settings) -> list[dict[str, Any]]:
    findings = []
    for name in [name for channel in settings.channels for name in parts(channel)]:
        state = breaker.from_json(channels.state(database, name))
        well = not state.gone and not state.disabled and not breaker.is_open(state, settings.delivery)
        cure = f"{state.detail}; mend it, then 'vigie deliveries reset {name.partition('/')[0]}'"
        findings.append(_finding(f"channel {name}", ok=well, detail="no failures in a row" if well else cure))
    return findings


def _clock() -> dict[str, Any]:
    """A clock before this program was written cannot be right: every date in the archive would be wrong."""
    now = now_utc()
    return _finding("clock", ok=now >= WRITTEN, detail=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _hubs(database: Database) -> list[dict[str, Any]]:
    """Tell how the subscriptions at hubs stand, where there are any."""
    known = websub.all_subscriptions(database)
    if not known:
        return []
    states = Counter(str(subscription.state) for subscription in known)
    counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    failing = next((subscription for subscription in known if subscription.failures >= FAILING_HUB), None)
    detail = counts if failing is None else f"{counts}; {failing.source_id} at {failing.hub}: {failing.detail}"
    # A hub only ever makes polling sooner, so nothing is lost without it.
    return [_finding("hubs", ok=True, detail=detail)]


def _outbox(database: Database) -> dict[str, Any]:
    dead = deliveries.count(database, DeliveryState.DEAD)
    waiting = deliveries.count(database, DeliveryState.PENDING)
    return _finding("deliveries", ok=dead == 0, detail=f"{waiting} waiting, {dead} given up")
