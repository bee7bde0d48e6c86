"""Finds the story an article belongs to: asks the archive for look-alikes, detection for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from detection.stories import Candidate, Profile, find_copy, fingerprints, sketch
from detection.stories.copies import Copied
from detection.stories.coverage import covered_by
from detection.stories.lifecycle import Lifecycle, lifecycle
from detection.stories.novelty import novel_paragraphs
from detection.stories.origin import origin_of
from detection.stories.sketch import other_states, states_in
from scheduler.kin import Kin, find_kin, remember
from scheduler.profiles import profile_of, profiles_of
from storage import articles, candidates, stories, threads
from storage.articles import Saved, StoredArticle
from storage.stories import LookAlike
from storage.types import Article, Signal, Status, StoryState

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
    #: stories whose headlines the article denies
    contradicted: tuple[int, ...] = ()


#: how long an affair may rest before it goes on, and severity from which an act recalled belongs to one
AFFAIR = timedelta(days=60)
LEAST_RECALLED = 2
_HAPPENED = frozenset({Status.ASSERTED, Status.PAST, Status.ENDED, Status.DENIED})
#: words of an older dispatch that an article repeats as its background
BACKGROUND = 40
#: covered share from which nobody asks whether a copy names the states that its original names
PLAINLY_COPIED = 0.9
#: covered share from which a copy adds nothing under which others could be found
NOTHING_NEW = 0.97


def put_into_story(
    database: Database, article: Article, saved: Saved, signals: Sequence[Signal], source_name: str
) -> Placed:
    """Place a stored article and record it; a revision stays where its article was put first."""
    if candidates.story_of(database, saved.article_id) is not None:
        return _revised(database, article, saved, signals, articles.get(database, saved.article_id))
    content_hash = articles.content_hash(article)
    text = profile_of(article.text, content_hash)
    moment = saved.effective_at
    prints = fingerprints(text)
    alike = stories.look_alikes(database, prints, moment - SAME_DISPATCH, moment + SAME_DISPATCH, but=saved.article_id)
    said = profiles_of(database, alike)
    copied = find_copy(text, signals, moment, _candidates(database, alike, said, signals))
    if copied and _speaks_of_others(database, article, copied, alike):
        copied = None
    dispatch = copied.candidate.dispatch if copied else None
    first = dispatch is not None and candidates.make_original(database, saved.article_id, moment, dispatch)
    copies = copied is not None and not first
    about = None if copies else sketch(article.title, article.text, signals)
    held = copied.candidate.story_id if copied else None
    kin = Kin(story_id=held) if about is None else find_kin(
        database, about, moment, article_id=saved.article_id, revision_id=saved.revision_id, content_hash=content_hash,
        copied_in=held,
    )  # fmt: skip
    joined = kin.story_id
    story_id = joined or stories.create(database, article.title, moment)
    if joined is None:
        before = _recalled(database, signals, moment)
        near = kin.near_id or _background_of(text, alike, said) or before
        if near is not None:
            threads.link(database, story_id, near)
        if before is not None:
            threads.join(database, story_id, before)
    original = next((one.origin for one in alike if one.article_id == dispatch), None)
    origin = origin_of(article.agency, source_name, original)
    stories.attach(
        database, saved.article_id, story_id, moment,
        severity=_severity(signals),
        copy_of=dispatch if copies else None,
        coverage=copied.coverage if copied else None,
        origin=origin,
    )  # fmt: skip
    if copied is None or copied.coverage < NOTHING_NEW:
        stories.save_fingerprints(database, saved.article_id, moment, prints)
    if not copies and about is None:
        remember(database, saved.revision_id, content_hash, None)
    _move(database, kin, article.fetched_at)
    # After the moves, which know nothing yet of what became a copy with this article: copies stand with their original.
    if first and story_id != held:
        threads.move(database, (saved.article_id,), story_id, now=article.fetched_at)
    if copied and copied.same:
        threads.move(database, _movable(database, copied.same), story_id, now=article.fetched_at)
        candidates.join_dispatches(database, copied.same, saved.article_id if first else copied.candidate.dispatch)
    if about is not None:
        stories.save_names(database, saved.article_id, moment, about.keys)
    novel = _novel(article, text, _of_story(story_id, alike, said), signals)
    stories.save_novelty(database, saved.article_id, novel)
    _note_state(database, article, story_id, kin.contradicted)
    return Placed(
        story_id=story_id,
        copy_of=dispatch,
        origin=origin,
        novel_paragraphs=novel,
        reason="copy" if copied else "same_event" if joined else "first_report",
        contradicted=kin.contradicted,
    )


def put_alone(
    database: Database, article: Article, saved: Saved, signals: Sequence[Signal], source_name: str
) -> Placed:
    """Put an article into a story of its own, or leave it in the one that holds it: no question asked."""
    story_id = candidates.story_of(database, saved.article_id)
    origin = article.agency or source_name
    if story_id is None:
        story_id = stories.create(database, article.title, saved.effective_at)
        stories.attach(
            database, saved.article_id, story_id, saved.effective_at, severity=_severity(signals), copy_of=None,
            coverage=None, origin=origin,
        )  # fmt: skip
    return Placed(story_id=story_id, copy_of=None, origin=origin, novel_paragraphs=(), reason="first_report")


def _move(database: Database, kin: Kin, now: datetime) -> None:
    """Put articles where they turn out to belong, now that another one has arrived."""
    for move in kin.moves:
        story_id = move.story_id
        if story_id is None:
            first = min(articles.get_many(database, move.articles), key=lambda one: (one.effective_at, one.id))
            story_id = stories.create(database, first.title, first.effective_at)
            if first.story_id is not None:
                threads.link(database, story_id, first.story_id)
        threads.move(database, move.articles, story_id, now=now)


def _speaks_of_others(database: Database, article: Article, copied: Copied, alike: Sequence[LookAlike]) -> bool:
    """Whether a text in the words of another one names other states: an arrest in Mali, an arrest in Burkina Faso."""
    if copied.coverage >= PLAINLY_COPIED:
        return False
    found = next(one.revision_id for one in alike if one.article_id == copied.candidate.article_id)
    old = candidates.texts(database, [found]).get(found, "")
    return other_states(states_in(article.text), states_in(old))


def _movable(database: Database, dispatches: Sequence[int]) -> list[int]:
    """Return the dispatches whose stories nobody has made by hand."""
    told_in = candidates.stories_of(database, dispatches)
    by_hand = threads.made_by_hand(database, set(told_in.values()))
    return [one for one, story in told_in.items() if story not in by_hand]


def _background_of(text: Profile, alike: Sequence[LookAlike], said: Sequence[Profile]) -> int | None:
    """Return the story whose dispatch an article repeats as its background, None when none."""
    shared = [
        (int(covered_by(text, [own]).sum()), -found.article_id, found.story_id)
        for found, own in zip(alike, said, strict=True)
    ]
    best = max(shared, default=None)
    return best[2] if best and best[0] >= BACKGROUND else None


def _of_story(story_id: int, alike: Sequence[LookAlike], said: Sequence[Profile]) -> list[Profile]:
    return [own for found, own in zip(alike, said, strict=True) if found.story_id == story_id]


def _recalled(database: Database, signals: Sequence[Signal], moment: datetime) -> int | None:
    """Return the latest story whose act an article recalls, or tells again: an affair may rest for weeks."""
    acts = [
        (one.type, one.actor, one.target)
        for one in signals
        if one.actor and one.target and one.severity >= LEAST_RECALLED and one.status in _HAPPENED
    ]
    found = (candidates.telling_act(database, act, moment - AFFAIR, moment) for act in acts)
    return next((story_id for story_id in found if story_id is not None), None)


def _note_state(database: Database, article: Article, story_id: int, contradicted: Sequence[int]) -> None:
    """Record what an article says of its story or of others: a correction, a cancellation, a denial."""
    stage = lifecycle(article.title, article.text)
    if stage is Lifecycle.CORRECTION:
        threads.mark(database, story_id, StoryState.CORRECTED)
    elif stage is Lifecycle.CANCELLATION:
        threads.mark(database, story_id, StoryState.WITHDRAWN)
    for denied in contradicted:
        if denied != story_id:
            threads.mark(database, denied, StoryState.DENIED)


def _revised(
    database: Database, article: Article, saved: Saved, signals: Sequence[Signal], known: StoredArticle
) -> Placed:
    """Record the new text of an article that has its story."""
    story_id = known.story_id
    if story_id is None:
        raise ValueError(f"article {known.id} has no story yet")
    stories.attach(
        database, known.id, story_id, saved.effective_at,
        severity=_severity(signals), copy_of=known.copy_of, coverage=None, origin=known.origin,
    )  # fmt: skip
    text = profile_of(article.text, articles.content_hash(article))
    earlier = [
        profile_of(articles.text_of(revision.lede, revision.text), revision.content_hash)
        for revision in articles.revisions(database, known.id)
        if revision.id != saved.revision_id
    ]
    moment, prints = known.effective_at, fingerprints(text)
    for old in earlier[-1:]:
        stories.drop_fingerprints(database, known.id, moment, fingerprints(old))
    stories.save_fingerprints(database, known.id, moment, prints)
    alike = stories.look_alikes(database, prints, moment - SAME_DISPATCH, moment + SAME_DISPATCH, but=known.id)
    others = _of_story(story_id, alike, profiles_of(database, alike))
    novel = _novel(article, text, earlier + others, signals)
    stories.save_novelty(database, known.id, novel)
    _note_state(database, article, story_id, ())
    return Placed(
        story_id=story_id, copy_of=known.copy_of, origin=known.origin, novel_paragraphs=novel, reason="revision"
    )


def _severity(signals: Sequence[Signal]) -> int:
    return max((signal.severity for signal in signals if signal.status is Status.ASSERTED), default=0)


def _novel(article: Article, text: Profile, said: Sequence[Profile], signals: Sequence[Signal]) -> tuple[int, ...]:
    """Return the positions of paragraphs that bring something new; the standfirst is none of them."""
    lede = (article.lede,) if article.lede else ()
    lines = [-1 for own in lede for _ in own.split("\n")]
    lines += [place for place, own in enumerate(article.paragraphs) for _ in own.split("\n")]
    before = len(article.title) + 1
    telling = {article.text[: signal.start - before].count("\n") for signal in signals if signal.start >= before}
    return tuple(sorted({lines[at] for at in novel_paragraphs(text, said, telling)} - {-1}))


def _candidates(
    database: Database, alike: Sequence[LookAlike], said: Sequence[Profile], signals: Sequence[Signal]
) -> list[Candidate]:
    """Return look-alikes with their signals, which nobody asks for when the article itself has none."""
    known = candidates.signals_of(database, [one.revision_id for one in alike]) if signals and alike else {}
    return [_candidate(found, own, known.get(found.revision_id, ())) for found, own in zip(alike, said, strict=True)]


def _candidate(found: LookAlike, own: Profile, signals: tuple[Signal, ...]) -> Candidate:
    if found.story_id is None:
        raise ValueError(f"article {found.article_id} has fingerprints but no story")
    return Candidate(
        article_id=found.article_id,
        story_id=found.story_id,
        copy_of=found.copy_of,
        dispatched_at=found.dispatched_at,
        profile=own,
        signals=signals,
    )
