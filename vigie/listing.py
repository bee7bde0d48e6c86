"""Lists of sources: what is configured, what is known of it, what it answers now."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from alerts import health_wording
from crawler.routing import CrawlerRouter
from scheduler.clock import now_utc
from storage import folder, pauses, rhythm, sources
from storage import health as stored_health
from storage.types import AddressKind, Health, PollOrder, Source, SourcePause, SourceState
from vigie.crawling import crawler_settings
from vigie.errors import VigieError
from vigie.searching import open_archive
from vigie.settings import Settings


def source_rows(settings: Settings) -> list[dict[str, Any]]:
    """Return every configured source with its state, if it was ever polled."""
    known: dict[str, SourceState] = {}
    judged: dict[str, Health] = {}
    reasons: dict[str, str] = {}
    paused: dict[str, SourcePause] = {}
    if (settings.data_dir / folder.DATABASE_NAME).exists():
        with open_archive(settings) as database:
            known = {state.source_id: state for state in sources.states(database)}
            judged = stored_health.health(database)
            reasons = rhythm.plan_reasons(database)
            paused = pauses.active(database, now_utc())
    rows = [
        _row(source, known.get(source.id), judged.get(source.id), paused.get(source.id)) for source in settings.sources
    ]
    return [{**row, "next_check_reason": reasons.get(row["id"])} for row in rows]


def _row(source: Source, state: SourceState | None, health: Health | None, pause: SourcePause | None) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "url": source.url,
        "country": source.country,
        "language": source.language,
        "state_affiliation": source.state_affiliation,
        "feeds": list(source.feeds),
        "sitemaps": list(source.sitemaps),
        "sections": list(source.sections),
        "poll": source.poll,
        "enabled": source.enabled,
        "health": _health(source, state, health, pause),
        "state": health.state if health else None,
        "reason": _reason(health, pause),
        "paused_until": pause.ends_at if pause else None,
        "since": health.since if health else None,
        "failure": state.failure if state else None,
        "detail": state.detail if state else None,
        "failures": state.failures if state else 0,
        "last_checked": state.last_checked_at if state else None,
        "last_success": state.last_success_at if state else None,
        "last_new": state.last_new_at if state else None,
        "next_check": state.next_check_at if state else None,
    }


def _health(source: Source, state: SourceState | None, health: Health | None, pause: SourcePause | None) -> str:
    if not source.enabled:
        return "off"
    if pause is not None:
        return "paused"
    if state is None or state.last_checked_at is None:
        return "never polled"
    if health is not None and not health.well:
        return str(health.state)
    return f"failing: {state.failure}" if state.failure else "ok"


def _reason(health: Health | None, pause: SourcePause | None) -> str | None:
    if pause is not None:
        return str(pause)
    return health_wording.explain(health, "en", ZoneInfo("UTC")) if health else None


async def check_sources(settings: Settings, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Poll the addresses of some sources, or of all enabled ones, without storing anything.

    Raises:
        VigieError: there is no such source.
    """
    known = {source.id: source for source in settings.sources}
    for source_id in ids:
        if source_id not in known:
            raise VigieError(f"there is no source {source_id!r}; 'vigie sources list' shows them")
    wanted = [known[source_id] for source_id in ids] or [source for source in settings.sources if source.enabled]
    crawler = CrawlerRouter(crawler_settings(settings))
    await crawler.start()
    try:
        return await asyncio.gather(
            *(_check(crawler, source, kind, url) for source in wanted for kind, url in source.addresses)
        )
    finally:
        await crawler.stop()


async def _check(crawler: CrawlerRouter, source: Source, kind: AddressKind, url: str) -> dict[str, Any]:
    result = await crawler.poll(
        PollOrder(
            id=f"{source.id} {kind} {url}",
            source_id=source.id,
            url=url,
            kind=kind,
            javascript=source.javascript and kind is AddressKind.SECTION,
        )
    )
    failure = result.failure
    moved = f"it has moved for good to {result.moved_to}: change the address" if result.moved_to else None
    return {
        "source": source.id,
        "kind": kind,
        "address": url,
        "ok": failure is None,
        "entries": len(result.entries),
        "moved_to": result.moved_to,
        "detail": f"{failure.reason}: {failure.detail}" if failure else moved,
    }
