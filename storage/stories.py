"""Stories, the fingerprints that find copies, and what was told of each story."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from storage import articles, story_rows
from storage.articles import ARTICLE_COLUMNS, StoredArticle, article_from_row
from storage.errors import NotFoundError
from storage.listed import batched, listed
from storage.times import from_text, to_text, to_text_or_none
from storage.types import Story, StoryArticle

#: how many look-alikes are compared word by word
MOST_CANDIDATES = 12
#: one fingerprint in so many must be shared: every two long texts of a language have some turn of phrase in common
LEAST_SHARED = 50
#: and so many at least, unless the text has too few
FEWEST_SHARED = 2
#: hashes of a long text that are looked up; winnowing keeps them spread over the text
MOST_HASHES = 400
#: fingerprints are kept by periods of so many days: a look-up stays within those that a copy can lie in, however much
#: older text the archive holds, and old ones are let go period by period
PERIOD = 10
#: articles that one fingerprint finds in a period: what more of them share is a phrase of the trade
MOST_SHARING = 200
#: stories under way with which an article is compared, and articles of each on either side of it in time
MOST_STORIES = 40
MOST_MEMBERS = 8
#: stories of a list that are read together
_LISTED_TOGETHER = 200
#: longer than an archive reaches back
EVER = timedelta(days=36_500)


def create(database: Database, headline: str, moment: datetime) -> int:
    """Open a story and return its id."""
    text = to_text(moment)
    cursor = database.execute(
        "INSERT INTO story (headline, first_seen_at, last_seen_at) VALUES (?, ?, ?)", (headline, text, text)
    )
    story_id = int(cursor.lastrowid or 0)
    database.execute("UPDATE story SET thread_id = id WHERE id = ?", (story_id,))
    return story_id


def save_novelty(database: Database, article_id: int, paragraphs: Sequence[int]) -> None:
    """Record which paragraphs of an article its story had not seen."""
    database.execute("UPDATE article SET novel = ? WHERE id = ?", (json.dumps(list(paragraphs)), article_id))


def novelty(database: Database, story_id: int) -> dict[int, tuple[int, ...]]:
    """Return the positions of new paragraphs by article of a story, those without any left out."""
    rows = database.execute("SELECT id, novel FROM article WHERE story_id = ? AND novel <> '[]'", (story_id,))
    return {int(row[0]): tuple(json.loads(row[1])) for row in rows}


def attach(
    database: Database,
    article_id: int,
    story_id: int,
    moment: datetime,
    *,
    severity: int,
    copy_of: int | None,
    coverage: float | None,
    origin: str,
) -> None:
    """Put an article into a story and widen the story's time and severity."""
    database.execute(
        "UPDATE article SET story_id = ?, copy_of = ?, coverage = coalesce(?, coverage), origin = ? WHERE id = ?",
        (story_id, copy_of, coverage, origin, article_id),
    )
    text = to_text(moment)
    database.execute(
        """
        UPDATE story SET
            first_seen_at = CASE WHEN first_seen_at > :at THEN :at ELSE first_seen_at END,
            last_seen_at = CASE WHEN last_seen_at < :at THEN :at ELSE last_seen_at END,
            severity = CASE WHEN severity < :severity THEN :severity ELSE severity END,
            telling = CASE WHEN EXISTS (SELECT 1 FROM signal WHERE article_id = :article) THEN 1 ELSE telling END
        WHERE id = :story
        """,
        {"at": text, "severity": severity, "article": article_id, "story": story_id},
    )


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An article that shares fingerprints, without its text."""

    article_id: int
    story_id: int | None
    copy_of: int | None
    origin: str
    revision_id: int
    #: of the revision's text
    content_hash: str
    #: when the text was first seen that it copies, or is
    dispatched_at: datetime


def _period(moment: datetime) -> int:
    return moment.toordinal() // PERIOD


def save_fingerprints(database: Database, article_id: int, moment: datetime, hashes: Iterable[int]) -> None:
    """Store fingerprints under which copies of an article are found.

    Args:
        database: the archive.
        article_id: of the article.
        moment: the article's time.
        hashes: whole numbers of 64 bits.
    """
    _save(database, "fingerprint", article_id, moment, hashes)


def _save(database: Database, table: str, article_id: int, moment: datetime, hashes: Iterable[int]) -> None:
    """Store hashes of an article, but those that enough articles of the period hold."""
    period, own = _period(moment), sorted(set(hashes))
    common: set[int] = set()
    for first in range(0, len(own), MOST_HASHES):
        marks, some = listed(own[first : first + MOST_HASHES])
        rows = database.execute(
            f"SELECT hash FROM {table} WHERE period = ? AND hash IN ({marks}) "  # noqa: S608 (placeholders)
            "GROUP BY hash HAVING count(*) >= ?",
            (period, *some, MOST_SHARING),
        )
        common.update(row[0] for row in rows)
    database.conn.executemany(
        f"INSERT INTO {table} (period, hash, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 (a name of a table)
        ((period, value, article_id) for value in own if value not in common),
    )


def drop_fingerprints(database: Database, article_id: int, moment: datetime, hashes: Iterable[int]) -> None:
    """Forget fingerprints of an article whose text changed."""
    period = _period(moment)
    database.conn.executemany(
        "DELETE FROM fingerprint WHERE period = ? AND hash = ? AND article_id = ?",
        ((period, value, article_id) for value in hashes),
    )


def forget_fingerprints(database: Database, before: datetime) -> int:
    """Let go of the fingerprints and names of periods that ended before a moment; return how many."""
    period = (_period(before),)
    names = database.execute("DELETE FROM name WHERE period < ?", period).rowcount
    return names + database.execute("DELETE FROM fingerprint WHERE period < ?", period).rowcount


def look_alikes(
    database: Database, hashes: Iterable[int], since: datetime, until: datetime, *, but: int
) -> list[LookAlike]:
    """Return the articles of a time window that share most fingerprints, best first."""
    wanted = sorted(set(hashes))[:MOST_HASHES]
    if not wanted:
        return []
    marks, values = listed(wanted)
    periods = ",".join(map(str, range(_period(since), _period(until) + 1)))
    least = max(min(FEWEST_SHARED, len(wanted)), -(-len(wanted) // LEAST_SHARED))
    hits = database.execute(
        f"""
        SELECT article_id, count(*) AS shared FROM fingerprint WHERE period IN ({periods}) AND hash IN ({marks})
        GROUP BY article_id HAVING count(*) >= {least} ORDER BY shared DESC, article_id
        """,  # noqa: S608 (placeholders and numbers)
        values,
    )
    ids = [int(row[0]) for row in hits if row[0] != but]
    found: list[LookAlike] = []
    # A text of the trade shares fingerprints with hundreds: only the rows are read of those that share most.
    for first in range(0, len(ids), MOST_CANDIDATES):
        found += _within(database, ids[first : first + MOST_CANDIDATES], since, until)
        if len(found) >= MOST_CANDIDATES:
            break
    return found[:MOST_CANDIDATES]


def _within(database: Database, ids: Sequence[int], since: datetime, until: datetime) -> list[LookAlike]:
    """Return those of some articles that lie in a time window, in their order."""
    marks, values = listed(ids)
    rows = database.execute(
        f"""
        SELECT a.id, a.story_id, a.copy_of, a.origin, r.id, r.content_hash, o.effective_at
        FROM article a JOIN revision r ON r.id = a.revision_id JOIN article o ON o.id = coalesce(a.copy_of, a.id)
        WHERE a.id IN ({marks}) AND a.effective_at BETWEEN ? AND ?
        """,  # noqa: S608 (placeholders)
        (*values, to_text(since), to_text(until)),
    )
    known = {
        article_id: LookAlike(
            article_id, story_id, copy_of, origin, revision_id, content_hash, from_text(dispatched_at)
        )
        for article_id, story_id, copy_of, origin, revision_id, content_hash, dispatched_at in rows
    }
    return [known[one] for one in ids if one in known]


def save_names(database: Database, article_id: int, moment: datetime, names: Iterable[int]) -> None:
    """Store the names under which reports of the same event are found, as whole numbers."""
    _save(database, "name", article_id, moment, names)


def named_alike(
    database: Database, names: Iterable[int], since: datetime, until: datetime
) -> dict[int, tuple[int, ...]]:
    """Return for each name the articles of about a time window that hold it."""
    marks, values = listed(sorted(set(names)))
    if not values:
        return {}
    periods = ",".join(map(str, range(_period(since), _period(until) + 1)))
    rows = database.execute(
        f"SELECT hash, article_id FROM name WHERE period IN ({periods}) AND hash IN ({marks})",  # noqa: S608 (placeholders and numbers)
        values,
    )
    found: dict[int, list[int]] = {}
    for name, article_id in rows:
        found.setdefault(name, []).append(article_id)
    return {name: tuple(ids) for name, ids in found.items()}


def name_counts(database: Database, names: Iterable[int], since: datetime, until: datetime) -> dict[int, int]:
    """Return how many articles of about a time window hold each name."""
    marks, values = listed(sorted(set(names)))
    if not values:
        return {}
    periods = ",".join(map(str, range(_period(since), _period(until) + 1)))
    rows = database.execute(
        f"SELECT hash, count(*) FROM name WHERE period IN ({periods}) AND hash IN ({marks}) GROUP BY hash",  # noqa: S608 (placeholders and numbers)
        values,
    )
    return dict(rows.fetchall())


def telling_stories(database: Database, since: datetime, until: datetime) -> list[int]:
    """Return the stories of a time window that tell an act, the last seen first, :data:`MOST_STORIES` at most."""
    rows = database.execute(
        "SELECT id FROM story WHERE telling = 1 AND last_seen_at >= ? AND first_seen_at <= ? "
        "ORDER BY last_seen_at DESC, id DESC LIMIT ?",
        (to_text(since), to_text(until), MOST_STORIES),
    )
    return [int(row[0]) for row in rows]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """An article of a story, without its text."""

    story_id: int
    article_id: int
    revision_id: int
    #: of the revision's text: a number is given again when its transaction fails, a text is not
    content_hash: str
    effective_at: datetime


def members_around(
    database: Database, story_ids: Iterable[int], moment: datetime, within: timedelta = EVER
) -> list[MemberRow]:
    """Return of each story the articles next to a moment, :data:`MOST_MEMBERS` on either side, copies left out.

    Args:
        database: the archive.
        story_ids: of the stories, each once.
        moment: a time.
        within: how far from it the articles lie at most.
    """
    found: dict[int, list[MemberRow]] = {story_id: [] for story_id in story_ids}
    if not found:
        return []
    stories = ",".join(["(?)"] * len(found))
    ends = to_text(moment - within), to_text(moment + within)
    for query, end in zip((_BEFORE, _AFTER), ends, strict=True):
        rows = database.execute(query.format(stories=stories), (*found, to_text(moment), end))
        for story_id, article_id, revision_id, content_hash, at in rows:
            found[story_id].append(MemberRow(story_id, article_id, revision_id, content_hash, from_text(at)))
    return [row for rows in found.values() for row in rows]


_NEAREST = f"""
    WITH wanted (id) AS (VALUES {{{{stories}}}})
    SELECT w.id, a.id, r.id, r.content_hash, a.effective_at
    FROM wanted w JOIN article a ON a.id IN (
        SELECT b.id FROM article b
        WHERE b.story_id = w.id AND b.copy_of IS NULL AND b.effective_at {{sides}}
        ORDER BY b.effective_at {{order}}, b.id LIMIT {MOST_MEMBERS}
    ) JOIN revision r ON r.id = a.revision_id ORDER BY a.effective_at {{order}}, a.id
"""  # noqa: S608 (a number)
_BEFORE = _NEAREST.format(sides="<= ? AND b.effective_at >= ?", order="DESC")
_AFTER = _NEAREST.format(sides="> ? AND b.effective_at <= ?", order="ASC")


def get(database: Database, story_id: int) -> Story:
    """Return one story with its counts.

    Raises:
        NotFoundError: no story has this id.
    """
    found = story_rows.reported(database, [story_id])
    if not found:
        raise NotFoundError(f"no story {story_id} is stored")
    return found[0].story


#: leaves out stories whose articles all went into others
STILL_TOLD = """
    NOT EXISTS (SELECT 1 FROM story_change c WHERE c.other_id = st.id AND c.kind IN ('join', 'merge')
        AND NOT EXISTS (SELECT 1 FROM article a WHERE a.story_id = st.id))
"""
_LISTING = f"""
    SELECT st.id FROM story st WHERE (:since IS NULL OR st.last_seen_at >= :since)
        AND (:until IS NULL OR st.first_seen_at < :until)
        AND {STILL_TOLD} ORDER BY st.last_seen_at DESC, st.id DESC
"""  # noqa: S608 (fixed text)


def listing(database: Database, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Story]:
    """Yield stories that were alive in a time window, newest first; those whose articles went elsewhere left out."""
    ids = database.execute(_LISTING, {"since": to_text_or_none(since), "until": to_text_or_none(until)})
    for some in batched((int(row[0]) for row in ids.fetchall()), _LISTED_TOGETHER):
        yield from (one.story for one in story_rows.reported(database, some))


def members(database: Database, story_id: int, limit: int = 500) -> list[StoredArticle]:
    """Return a story's articles, earliest first."""
    rows = database.query(
        f"SELECT {ARTICLE_COLUMNS} WHERE a.story_id = ? ORDER BY a.effective_at, a.id LIMIT ?",
        (story_id, limit),
    )
    return [article_from_row(row) for row in rows]


def each_member(database: Database, story_id: int) -> Iterator[StoredArticle]:
    """Yield a story's articles, earliest first, each read when it is asked for."""
    for row in database.execute("SELECT id FROM article WHERE story_id = ? ORDER BY effective_at, id", (story_id,)):
        yield articles.get(database, int(row[0]))


def summary(article: StoredArticle) -> StoryArticle:
    """Return what alerts show of a story's article."""
    return StoryArticle(
        id=article.id,
        title=article.title,
        url=article.url,
        source_id=article.source_id,
        source_name=article.source_name,
        origin=article.origin,
        published_at=article.published_at,
        first_seen_at=article.first_seen_at,
        copy_of=article.copy_of,
        partial=article.partial,
    )
