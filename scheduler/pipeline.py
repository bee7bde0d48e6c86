"""The one path of an article: text → signals → story → decision → alert and outbox, in one transaction.

The service, an import, a backtest and the demo all call :meth:`Pipeline.process`; a second path would prove nothing
about the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from detection.engine import Document, RuleSet, detect
from detection.revisions import signal_changes
from scheduler import corrections, ladder
from scheduler.alerting import Taken, take
from scheduler.occasions import AlertingSettings, Before, Occasion
from scheduler.placing import Placed, put_alone, put_into_story
from scheduler.sparing import spared
from storage import articles, entries, looks, readings, revisions, threads
from storage import evidence as pages
from storage.articles import Saved, SaveKind
from storage.comparing import Change
from storage.types import Article, Evidence, Signal, Status, StoryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """Where an article ended up."""

    article_id: int
    revision_id: int
    kind: SaveKind
    story_id: int
    copy_of: int | None
    origin: str
    #: positions of paragraphs that the story had not seen
    novel_paragraphs: tuple[int, ...]
    signals: tuple[Signal, ...]
    taken: tuple[Taken, ...]


class Pipeline:
    """Carries articles through detection, stories and alerts into the archive."""

    def __init__(self, rules: RuleSet, alerting: AlertingSettings, source_names: Mapping[str, str]) -> None:
        self.rules = rules
        self.alerting = alerting
        self._source_names = source_names

    def process(
        self,
        database: Database,
        article: Article,
        *,
        key: str,
        now: datetime,
        entry_id: int | None = None,
        evidence: Evidence | None = None,
        sending: bool = True,
        known: tuple[Signal, ...] | None = None,
    ) -> Processed:
        """Store one article and all that follows from it.

        Args:
            database: the archive, inside a transaction: all of this happens, or nothing.
            article: what the crawler or an import brought.
            key: identity of the article.
            now: when it was seen.
            entry_id: the feed entry that this answers.
            evidence: the page it was read from; kept when the article carries a signal.
            sending: False records alerts without queuing them for anybody.
            known: what these very rules found in it before, in their order, so that it is not read again.
        """
        source_name = self._source_names.get(article.source_id, article.source_id)
        saved = articles.save(database, article, key=key, origin=article.agency or source_name, now=now)
        if entry_id is not None and not article.partial:
            entries.read(database, entry_id, saved.article_id)
        # Other rules and watches may be put in place at any moment: one article is read by one version.
        rules, alerting = self.rules, self.alerting
        readings.note(database, article, saved, now=now, sending=sending, rules_version=rules.version)
        if saved.kind is SaveKind.SAME:
            return _unchanged(database, saved)
        signals = self.signals(article, now, rules) if known is None else known
        articles.save_signals(database, saved.article_id, saved.revision_id, signals)
        if evidence is not None and signals:
            pages.save(database, saved.revision_id, evidence, article)
        # What goes wrong with edits and stories must not take the article, and with it an alert, along.
        with spared(database, f"article {saved.article_id}: its edit is not recorded"):
            _note_edit(database, saved, signals, now, sending=sending)
        before: Before | None = None
        with spared(database, f"article {saved.article_id}: what its edit changed is not told"):
            before = self._before(database, article, saved, now, rules)
        placed = _placed(database, article, saved, signals, source_name)
        rises = ladder.note(database, saved, signals, now)
        occasion = Occasion(
            article=article,
            article_key=key,
            saved=saved,
            placed=placed,
            signals=signals,
            rules_version=rules.version,
            now=now,
            sending=sending,
            before=before,
            rises=rises,
        )
        return Processed(
            article_id=saved.article_id,
            revision_id=saved.revision_id,
            kind=saved.kind,
            story_id=placed.story_id,
            copy_of=placed.copy_of,
            origin=placed.origin,
            novel_paragraphs=placed.novel_paragraphs,
            signals=signals,
            taken=tuple(take(database, alerting, watch, occasion) for watch in alerting.watches),
        )

    def _before(
        self, database: Database, article: Article, saved: Saved, now: datetime, rules: RuleSet
    ) -> Before | None:
        """Return the version that an edit replaced, read by the present rules."""
        if saved.change is not Change.EDITED or saved.previous_id is None:
            return None
        old, new = articles.revision(database, saved.previous_id), articles.revision(database, saved.revision_id)
        paragraphs = tuple(old.text.split("\n")) if old.text else ()
        version = replace(article, title=old.title, lede=old.lede, paragraphs=paragraphs)
        seen = looks.seen_at(database, saved.article_id)
        return Before(
            article=version,
            signals=self.signals(version, now, rules),
            seen_at=max(old.fetched_at, seen) if seen is not None else old.fetched_at,
            silent=new.silent,
        )

    def withdrawn(self, database: Database, article_id: int, now: datetime) -> None:
        """Correct what was told on the word of an article whose page is gone, inside a transaction."""
        corrections.withdrawn(database, self.alerting, article_id, now)

    def signals(self, article: Article, now: datetime, rules: RuleSet | None = None) -> tuple[Signal, ...]:
        """Return what an article says happened; an undated one is read as of ``now``."""
        document = Document(
            title=article.title,
            text=article.text,
            published_at=article.published_at or now,
            language=article.language,
        )
        return detect(document, rules or self.rules).signals


def _note_edit(database: Database, saved: Saved, signals: tuple[Signal, ...], now: datetime, *, sending: bool) -> None:
    if saved.change is not Change.EDITED or saved.previous_id is None:
        return
    changes = signal_changes(articles.signals(database, saved.previous_id), signals)
    revisions.record_edit(
        database, saved, added=changes.added, dropped=changes.dropped, now=now, recorded_only=not sending
    )
    known = articles.get(database, saved.article_id).story_id
    if known is not None and any(one.status is Status.ASSERTED for one in changes.dropped):
        threads.mark(database, known, StoryState.EDITED)


def _placed(
    database: Database, article: Article, saved: Saved, signals: tuple[Signal, ...], source_name: str
) -> Placed:
    """Put an article into its story; into one of its own when that fails."""
    placed: Placed | None = None
    with spared(database, f"article {saved.article_id}: it is put into a story of its own"):
        placed = put_into_story(database, article, saved, signals, source_name)
    return placed or put_alone(database, article, saved, signals, source_name)


def _unchanged(database: Database, saved: Saved) -> Processed:
    known = articles.get(database, saved.article_id)
    if known.story_id is None:
        raise ValueError(f"article {known.id} is stored without a story")
    return Processed(
        article_id=known.id,
        revision_id=known.revision_id,
        kind=SaveKind.SAME,
        story_id=known.story_id,
        copy_of=known.copy_of,
        origin=known.origin,
        novel_paragraphs=(),
        signals=articles.signals(database, known.revision_id),
        taken=(),
    )
