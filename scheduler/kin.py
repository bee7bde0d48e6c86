"""Finds the story under way that tells the same event as an article: the archive's part of the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from detection.stories import Member, Sketch, same_event, sketch
from detection.stories.kinship import SAME_ACT, SAME_EVENT, denies, information, same_affair
from storage import articles, candidates, stories
from storage.stories import MemberRow

#: articles with names in common that are compared
MOST_NAMED = 30
#: what articles read lately are about, by revision and its text, the longest known first, for each archive that is open
_KNOWN: WeakKeyDictionary[Database, dict[tuple[int, str], Sketch | None]] = WeakKeyDictionary()
_MOST_KNOWN = 12_288


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What an article has to do with the stories under way."""

    #: the story that tells the same event
    story_id: int | None = None
    #: the story of the same affair that is nearest in time, the same event or another
    near_id: int | None = None
    #: stories whose headlines the article contradicts
    contradicted: tuple[int, ...] = ()


def find_kin(database: Database, new: Sketch, moment: datetime, *, but: int) -> Kin:
    """Return the story that tells the same event as an article, and the one before it in the same affair.

    Args:
        database: the archive.
        new: the article.
        moment: its time.
        but: its id.
    """
    named = stories.named_alike(database, new.names, moment - SAME_EVENT, moment + SAME_EVENT)
    counts = {name: len(ids) for name, ids in named.items()}
    telling = stories.telling_stories(database, moment - SAME_ACT, moment + SAME_ACT)
    under_way = dict.fromkeys((*telling, *articles.stories_of(database, _sharing_most(named, but))))
    members: dict[int, list[Member]] = {}
    # Without an act of its own an article meets those only that lie as near as reports of one event do.
    within = stories.EVER if new.news else SAME_EVENT
    for row, known in _sketches(database, stories.members_around(database, under_way, moment, within)):
        members.setdefault(row.story_id, []).append(Member(sketch=known, at=row.effective_at))
    own = Member(sketch=new, at=moment)
    return Kin(
        story_id=same_event(own, members, counts),
        near_id=same_affair(own, members),
        contradicted=tuple(
            story_id for story_id, known in members.items() if any(denies(new, one.sketch) for one in known)
        ),
    )


def remember(database: Database, revision_id: int, content_hash: str, known: Sketch | None) -> None:
    """Keep what an article is about for those that come after it."""
    kept = _KNOWN.setdefault(database, {})
    kept[revision_id, content_hash] = known
    while len(kept) > _MOST_KNOWN:
        del kept[next(iter(kept))]


def _sharing_most(named: Mapping[int, Sequence[int]], but: int) -> list[int]:
    """Return the articles that share most names, rare ones before common ones."""
    told: dict[int, float] = {}
    for ids in named.values():
        for article_id in ids:
            told[article_id] = told.get(article_id, 0.0) + information(len(ids))
    told.pop(but, None)
    return sorted(told, key=lambda one: (-told[one], one))[:MOST_NAMED]


def _sketches(database: Database, rows: Sequence[MemberRow]) -> Iterator[tuple[MemberRow, Sketch]]:
    """Yield what articles are about, as far as they name a state; each text is read once."""
    kept = _KNOWN.setdefault(database, {})
    known = {row: kept[key] for row in rows if (key := (row.revision_id, row.content_hash)) in kept}
    missing = {row.article_id: row for row in rows if row not in known}
    signals = candidates.signals_of(database, (row.revision_id for row in missing.values())) if missing else {}
    for article in articles.get_many(database, missing):
        row = missing[article.id]
        known[row] = sketch(article.title, article.text, signals.get(article.revision_id, ()))
        remember(database, row.revision_id, row.content_hash, known[row])
    for row in rows:
        own = known.get(row)
        if own is not None:
            yield row, own
