"""What the page's ``/readyz`` asks of the archive: whether it can be written, and whether the work keeps up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduler.archive import Archive
from storage import deliveries, entries, pauses, sources
from storage.types import DeliveryState, Source

#: an entry that waits longer than this to be read means reading does not keep up
LATE = timedelta(minutes=30)


async def checks(archive: Archive, configured: Iterable[Source], now: datetime) -> list[tuple[str, bool, str]]:
    """Return (check, whether it holds, what a person should know).

    Raises:
        StorageError: the archive cannot be written or read.
    """
    # Written, though it only reads: what cannot be written is not fit.
    due = await archive.write(entries.oldest_due)
    dead = await archive.read(deliveries.count, DeliveryState.DEAD)
    states = await archive.read(sources.states)
    pollable = {source.id for source in configured if source.addresses}
    paused = await archive.read(pauses.active, now)
    read = [state for state in states if state.source_id in pollable and state.source_id not in paused]
    failed = [state.source_id for state in read if state.failure is not None]
    late = due is not None and now - due > LATE
    return [
        ("archive", True, "written and read"),
        ("pages", not late, f"oldest unread entry: {due:%Y-%m-%d %H:%M} UTC" if due else "all read"),
        ("deliveries", dead == 0, f"{dead} given up; see 'vigie deliveries list'" if dead else "none given up"),
        (
            "sources",
            not read or len(failed) < len(read),
            f"{len(failed)} of {len(read)} fail" if failed else f"{len(read)} answer",
        ),
    ]
