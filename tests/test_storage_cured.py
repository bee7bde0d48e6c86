"""A cure on this machine, such as an installed browser, takes effect at the next start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import cured, entries, sources
from storage.database import open_writer, transaction
from storage.types import CrawlFailure, FailureReason, FeedEntry, PollResult, Source

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=20)
PAGE = "https://gazette.example/une"
SOURCE = Source(id="gazette", name="Gazette", url="https://gazette.example/", sections=(PAGE,))


@pytest.mark.parametrize("given_up", [True, False])
@pytest.mark.parametrize("reason", [FailureReason.NO_BROWSER, FailureReason.SERVER_ERROR])
def test_what_failed_for_a_cured_reason_alone_comes_due(tmp_path: Path, reason: FailureReason, given_up: bool) -> None:
    failure = CrawlFailure(reason=reason, detail="it failed")
    database = open_writer(tmp_path)
    with transaction(database):
        sources.sync(database, [SOURCE], NOW)
        result = PollResult(order_id="1", source_id="gazette", url=PAGE, failure=failure)
        sources.record_feed(database, result, NOW)
        sources.plan_address(database, "gazette", PAGE, resume_at=LATER, failure=failure)
        sources.record_poll(database, "gazette", failure=failure, new_entries=0, next_check_at=LATER, now=NOW)
        entries.add(database, "gazette", "key", FeedEntry(url=f"{PAGE}/1", title="Un titre"), NOW)
        (pending,) = entries.due(database, NOW, 10)
        entries.failed(database, pending.id, failure, None if given_up else LATER, None)
    with transaction(database):
        pages = cured.come_due(database, FailureReason.NO_BROWSER, NOW)
    here = reason is FailureReason.NO_BROWSER
    assert pages == int(here)
    assert sources.due(database, NOW) == (["gazette"] if here else [])
    assert (sources.feed_state(database, "gazette", PAGE).resume_at is None) == here
    assert len(entries.due(database, NOW, 10)) == int(here)
    database.close()
