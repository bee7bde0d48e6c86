"""Who tells a story, and who was told of it: what confirmations and corrections are decided from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.alerts import CORRECTION, Act
from storage.articles import signal_from_row
from storage.listed import listed
from storage.times import from_text
from storage.types import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """An article of a story that tells an act as done, its page still there."""

    article_id: int
    act: Act
    #: who reported first-hand
    origin: str
    #: whether the outlet itself did, rather than an agency or the author of a text that it copies
    own: bool
    #: it brought text that the story had not, as far as its text is known
    new_text: bool
    #: country of the outlet
    country: str | None
    source_id: str
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A correction that a watch's people were sent."""

    reason: str
    acts: tuple[Act, ...]
    #: origin of the article that corrected
    origin: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert of a story, without what it says."""

    id: str
    article_id: int | None
    acts: tuple[Act, ...]
    created_at: datetime


def tellers(database: Database, story_id: int) -> list[Teller]:
    """Return which articles of a story tell which acts as done, the first seen first; pages that went left out."""
    rows = database.execute(
        """
        SELECT DISTINCT a.id, g.type, g.actor, g.target, a.origin,
            (a.agency IS NULL AND a.copy_of IS NULL) OR a.origin = s.name, s.country,
            a.novel <> '[]' OR a.partial <> 0 OR r.body = '', a.source_id, a.language, a.effective_at
        FROM article a JOIN source s ON s.id = a.source_id JOIN revision r ON r.id = a.revision_id
            JOIN signal g ON g.revision_id = r.id
        WHERE a.story_id = ? AND a.withdrawn_at IS NULL AND g.status = 'asserted' ORDER BY a.effective_at, a.id
        """,
        (story_id,),
    )
    return [
        Teller(
            article_id=row[0], act=(row[1], row[2], row[3]), origin=row[4], own=bool(row[5]), country=row[6],
            new_text=bool(row[7]), source_id=row[8], language=row[9],
        )
        for row in rows
    ]  # fmt: skip


def told_stories(database: Database, watch_id: str, story_id: int) -> list[int]:
    """Return the stories of a story's thread, itself included, that a watch's people were alerted to."""
    rows = database.execute(
        """
        SELECT DISTINCT l.story_id FROM alert l JOIN story st ON st.id = l.story_id
        WHERE l.watch_id = ? AND st.thread_id = (SELECT thread_id FROM story WHERE id = ?) ORDER BY l.story_id
        """,
        (watch_id, story_id),
    )
    return [int(row[0]) for row in rows]


def alerts_of(database: Database, watch_id: str, story_id: int) -> list[AlertRow]:
    """Return a watch's alerts of a story that are no corrections, the first first."""
    rows = database.execute(
        "SELECT id, article_id, acts, created_at FROM alert WHERE watch_id = ? AND story_id = ? AND type <> ? "
        "ORDER BY sequence, created_at, id",
        (watch_id, story_id, CORRECTION),
    )
    return [AlertRow(id=row[0], article_id=row[1], acts=_acts(row[2]), created_at=from_text(row[3])) for row in rows]


def corrections_of(database: Database, watch_id: str, story_id: int, *, sent_only: bool = False) -> list[Corrected]:
    """Return the corrections of a story that a watch's people were sent, the first first.

    Args:
        database: the archive.
        watch_id: whose people.
        story_id: of what.
        sent_only: leave out those that were recorded and told to nobody, as by an import.
    """
    rows = database.execute(
        """
        SELECT l.reason, l.acts, a.origin, l.created_at FROM alert l LEFT JOIN article a ON a.id = l.article_id
        WHERE l.watch_id = ? AND l.story_id = ? AND l.type = ? AND (l.recorded_only = 0 OR NOT ?)
        ORDER BY l.created_at, l.id
        """,
        (watch_id, story_id, CORRECTION, int(sent_only)),
    )
    return [
        Corrected(reason=row[0] or "", acts=_acts(row[1]), origin=row[2], at=from_text(row[3])) for row in rows
    ]  # fmt: skip


def recipients(database: Database, watch_id: str, story_id: int) -> list[tuple[str, str]]:
    """Return every (channel, recipient) to whom an alert of a story was delivered, or still will be.

    Whoever it was carried further to is among them. So is whoever a silence kept from it: its end names what it hid,
    and must name the correction too; and whoever may have had what was given up by hand.
    """
    rows = database.execute(
        """
        SELECT DISTINCT d.channel_id, d.recipient FROM (
            SELECT id FROM alert WHERE watch_id = :watch AND story_id = :story
            UNION ALL SELECT n.id FROM alert o CROSS JOIN alert n ON n.escalates = o.id
                WHERE o.watch_id = :watch AND o.story_id = :story
        ) l CROSS JOIN delivery d ON d.alert_id = l.id
        WHERE d.state <> 'suppressed' OR d.silence_id IS NOT NULL OR d.maybe_delivered
        ORDER BY d.channel_id, d.recipient
        """,
        {"watch": watch_id, "story": story_id},
    )
    return [(str(row[0]), str(row[1])) for row in rows]


def signals_of_articles(database: Database, article_ids: Iterable[int]) -> list[Signal]:
    """Return the signals of all versions of some articles, those of the newest version first."""
    marks, wanted = listed(sorted(set(article_ids)))
    rows = database.query(
        f'SELECT * FROM signal WHERE article_id IN ({marks}) ORDER BY revision_id DESC, start, "end", id',  # noqa: S608 (placeholders)
        wanted,
    )
    return [signal_from_row(row) for row in rows]


def _acts(text: str) -> tuple[Act, ...]:
    return tuple((act[0], act[1], act[2]) for act in json.loads(text))
