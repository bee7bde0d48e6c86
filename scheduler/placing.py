"""Finds the story an article belongs to: asks the archive for look-alikes, detection for the answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from sqlite_utils import Database

from detection.stories import Candidate, fingerprints, place
from detection.stories.novelty import novel_paragraphs
from detection.stories.origin import origin_of
from detection.stories.words import words
from storage import articles, stories
from storage.articles import Saved, StoredArticle
from storage.types import Article, Signal, Status

#: how far apart two reports of one act may lie
SAME_EVENT = timedelta(days=7)
#: how far apart a dispatch and its copy may lie
SAME_DISPATCH = timedelta(days=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The story an article was put into."""

    story_id: int
    copy_of: int | None
    origin: str
    #: positions of paragraphs that the story had not seen
    novel_paragraphs: tuple[int, ...]
    reason: str


def put_into_story(
    database: Database, article: Article, saved: Saved, signals: Sequence[Signal], source_name: str
) -> Placed:
    """Place a stored article and record it; a revision stays where its article was put first."""
    body = words(article.text)
    prints = fingerprints(body)
    asserted = [signal.severity for signal in signals if signal.status is Status.ASSERTED]
    severity = max(asserted, default=0)
    known = articles.get(database, saved.article_id)
    if known.story_id is not None:
        stories.attach(
            database, known.id, known.story_id, saved.effective_at,
            severity=severity, copy_of=known.copy_of, coverage=None, origin=known.origin,
        )  # fmt: skip
        _remember(database, known.id, prints, known.copy_of)
        return Placed(
            story_id=known.story_id,
            copy_of=known.copy_of,
            origin=known.origin,
            novel_paragraphs=novel_paragraphs(article.paragraphs, _said_before(database, saved, known.story_id)),
            reason="revision",
        )
    moment = saved.effective_at
    alike = stories.look_alikes(database, prints, moment - SAME_DISPATCH, moment + SAME_DISPATCH, but=saved.article_id)
    acts = stories.asserted_acts(database, moment - SAME_EVENT, moment + SAME_EVENT) if signals else []
    placement = place(
        body,
        signals,
        [_candidate(database, candidate) for candidate in alike],
        [(act.story_id, (act.type, act.actor, act.target)) for act in acts],
    )
    said = (
        [_words_of(member.text) for member in stories.members(database, placement.story_id)]
        if placement.story_id
        else []
    )
    story_id = placement.story_id or stories.create(database, article.title, moment)
    original = next((found.origin for found in alike if found.id == placement.copy_of), None)
    origin = origin_of(article.agency, source_name, original)
    stories.attach(
        database, saved.article_id, story_id, moment,
        severity=severity, copy_of=placement.copy_of, coverage=placement.coverage, origin=origin,
    )  # fmt: skip
    _remember(database, saved.article_id, prints, placement.copy_of)
    return Placed(
        story_id=story_id,
        copy_of=placement.copy_of,
        origin=origin,
        novel_paragraphs=novel_paragraphs(article.paragraphs, said),
        reason=placement.reason,
    )


@lru_cache(maxsize=1024)
def _words_of(text: str) -> tuple[str, ...]:
    """Return the words of a stored text; the articles of a story under way are compared again and again."""
    return tuple(map(sys.intern, words(text)))


def _said_before(database: Database, saved: Saved, story_id: int) -> list[tuple[str, ...]]:
    """Return what a story said before a revision: the article's earlier texts and its other articles."""
    earlier = [
        words(f"{revision.lede}\n{revision.text}")
        for revision in articles.revisions(database, saved.article_id)
        if revision.id != saved.revision_id
    ]
    others = stories.members(database, story_id)
    return earlier + [_words_of(member.text) for member in others if member.id != saved.article_id]


def _remember(database: Database, article_id: int, prints: frozenset[int], copy_of: int | None) -> None:
    """Store fingerprints of originals only: a copy is found through what it copies."""
    if copy_of is None:
        stories.save_fingerprints(database, article_id, prints)


def _candidate(database: Database, article: StoredArticle) -> Candidate:
    if article.story_id is None:
        raise ValueError(f"article {article.id} has fingerprints but no story")
    return Candidate(
        article_id=article.id,
        story_id=article.story_id,
        copy_of=article.copy_of,
        words=_words_of(article.text),
        signals=articles.signals(database, article.revision_id),
    )
