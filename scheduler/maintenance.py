"""Housekeeping: leases that expired, clocks that jumped, what retention lets go, daily copies."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from scheduler import ladder
from scheduler.refetch import WINDOW
from storage import backup, deliveries, entries, health, looks, retention, sources, stories, templates

#: changes of state, interruptions and canaries are kept for so long
HEALTH_KEPT = timedelta(days=365)

logger = logging.getLogger(__name__)

#: fingerprints and names find copies and kin of articles that are at most ten days apart; the rest is for late arrivals
FINGERPRINTS_KEPT = timedelta(days=45)
#: how long it is remembered of an article that it needs no more looks
LOOKS_KEPT = timedelta(days=30)


def audit(database: Database, now: datetime, *, longest_wait: timedelta) -> int:
    """Return expired leases to the queue and pull back what a wrong clock parked; return how many rows moved."""
    moved = deliveries.recover(database, now, everything=False)
    moved += deliveries.clamp(database, now + longest_wait)
    moved += sources.clamp(database, now)
    moved += entries.clamp(database, now)
    moved += looks.clamp(database, now + WINDOW)
    ladder.keep(database, now)
    return moved


def give_up_removed(database: Database, channel_ids: Sequence[str]) -> int:
    """Make dead letters of what waits for channels that are configured no more: nobody would ever send it.

    Args:
        database: the archive, inside a transaction.
        channel_ids: the channels that are configured.

    Returns:
        How many deliveries that were; each can be replayed once its channel is back.
    """
    gone = deliveries.give_up_unknown(database, channel_ids, "the channel is configured no more")
    if gone:
        logger.error("%d deliveries are dead letters: their channels are configured no more", gone)
    return gone


def forget(database: Database, now: datetime, *, evidence: timedelta, attempts: timedelta) -> None:
    """Let go of saved pages and attempts that are older than retention asks for."""
    pages = retention.forget_evidence(database, now - evidence)
    tries = retention.forget_attempts(database, now - attempts)
    looks.forget(database, now - LOOKS_KEPT)
    stories.forget_fingerprints(database, now - FINGERPRINTS_KEPT)
    templates.forget(database, now)
    health.forget_before(database, now - HEALTH_KEPT)
    if pages or tries:
        logger.info("retention let go of %d saved pages and %d attempts", pages, tries)


def copy_archive(folder: Path, now: datetime, *, keep: int) -> Path:
    """Write today's copy of the archive and delete the oldest ones; a second copy a day replaces nothing."""
    backups = folder / "backups"
    target = backups / f"vigie-{now:%Y-%m-%d}.db"
    if not target.exists():
        backups.mkdir(mode=0o700, exist_ok=True)
        backup.backup(folder, target)
        logger.info("archive copied to %s", target)
    backup.prune(backups, keep)
    return target
