"""The stories that each person follows, and what is new in them since that person last opened them.

New are articles that were stored since, alerts that were raised since, and acts that an edit of an older article
brought in. Who never opened a story that they follow learns what came since they began to.

A person follows a bounded number of stories, so what asks about all of them costs the same in an archive of any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.listed import listed
from storage.times import to_text
from storage.triage_history import person_number
from storage.triage_values import YES

#: stories that one person follows at most
MOST_FOLLOWED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowNews:
    """What is new in a story to somebody who follows it."""

    articles: int = 0
    alerts: int = 0
    #: whether an edit of an article that they knew brought an act in
    edited: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is new."""
        return bool(self.articles or self.alerts or self.edited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How many stories a person follows, and how many of them have something new."""

    stories: int
    news: int


def create(database: Database) -> None:
    """Add the table; called by a migration."""
    for statement in (
        # 0 stands for this machine, where nobody logs in.
        """CREATE TABLE follow (
            person_id INTEGER NOT NULL, story_id INTEGER NOT NULL REFERENCES story (id), at TEXT NOT NULL,
            up_to INTEGER NOT NULL, PRIMARY KEY (person_id, story_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX follow_story ON follow (story_id)",
    ):
        database.conn.execute(statement)


#: what a person follows, each with the newest article and the moment that they know of; ``{person}`` is their number
_SINCE = """
    (SELECT f.story_id, coalesce(s.up_to, f.up_to) AS up_to, coalesce(s.at, f.at) AS since FROM follow f
        LEFT JOIN seen s ON s.person_id = f.person_id AND s.story_id = f.story_id WHERE f.person_id = {person}) w
"""
_ARTICLES = "FROM article a WHERE a.story_id = w.story_id AND a.id > w.up_to"
# What an import kept was told to nobody.
_ALERTS = "FROM alert l WHERE l.story_id = w.story_id AND l.created_at > w.since AND l.recorded_only = 0"
_EDITS = """
    FROM article a JOIN article_event e ON e.article_id = a.id WHERE a.story_id = w.story_id AND a.id <= w.up_to
        AND e.kind = 'edited' AND e.at > w.since AND e.recorded_only = 0 AND e.detail LIKE '{"added": [{%'
"""
_ANY = f"(EXISTS (SELECT 1 {_ARTICLES}) OR EXISTS (SELECT 1 {_ALERTS}) OR EXISTS (SELECT 1 {_EDITS}))"


def with_news(person: str) -> str:
    """Return a query of the stories with something new that a person follows; ``person`` holds their number's place."""
    return f"SELECT w.story_id FROM {_SINCE.format(person=person)} WHERE {_ANY}"  # noqa: S608 (fixed)


def news(database: Database, story_ids: Sequence[int], person_id: int | None) -> dict[int, FollowNews]:
    """Return what is new in those of some stories that a person follows."""
    if not story_ids:
        return {}
    marks, wanted = listed(story_ids)
    rows = database.execute(
        f"SELECT w.story_id, (SELECT count(*) {_ARTICLES}), (SELECT count(*) {_ALERTS}), "  # noqa: S608 (placeholders)
        f"CASE WHEN EXISTS (SELECT 1 {_EDITS}) THEN 1 ELSE 0 END FROM {_SINCE.format(person='?')} "
        f"WHERE w.story_id IN ({marks})",
        (person_number(person_id), *wanted),
    )
    return {
        int(story_id): FollowNews(articles=articles, alerts=alerts, edited=bool(edited))
        for story_id, articles, alerts, edited in rows
    }


def count(database: Database, person_id: int | None) -> Followed:
    """Return how many stories a person follows; those whose articles went elsewhere are none."""
    row = database.execute(
        f"SELECT count(*), coalesce(sum(CASE WHEN {_ANY} THEN 1 ELSE 0 END), 0) FROM {_SINCE.format(person='?')} "  # noqa: S608 (fixed)
        "WHERE EXISTS (SELECT 1 FROM article a WHERE a.story_id = w.story_id)",
        (person_number(person_id),),
    ).fetchone()
    return Followed(stories=int(row[0]), news=int(row[1]))


def number_of(database: Database, person_id: int | None) -> int:
    """Return how many stories a person follows; those whose articles went elsewhere are none."""
    row = database.execute(
        "SELECT count(*) FROM follow f WHERE f.person_id = ? "
        "AND EXISTS (SELECT 1 FROM article a WHERE a.story_id = f.story_id)",
        (person_number(person_id),),
    ).fetchone()
    return int(row[0])


def follows(database: Database, story_id: int, number: int) -> bool:
    """Whether the person of a number follows a story."""
    row = database.execute("SELECT 1 FROM follow WHERE person_id = ? AND story_id = ?", (number, story_id)).fetchone()
    return row is not None


def followers(database: Database, story_id: int) -> list[int]:
    """Return the numbers of those who follow a story."""
    rows = database.execute("SELECT person_id FROM follow WHERE story_id = ? ORDER BY person_id", (story_id,))
    return [int(row[0]) for row in rows]


def put(database: Database, story_id: int, number: int, after: str, now: datetime) -> None:
    """Let the person of a number follow a story from now on, or no longer; only :mod:`storage.triage` calls it."""
    if after != YES:
        database.execute("DELETE FROM follow WHERE person_id = ? AND story_id = ?", (number, story_id))
        return
    database.execute(
        "INSERT INTO follow (person_id, story_id, at, up_to) "
        "VALUES (?, ?, ?, (SELECT coalesce(max(a.id), 0) FROM article a WHERE a.story_id = ?))",
        (number, story_id, to_text(now), story_id),
    )


def inherit(database: Database, story_id: int, into: int) -> None:
    """Let those who follow two stories know of the one no more than of the other, since they follow both as one."""
    database.execute(
        """
        UPDATE follow SET
            at = (SELECT o.at FROM follow o WHERE o.story_id = :story AND o.person_id = follow.person_id),
            up_to = (SELECT o.up_to FROM follow o WHERE o.story_id = :story AND o.person_id = follow.person_id)
        WHERE story_id = :into AND EXISTS (SELECT 1 FROM follow o WHERE o.story_id = :story
            AND o.person_id = follow.person_id AND o.at < follow.at)
        """,
        {"story": story_id, "into": into},
    )
