"""Finds the stories under way that tell the same event as an article: the archive's part of the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from math import log
from typing import Any
from weakref import WeakKeyDictionary

from sqlite_utils import Database

from detection.stories import Member, Sketch, affinity, group, sketch
from detection.stories.grouping import BELONGS, settle
from detection.stories.kinship import SAME_ACT, SAME_EVENT, denies, meet, same_affair
from storage import articles, candidates, stories, threads
from storage.stories import MemberRow

#: articles with names in common that are compared
MOST_NAMED = 30
#: articles among which a name is looked up; one that few of them hold tells much
_ARTICLES = 1_000
#: articles that are grouped anew when another one arrives, the likeliest first
MOST_GROUPED = 48
#: what is remembered of articles, and of pairs of them
_MOST_KNOWN = 12_288
_MOST_PAIRS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Articles that turn out to tell another story."""

    articles: tuple[int, ...]
    #: None for a story of their own
    story_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What an article has to do with the stories under way."""

    #: the story that tells the same event
    story_id: int | None = None
    #: the story of the same affair that is nearest in time, the same event or another
    near_id: int | None = None
    #: stories whose headlines the article contradicts
    contradicted: tuple[int, ...] = ()
    #: articles that go elsewhere, now that this one has arrived
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What an article is about, under a number that no other text ever had: ids are given again after a rollback."""

    serial: int
    sketch: Sketch | None


@dataclass(slots=True)
class _Memory:
    """What a process has worked out about an archive; all of it can be worked out again."""

    #: by revision and its text
    articles: dict[tuple[int, str], _Known] = field(default_factory=dict)
    #: affinities of articles that were grouped together, by both serials, the lower first
    pairs: dict[tuple[int, int], float | None] = field(default_factory=dict)
    #: serials of articles that may tell the event of another
    near: dict[int, set[int]] = field(default_factory=dict)
    serials: Iterator[int] = field(default_factory=count)


_MEMORIES: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Held:
    """An article with what it is about; a new one is in no story yet."""

    article_id: int
    story_id: int | None
    serial: int
    content_hash: str
    member: Member


def find_kin(
    database: Database,
    new: Sketch,
    moment: datetime,
    *,
    article_id: int,
    revision_id: int,
    content_hash: str,
    copied_in: int | None = None,
) -> Kin:
    """Return the story that tells the same event as an article, and the one before it in the same affair.

    Args:
        database: the archive.
        new: the article.
        moment: its time.
        article_id: of the article.
        revision_id: of its text.
        content_hash: of its text.
        copied_in: the story that holds copies of it already.
    """
    named = stories.named_alike(database, new.keys, moment - SAME_EVENT, moment + SAME_EVENT)
    counts = {name: len(ids) for name, ids in named.items()}
    telling = stories.telling_stories(database, moment - SAME_ACT, moment + SAME_ACT)
    most = _sharing_most(named, article_id)
    told_in = candidates.stories_of(database, most)
    sharing = list(dict.fromkeys(told_in[one] for one in most if one in told_in))
    # Articles without an act gather around one that tells an act, never among themselves.
    under_way = dict.fromkeys((*telling, *(sharing if new.news else candidates.telling_among(database, sharing))))
    # Without an act of its own an article meets those only that lie as near as reports of one event do.
    within = stories.EVER if new.news else SAME_EVENT
    around = stories.members_around(database, under_way, moment, within)
    rows = [row for row in around if row.article_id != article_id]
    serial = remember(database, revision_id, content_hash, new)
    own = _Held(article_id, copied_in, serial, content_hash, Member(sketch=new, at=moment))
    held = list(_held(database, rows))
    likely = _likely(_memory(database), own, held, counts)
    held_in = {one.article_id: one.story_id for one in (*likely, own) if one.story_id is not None}
    groups = settle(_grouped(database, (*likely, own)), held_in)
    members: dict[int, list[Member]] = {}
    for one in held:
        if one.story_id is not None:
            members.setdefault(one.story_id, []).append(one.member)
    return Kin(
        story_id=next((story_id for ids, story_id in groups if article_id in ids), None),
        near_id=same_affair(own.member, members),
        contradicted=tuple(
            story_id for story_id, known in members.items() if any(denies(new, one.sketch) for one in known)
        ),
        moves=tuple(_moves(groups, {one.article_id: one.story_id for one in held}, article_id)),
    )


def remember(database: Database, revision_id: int, content_hash: str, known: Sketch | None) -> int:
    """Keep what an article is about for those that come after it; return the number it is known by."""
    memory = _memory(database)
    kept = memory.articles.get((revision_id, content_hash))
    if kept is None:
        kept = memory.articles[revision_id, content_hash] = _Known(next(memory.serials), known)
        _bound(memory.articles, _MOST_KNOWN)
    return kept.serial


def _memory(database: Database) -> _Memory:
    return _MEMORIES.setdefault(database, _Memory())


def _bound(kept: dict[Any, Any], most: int) -> None:
    """Let go of what was learnt first."""
    while len(kept) > most:
        del kept[next(iter(kept))]


def _likely(memory: _Memory, own: _Held, held: Sequence[_Held], counts: Mapping[int, int]) -> list[_Held]:
    """Return the articles of stories that an article may belong to, and of stories that those may belong to."""
    values = {one.serial: affinity(own.member, one.member, counts) for one in held if meet(own.member, one.member)}
    near = {serial for serial, value in values.items() if value is not None and value >= BELONGS}
    for serial in near:
        memory.near.setdefault(serial, set()).add(own.serial)
    memory.near.setdefault(own.serial, set()).update(near)
    _bound(memory.near, _MOST_KNOWN)
    if not near:
        return []
    best: dict[int | None, float] = {}
    for one in held:
        if one.serial in near:
            best[one.story_id] = max(best.get(one.story_id, BELONGS), values[one.serial] or 0.0)
    first = set(best)
    beyond = set[int]().union(*(memory.near.get(one.serial, ()) for one in held if one.story_id in first))
    for one in held:
        if one.serial in beyond:
            best.setdefault(one.story_id, BELONGS)
    order = sorted(best, key=lambda story_id: (story_id not in first, -best[story_id], story_id or 0))
    place = {story_id: at for at, story_id in enumerate(order)}
    likely = sorted((one for one in held if one.story_id in place), key=lambda one: place[one.story_id])[:MOST_GROUPED]
    for one in likely:
        if one.serial in values:
            memory.pairs[_pair(own, one)] = values[one.serial]
    _bound(memory.pairs, _MOST_PAIRS)
    return likely


def _pair(one: _Held, other: _Held) -> tuple[int, int]:
    return min(one.serial, other.serial), max(one.serial, other.serial)


def _grouped(database: Database, held: Sequence[_Held]) -> list[list[int]]:
    """Return articles by the events they tell; what people put together stays together."""
    if len(held) == 1:
        return [[held[0].article_id]]
    pairs, by_id = _memory(database).pairs, {one.article_id: one for one in held}
    serials = {one.article_id: one.serial for one in held}
    counts: dict[int, int] = {}

    def affinities(one: int, other: int) -> float | None:
        # Asked a thousand times for one article: no calls in between.
        here, there = serials[one], serials[other]
        pair = (here, there) if here < there else (there, here)
        if pair not in pairs:
            if not counts:
                names = {name for held_one in held for name in held_one.member.sketch.names}
                moments = [held_one.member.at for held_one in held]
                counts.update(stories.name_counts(database, names, min(moments), max(moments)))
            pairs[pair] = affinity(by_id[one].member, by_id[other].member, counts)
        return pairs[pair]

    by_hand = threads.made_by_hand(database, {one.story_id for one in held if one.story_id is not None})
    fixed: dict[int, list[int]] = {}
    for one in held:
        if one.story_id is not None and one.story_id in by_hand:
            fixed.setdefault(one.story_id, []).append(one.article_id)
    order = sorted(held, key=lambda one: (one.member.at, one.content_hash))
    acting = {one.article_id for one in held if one.member.sketch.news}
    return group([one.article_id for one in order], affinities, fixed.values(), acting)


def _moves(
    groups: Iterable[tuple[Sequence[int], int | None]], told_in: Mapping[int, int | None], but: int
) -> Iterator[Move]:
    """Yield which articles leave the story they are in."""
    for ids, story_id in groups:
        moved = tuple(one for one in ids if one != but and told_in[one] != story_id)
        if moved:
            yield Move(articles=moved, story_id=story_id)


def _sharing_most(named: Mapping[int, Sequence[int]], but: int) -> list[int]:
    """Return the articles that share most names, rare ones before common ones."""
    told: dict[int, float] = {}
    for ids in named.values():
        worth = _information(len(ids))
        for article_id in ids:
            told[article_id] = told.get(article_id, 0.0) + worth
    told.pop(but, None)
    return sorted(told, key=lambda one: (-told[one], one))[:MOST_NAMED]


def _information(holding: int) -> float:
    """Return what a name tells, in nats, that so many articles hold."""
    return max(0.0, log(_ARTICLES / max(1, holding)))


def _held(database: Database, rows: Sequence[MemberRow]) -> Iterator[_Held]:
    """Yield articles with what they are about, as far as they name a state; each text is read once."""
    kept = _memory(database).articles
    known = {row: kept[key] for row in rows if (key := (row.revision_id, row.content_hash)) in kept}
    missing = {row.article_id: row for row in rows if row not in known}
    signals = candidates.signals_of(database, (row.revision_id for row in missing.values())) if missing else {}
    for article in articles.get_many(database, missing):
        row = missing[article.id]
        made = sketch(article.title, article.text, signals.get(article.revision_id, ()))
        known[row] = _Known(remember(database, row.revision_id, row.content_hash, made), made)
    for row in rows:
        own = known.get(row)
        if own is not None and own.sketch is not None:
            at = Member(sketch=own.sketch, at=row.effective_at)
            yield _Held(row.article_id, row.story_id, own.serial, row.content_hash, at)
