"""What polling taught of each source: its rhythm, the wishes of its lists, why it is polled next when it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlite_utils import Database

from storage.times import from_text_or_none, to_text_or_none
from storage.types import PaceHints, Plan, PlanReason, Rhythm


def load(database: Database, source_id: str) -> tuple[Rhythm, dict[str, PaceHints]]:
    """Return a source's rhythm and the wishes of each of its addresses; empty for a source never polled.

    What cannot be read is learnt anew: a rhythm is an aid, never worth a stop.
    """
    row = database.execute(
        """
        SELECT entries, watched, recent, expected, window, quiet_polls, learnt_until, hints
        FROM rhythm WHERE source_id = ?
        """,
        (source_id,),
    ).fetchone()
    if row is None:
        return Rhythm(), {}
    try:
        rhythm = Rhythm(
            entries=_numbers(row[0]),
            watched=_numbers(row[1]),
            recent=float(row[2]),
            expected=float(row[3]),
            window=None if row[4] is None else float(row[4]),
            quiet_polls=int(row[5]),
            learnt_until=from_text_or_none(row[6]),
        )
        return rhythm, {url: _hints(given) for url, given in json.loads(row[7]).items()}
    except (ValueError, TypeError, AttributeError):
        return Rhythm(), {}


def save(database: Database, source_id: str, rhythm: Rhythm, hints: Mapping[str, PaceHints], plan: Plan) -> None:
    """Store what a poll taught, with the plan it led to."""
    database.execute(
        """
        INSERT INTO rhythm (source_id, entries, watched, recent, expected, window, quiet_polls, learnt_until, hints,
            reason, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id) DO UPDATE SET entries = excluded.entries, watched = excluded.watched,
            recent = excluded.recent, expected = excluded.expected, window = excluded.window,
            quiet_polls = excluded.quiet_polls, learnt_until = excluded.learnt_until, hints = excluded.hints,
            reason = excluded.reason, detail = excluded.detail
        """,
        (
            source_id, _text(rhythm.entries), _text(rhythm.watched), rhythm.recent, rhythm.expected, rhythm.window,
            rhythm.quiet_polls, to_text_or_none(rhythm.learnt_until),
            json.dumps({url: [given.max_age, given.interval, given.skip_hours] for url, given in hints.items()}),
            plan.reason, plan.detail,
        ),
    )  # fmt: skip


def plan_reason(database: Database, source_id: str) -> tuple[PlanReason, str] | None:
    """Return why a source is polled next when it is, and the sentence that says so."""
    row = database.execute("SELECT reason, detail FROM rhythm WHERE source_id = ?", (source_id,)).fetchone()
    return None if row is None else (PlanReason(row[0]), row[1])


def plan_reasons(database: Database) -> dict[str, str]:
    """Return, by source, the sentence that says why it is polled next when it is."""
    return dict(database.execute("SELECT source_id, detail FROM rhythm").fetchall())


def _text(bins: tuple[float, ...]) -> str:
    return json.dumps([round(value, 4) for value in bins], separators=(",", ":"))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(value) for value in json.loads(text))


def _hints(given: list[object]) -> PaceHints:
    max_age, interval, hours = given
    return PaceHints(
        max_age=_number(max_age),
        interval=_number(interval),
        skip_hours=tuple(int(hour) for hour in hours) if isinstance(hours, list) else (),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
