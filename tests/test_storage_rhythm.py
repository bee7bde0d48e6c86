"""What was learnt of a source survives, and what cannot be read is learnt anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import rhythm as lessons
from storage import sources
from storage.database import open_writer
from storage.types import PaceHints, Plan, PlanReason, Rhythm, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
FEED = "https://journal.example/feed.xml"
LEARNT = Rhythm(
    entries=tuple(float(hour) for hour in range(168)),
    watched=(1.5,) * 168,
    recent=2.5,
    expected=1.25,
    window=12.0,
    quiet_polls=3,
    learnt_until=NOW,
)
PLAN = Plan(at=NOW + timedelta(minutes=7), reason=PlanReason.HEAT, detail="more than usual")


def test_rhythm_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    sources.sync(database, [Source(id="a", name="A", url="https://journal.example/", feeds=(FEED,))], NOW)
    assert lessons.load(database, "a") == (Rhythm(), {})
    assert lessons.plan_reason(database, "a") is None
    wishes = {FEED: PaceHints(max_age=60.0, interval=3600.0, skip_hours=(1, 2))}
    lessons.save(database, "a", Rhythm(), {}, PLAN)
    lessons.save(database, "a", LEARNT, wishes, PLAN)
    assert lessons.load(database, "a") == (LEARNT, wishes)
    assert lessons.plan_reason(database, "a") == (PlanReason.HEAT, "more than usual")
    assert lessons.plan_reasons(database) == {"a": "more than usual"}
    database.conn.close()


@pytest.mark.parametrize("damage", ["entries = '[1]'", "entries = 'x'", "hints = '[]'", "learnt_until = 'soon'"])
def test_damaged_rhythm_is_learnt_anew(tmp_path: Path, damage: str) -> None:
    database = open_writer(tmp_path)
    sources.sync(database, [Source(id="a", name="A", url="https://journal.example/", feeds=(FEED,))], NOW)
    lessons.save(database, "a", LEARNT, {}, PLAN)
    database.execute(f"UPDATE rhythm SET {damage}")
    assert lessons.load(database, "a") == (Rhythm(), {})
    database.conn.close()


def test_rhythm_is_a_week_long() -> None:
    with pytest.raises(ValueError, match="168"):
        Rhythm(entries=(0.0,) * 167)
