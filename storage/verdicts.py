"""Verdicts as labels: how often what a watch or a rule brought was relevant.

A story counts once for each watch that alerted to it, and once for each rule that found an act in the current text of
one of its articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.alerts import CORRECTION
from storage.times import to_text_or_none
from storage.types.triage import Verdict, VerdictReason

#: rules of a table of precision
MOST_RULES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCounts:
    """Verdicts on the stories that a watch or a rule brought."""

    #: id of the watch, or of the rule
    name: str
    relevant: int = 0
    not_relevant: int = 0
    #: why stories were not relevant, with how many; None for those without a reason
    reasons: tuple[tuple[VerdictReason | None, int], ...] = field(default=())


def by_watch(database: Database, since: datetime | None = None) -> list[LabelCounts]:
    """Count verdicts given since a moment by the watch that alerted, those with most verdicts first."""
    rows = database.execute(
        """
        SELECT l.watch_id, st.verdict, st.verdict_reason, count(DISTINCT st.id) FROM story st
        JOIN alert l ON l.story_id = st.id
        WHERE st.verdict IS NOT NULL AND (:since IS NULL OR st.judged_at >= :since)
            AND l.type <> :correction AND l.type LIKE 'alert.%'
        GROUP BY l.watch_id, st.verdict, st.verdict_reason
        """,
        {"since": to_text_or_none(since), "correction": CORRECTION},
    )
    return _counted(rows.fetchall())


def by_rule(database: Database, since: datetime | None = None) -> list[LabelCounts]:
    """Count verdicts given since a moment by the rule that found an act, those with most verdicts first."""
    rows = database.execute(
        """
        SELECT rule, verdict, verdict_reason, count(*) FROM (
            SELECT DISTINCT g.rule, st.id, st.verdict, st.verdict_reason
            FROM story st CROSS JOIN article a CROSS JOIN signal g
            WHERE st.verdict IS NOT NULL AND (:since IS NULL OR st.judged_at >= :since)
                AND a.story_id = st.id AND g.revision_id = a.revision_id
        ) found GROUP BY rule, verdict, verdict_reason
        """,
        {"since": to_text_or_none(since)},
    )
    return _counted(rows.fetchall())[:MOST_RULES]


def _counted(rows: list[tuple[str, str, str | None, int]]) -> list[LabelCounts]:
    counts: Counter[tuple[str, Verdict]] = Counter()
    reasons: dict[str, Counter[VerdictReason | None]] = {}
    for name, verdict, reason, stories in rows:
        counts[name, Verdict(verdict)] += stories
        of_name = reasons.setdefault(name, Counter())
        if verdict == Verdict.NOT_RELEVANT:
            of_name[None if reason is None else VerdictReason(reason)] += stories
    found = [
        LabelCounts(
            name=name,
            relevant=counts[name, Verdict.RELEVANT],
            not_relevant=counts[name, Verdict.NOT_RELEVANT],
            reasons=tuple(sorted(of_name.items(), key=lambda item: (-item[1], str(item[0])))),
        )
        for name, of_name in reasons.items()
    ]
    return sorted(found, key=lambda one: (-(one.relevant + one.not_relevant), one.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledArticle:
    """The first article of a story that somebody gave a verdict on."""

    article_id: int
    story_id: int
    verdict: Verdict
    reason: VerdictReason | None
    title: str
    #: standfirst and paragraphs, a line each
    text: str
    #: the watches that alerted to its story
    watches: tuple[str, ...]
    language: str | None
    url: str
    source_id: str
    published: str


def _watches(database: Database) -> dict[int, tuple[str, ...]]:
    """Return the watches that alerted to each story with a verdict."""
    found: dict[int, list[str]] = {}
    for story_id, watch_id in database.execute(
        """
        SELECT DISTINCT st.id, l.watch_id FROM story st JOIN alert l ON l.story_id = st.id
        WHERE st.verdict IS NOT NULL AND l.type <> ? AND l.type LIKE 'alert.%' ORDER BY st.id, l.watch_id
        """,
        (CORRECTION,),
    ):
        found.setdefault(story_id, []).append(watch_id)
    return {story_id: tuple(names) for story_id, names in found.items()}


def labelled_articles(
    database: Database, since: datetime | None = None, until: datetime | None = None
) -> Iterator[LabelledArticle]:
    """Yield the earliest article that is nobody's copy of each story with a verdict, in the order of verdicts."""
    watches = _watches(database)
    rows: Iterator[dict[str, Any]] = database.query(
        """
        SELECT a.id AS article_id, st.id AS story_id, st.verdict, st.verdict_reason, r.title, r.lede, r.body,
            a.language, a.url, a.source_id, a.effective_at
        FROM story st JOIN article a ON a.id = (
            SELECT b.id FROM article b WHERE b.story_id = st.id
            ORDER BY b.copy_of IS NOT NULL, b.effective_at, b.id LIMIT 1
        ) JOIN revision r ON r.id = a.revision_id
        WHERE st.verdict IS NOT NULL AND (:since IS NULL OR st.judged_at >= :since)
            AND (:until IS NULL OR st.judged_at < :until)
        ORDER BY st.judged_at, st.id
        """,
        {"since": to_text_or_none(since), "until": to_text_or_none(until)},
    )
    for row in rows:
        reason = row["verdict_reason"]
        yield LabelledArticle(
            article_id=row["article_id"],
            story_id=row["story_id"],
            verdict=Verdict(row["verdict"]),
            reason=None if reason is None else VerdictReason(reason),
            title=row["title"],
            text="\n".join(part for part in (row["lede"], row["body"]) if part),
            watches=watches.get(row["story_id"], ()),
            language=row["language"],
            url=row["url"],
            source_id=row["source_id"],
            published=row["effective_at"],
        )
