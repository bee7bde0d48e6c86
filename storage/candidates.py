"""What an arriving article is compared with: the texts and signals of those that look alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlite_utils import Database

from storage.articles import signal_from_row, text_of
from storage.listed import batched, listed
from storage.times import to_text
from storage.types import Signal

#: ids that one statement names
MOST_ASKED = 500


def signals_of(database: Database, revision_ids: Iterable[int]) -> dict[int, tuple[Signal, ...]]:
    """Return the signals of several revisions, those without any left out; each in the order of the text."""
    marks, wanted = listed(revision_ids)
    cursor = database.execute(
        f'SELECT * FROM signal WHERE revision_id IN ({marks}) ORDER BY start, "end", id',  # noqa: S608 (placeholders)
        wanted,
    )
    names = [column[0] for column in cursor.description]
    found: dict[int, list[Signal]] = {}
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        found.setdefault(row["revision_id"], []).append(signal_from_row(row))
    return {revision_id: tuple(own) for revision_id, own in found.items()}


def texts(database: Database, revision_ids: Iterable[int]) -> dict[int, str]:
    """Return standfirst and body of revisions, a line each: what detection reads after the title."""
    marks, wanted = listed(revision_ids)
    rows = database.execute(
        f"SELECT id, lede, body FROM revision WHERE id IN ({marks})",  # noqa: S608 (placeholders)
        wanted,
    )
    return {int(row[0]): text_of(row[1], row[2]) for row in rows}


def story_of(database: Database, article_id: int) -> int | None:
    """Return the story that holds an article, None when it has none yet."""
    row = database.execute("SELECT story_id FROM article WHERE id = ?", (article_id,)).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def places_of(database: Database, article_ids: Iterable[int]) -> dict[int, tuple[int, int | None]]:
    """Return of each article that has a story this story, and the article that it copies."""
    found: dict[int, tuple[int, int | None]] = {}
    for some in batched(article_ids, MOST_ASKED):
        marks, wanted = listed(some)
        rows = database.execute(
            f"SELECT id, story_id, copy_of FROM article WHERE story_id IS NOT NULL AND id IN ({marks})",  # noqa: S608 (placeholders)
            wanted,
        )
        found.update((int(row[0]), (int(row[1]), row[2])) for row in rows)
    return found


def stories_of(database: Database, article_ids: Iterable[int]) -> dict[int, int]:
    """Return the story of each article that has one."""
    return {article_id: story for article_id, (story, _) in places_of(database, article_ids).items()}


def join_dispatches(database: Database, dispatches: Collection[int], into: int) -> None:
    """Make dispatches, which turn out to be the same one, copies of another with all copies of theirs."""
    marks, wanted = listed(dispatches)
    database.execute(
        f"UPDATE article SET copy_of = ? WHERE id IN ({marks}) OR copy_of IN ({marks})",  # noqa: S608 (placeholders)
        (into, *wanted, *wanted),
    )


def make_original(database: Database, article_id: int, moment: datetime, dispatch: int) -> bool:
    """Make an article the original of a dispatch whose copies arrived first; return whether it is earlier than they."""
    row = database.execute("SELECT effective_at FROM article WHERE id = ?", (dispatch,)).fetchone()
    if row is None or to_text(moment) >= row[0]:
        return False
    database.execute("UPDATE article SET copy_of = ? WHERE id = ? OR copy_of = ?", (article_id, dispatch, dispatch))
    return True


def telling_act(database: Database, act: tuple[str, str, str], since: datetime, until: datetime) -> int | None:
    """Return the story of a time window that asserted an act last, None when none did."""
    row = database.execute(
        """
        SELECT a.story_id FROM signal g JOIN article a ON a.revision_id = g.revision_id
        WHERE g.type = ? AND g.actor = ? AND g.target = ? AND g.status = 'asserted' AND a.effective_at BETWEEN ? AND ?
            AND a.story_id IS NOT NULL
        ORDER BY a.effective_at DESC, a.id DESC LIMIT 1
        """,
        (*act, to_text(since), to_text(until)),
    ).fetchone()
    return None if row is None else int(row[0])


def telling_among(database: Database, story_ids: Collection[int]) -> list[int]:
    """Return those of some stories that tell an act."""
    if not story_ids:
        return []
    marks, wanted = listed(story_ids)
    rows = database.execute(f"SELECT id FROM story WHERE telling = 1 AND id IN ({marks})", wanted)  # noqa: S608 (placeholders)
    return [int(row[0]) for row in rows]
