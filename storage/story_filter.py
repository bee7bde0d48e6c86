"""Which stories are in a list, and in which order: every condition a list can have, answered by an index.

Two ways lead to the stories that pass. What is rare is looked up, and its stories are sorted. What is not is met soon
on the way down the list, whose order an index holds; each condition is then asked of one story after the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import article_tests, hits, triage_filter
from storage.article_tests import ArticleTests
from storage.errors import SearchError
from storage.listed import named
from storage.stories import STILL_TOLD
from storage.times import from_text, to_text
from storage.triage_filter import TriageFilter
from storage.types import Status

#: signals of a type or a pair, and articles of a source or in a language, up to which they are rare: it is quicker to
#: look up their stories than to walk the list until enough are found
_RARE_SIGNALS, _RARE_ARTICLES = 3_000, 20_000
#: stories of a list that are looked at first, and more after them
_WALK = (200, 800, 3_200, 12_800)
#: the same for beginnings of words: whatever the index is asked about them, it gathers all that they stand for
_WALK_FOR_BEGINNINGS = (800, 6_400)

#: place of a story in the list: when it was last seen, and its id
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one article of a story must be, whatever else; None means any."""

    source_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFilter:
    """What the list of stories is narrowed to; None means any.

    Conditions on signals, source and language must hold for one and the same article of the story.
    """

    #: leave out stories without a signal
    with_signals: bool = True
    min_severity: int | None = None
    type: str | None = None
    #: unordered pair of states
    pair: tuple[str, str] | None = None
    #: one of the two states of an act, whichever side
    side: str | None = None
    #: the rule that found an act
    rule: str | None = None
    status: Status | None = None
    source_id: str | None = None
    language: str | None = None
    #: of the source: ISO 3166-1 alpha-3, or UN, EU, AU, ECOWAS, AES
    country: str | None = None
    #: an FTS5 expression, already safe to run, that one article of the story matches
    expression: str | None = None
    #: codes and acts of one article of the story, which matches the expression as well
    tests: ArticleTests | None = None
    #: one article of the story is so, not necessarily the one with the act
    member: Member | None = None
    #: any of these tags, as keys
    tags: tuple[str, ...] | None = None
    #: what people made of it
    triage: TriageFilter | None = None
    #: a watch that told of it
    watch_id: str | None = None
    #: only stories with an article since then
    since: datetime | None = None
    #: only stories last reported on before then
    until: datetime | None = None
    #: only stories with an article that was stored after this one
    after_article: int | None = None
    #: only stories with an article whose text is no newer than this one
    text_until: int | None = None
    #: keyset paging: only stories after this (last seen, id) in the list
    before: Place | None = None
    limit: int = 50


def places(database: Database, wanted: StoryFilter) -> list[Place]:
    """Return the places of stories in a list, the one last reported on first.

    Raises:
        SearchError: the expression is not one FTS5 reads.
    """
    try:
        if wanted.expression is None:
            return _places(database, wanted)
        return _found(database, wanted, wanted.expression)
    except sqlite3.OperationalError as error:
        if wanted.expression is None or error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise
        raise SearchError(f"the search cannot be read: {error}") from error


def _places(database: Database, wanted: StoryFilter, texts: Sequence[int] | None = None) -> list[Place]:
    """Return the places of stories; ``texts`` are those that the expression finds, where they are known."""
    clauses, parameters = _story_clauses(database, wanted, texts)
    rows = database.execute(
        f"SELECT st.last_seen_at, st.id FROM story st WHERE {' AND '.join(clauses) or '1 = 1'} "  # noqa: S608 (fixed clauses)
        "ORDER BY st.last_seen_at DESC, st.id DESC LIMIT :limit",
        {**parameters, "limit": wanted.limit},
    )
    return [(from_text(at), int(story_id)) for at, story_id in rows.fetchall()]


def _found(database: Database, wanted: StoryFilter, expression: str) -> list[Place]:
    """Return the places of stories that an expression finds, by the way that is likely the shorter one."""
    steps = _WALK_FOR_BEGINNINGS if hits.has_beginnings(expression) else _WALK
    if hits.has_beginnings(expression):
        # Counting what a beginning stands for costs as much as finding it; it may be met at the top of the list.
        found = _walked(database, wanted, expression, steps[:1])
        if found is not None:
            return found
    probe = hits.probe(database, expression, wanted.limit)
    if probe.complete:
        return _places(database, wanted, probe.newest)
    # Stories that only have texts newer than all that were found are passed by without asking about each.
    found = _walked(database, replace(wanted, text_until=probe.last), expression, steps) if probe.walk else None
    return _places(database, wanted) if found is None else found


def _walked(database: Database, wanted: StoryFilter, expression: str, steps: Sequence[int]) -> list[Place] | None:
    """Walk the list and ask the index about many of its stories at once, until enough are found.

    Returns:
        a page of places; None where steps over so many stories did not fill it.
    """
    own, values = ([], {}) if wanted.tests is None else article_tests.clauses(wanted.tests)
    found: list[Place] = []
    before = wanted.before
    for size in steps:
        batch = _places(database, replace(wanted, expression=None, before=before, limit=size))
        for some in hits.portions(batch, expression):
            held = hits.stories_with_hits(database, expression, [story_id for _, story_id in some], own, values)
            found += [place for place in some if place[1] in held]
            if len(found) >= wanted.limit:
                return found[: wanted.limit]
        if len(batch) < size:
            return found
        before = batch[-1]
    return None


def signal_clauses(wanted: StoryFilter, *, rare: bool = False) -> tuple[list[str], dict[str, Any]]:
    """What one article ``a`` and its signal ``g`` must fulfil.

    Unless it is rare, what they are found by is the story, and no index of signals or sources: it would be walked anew
    for each story. An expression keeps the database from using it.
    """
    type_, actor, target, rule, source = (
        column if rare else f"{column} || ''" for column in ("g.type", "g.actor", "g.target", "g.rule", "a.source_id")
    )
    first, second = wanted.pair or (None, None)
    options: tuple[tuple[str, dict[str, Any]], ...] = (
        ("g.severity >= :severity", {"severity": wanted.min_severity}),
        (f"{type_} = :type", {"type": wanted.type}),
        (f"(({actor} = :first AND {target} = :second) OR ({actor} = :second AND {target} = :first))",
         {"first": first, "second": second}),
        (f"({actor} = :side OR {target} = :side)", {"side": wanted.side}),
        (f"{rule} = :rule", {"rule": wanted.rule}),
        ("g.status = :status", {"status": wanted.status}),
        (f"{source} = :source", {"source": wanted.source_id}),
        ("a.language = :language", {"language": wanted.language}),
        ("a.source_id IN (SELECT s.id FROM source s WHERE s.country = :country)", {"country": wanted.country}),
    )  # fmt: skip
    chosen = [(clause, values) for clause, values in options if None not in values.values()]
    return [clause for clause, _ in chosen], {key: value for _, values in chosen for key, value in values.items()}


def _story_clauses(
    database: Database, wanted: StoryFilter, texts: Sequence[int] | None
) -> tuple[list[str], dict[str, Any]]:
    rare_acts, few_articles = _has_rare_acts(database, wanted), _has_few_articles(database, wanted)
    conditions, parameters = signal_clauses(wanted, rare=rare_acts or few_articles)
    held = " AND ".join(conditions)
    of_signals = any("g." in condition for condition in conditions) or wanted.with_signals
    clauses = []
    if rare_acts:
        # Their few signals are looked up instead of walking all stories.
        clauses.append(
            "st.id IN (SELECT a.story_id FROM signal g CROSS JOIN article a "  # noqa: S608 (fixed)
            f"WHERE a.revision_id = g.revision_id AND {held})"
        )
    elif of_signals:
        joined = f"a.story_id = st.id AND g.revision_id = a.revision_id{f' AND {held}' if held else ''}"
        # A story that never told an act is passed by without a look at its articles.
        clauses.append("st.telling = 1")
        clauses.append(f"EXISTS (SELECT 1 FROM article a CROSS JOIN signal g WHERE {joined})")  # noqa: S608 (fixed)
    elif few_articles:
        clauses.append(f"st.id IN (SELECT a.story_id FROM article a WHERE {held})")  # noqa: S608 (fixed clauses)
    elif conditions:
        clauses.append(f"EXISTS (SELECT 1 FROM article a WHERE a.story_id = st.id AND {held})")  # noqa: S608 (fixed clauses)
    else:
        clauses.append(STILL_TOLD)
    if wanted.expression is not None or wanted.tests is not None:
        clauses += _of_one_article(database, wanted.expression, texts, wanted.tests or ArticleTests(), parameters)
    if wanted.triage is not None:
        of_triage, values = triage_filter.clauses(database, wanted.triage)
        clauses += of_triage
        parameters |= values
    if wanted.member is not None:
        of_members, values = _member_clauses(database, wanted.member)
        clauses += of_members
        parameters |= values
    if wanted.tags is not None:
        marks, names = named(wanted.tags, "tag")
        those = f"SELECT t.story_id FROM story_tag t WHERE t.key IN ({marks})"  # noqa: S608 (placeholders)
        clauses.append(f"st.id IN ({those})" if wanted.tags else "1 = 0")
        parameters |= names
    if wanted.since is not None:
        clauses.append("st.last_seen_at >= :since")
        parameters["since"] = to_text(wanted.since)
    if wanted.until is not None:
        clauses.append("st.last_seen_at < :until")
        parameters["until"] = to_text(wanted.until)
    if wanted.watch_id is not None:
        clauses.append("st.id IN (SELECT al.story_id FROM alert al WHERE al.watch_id = :watch_id)")
        parameters["watch_id"] = wanted.watch_id
    if wanted.after_article is not None:
        clauses.append("st.id IN (SELECT story_id FROM article WHERE id > :after_article)")
        parameters["after_article"] = wanted.after_article
    if wanted.text_until is not None:
        clauses.append("EXISTS (SELECT 1 FROM article t WHERE t.story_id = st.id AND t.revision_id <= :text_until)")
        parameters["text_until"] = wanted.text_until
    if wanted.before is not None:
        clauses.append("(st.last_seen_at, st.id) < (:before, :before_id)")
        parameters |= {"before": to_text(wanted.before[0]), "before_id": wanted.before[1]}
    return clauses, parameters


def _member_clauses(database: Database, member: Member) -> tuple[list[str], dict[str, Any]]:
    options: tuple[tuple[str, str, Any], ...] = (
        ("a.source_id = :member_source", "member_source", member.source_id),
        ("a.effective_at >= :member_since", "member_since", member.since and to_text(member.since)),
        ("a.effective_at < :member_until", "member_until", member.until and to_text(member.until)),
    )
    chosen = [(clause, name, value) for clause, name, value in options if value is not None]
    if not chosen:
        return [], {}
    joined, values = " AND ".join(clause for clause, _, _ in chosen), {name: value for _, name, value in chosen}
    those = f"SELECT a.story_id FROM article a WHERE {joined}"  # noqa: S608 (fixed clauses)
    counted = f"SELECT count(*) FROM ({those} LIMIT {_RARE_ARTICLES}) few"  # noqa: S608 (fixed clauses)
    few = int(database.execute(counted, values).fetchone()[0]) < _RARE_ARTICLES
    # An index of sources or times would be walked anew for each story.
    each = those.replace("a.source_id", "a.source_id || ''").replace("a.effective_at", "a.effective_at || ''")
    found = [f"st.id IN ({those})" if few else f"EXISTS ({each} AND a.story_id = st.id)"]
    if member.since is not None:
        # No story was last reported on before one of its articles.
        found.append("st.last_seen_at >= :member_since")
    return found, values


def _of_one_article(
    database: Database,
    expression: str | None,
    texts: Sequence[int] | None,
    tests: ArticleTests,
    parameters: dict[str, Any],
) -> list[str]:
    """What one article of a story must fulfil by its words, codes and acts."""
    own, values = article_tests.clauses(tests)
    parameters |= values
    held = " AND ".join(own) or "1 = 1"
    telling = ["st.telling = 1"] if tests.acts else []
    if texts is not None:
        marks, names = named(texts, "text")
        parameters |= names
        those = f"SELECT a.story_id FROM article a WHERE a.revision_id IN ({marks}) AND {held}"  # noqa: S608 (placeholders)
        return [*telling, f"st.id IN ({those})" if texts else "1 = 0"]
    if expression is not None:
        parameters["expression"] = expression
        return [
            *telling,
            "st.id IN (SELECT a.story_id FROM revision_search CROSS JOIN article a "  # noqa: S608 (fixed clauses)
            f"WHERE revision_search MATCH :expression AND a.revision_id = revision_search.rowid AND {held})",
        ]
    rare = next((type_ for type_ in tests.types if _is_rare(database, "type = ?", (type_,))), None)
    if rare is not None:
        parameters["rare_type"] = rare
        return [
            "st.id IN (SELECT a.story_id FROM signal t CROSS JOIN article a "  # noqa: S608 (fixed clauses)
            f"WHERE t.type = :rare_type AND a.revision_id = t.revision_id AND {held})"
        ]
    return [*telling, f"EXISTS (SELECT 1 FROM article a WHERE a.story_id = st.id AND {held})"]  # noqa: S608 (fixed clauses)


def _has_rare_acts(database: Database, wanted: StoryFilter) -> bool:
    for which, value in (("type = ?", wanted.type), ("rule = ?", wanted.rule)):
        if value is not None and _is_rare(database, which, (value,)):
            return True
    if wanted.rule is not None and _is_rare(database, "rule = ?", (wanted.rule,)):
        return True
    return wanted.pair is not None and _is_rare(
        database, "actor IN (?, ?) AND target IN (?, ?)", (*wanted.pair, *wanted.pair)
    )


def _is_rare(database: Database, which: str, values: Sequence[str]) -> bool:
    return _count(database, "signal", which, values, _RARE_SIGNALS) < _RARE_SIGNALS


def _has_few_articles(database: Database, wanted: StoryFilter) -> bool:
    return any(
        value is not None and _count(database, "article", which, (value,), _RARE_ARTICLES) < _RARE_ARTICLES
        for which, value in (("source_id = ?", wanted.source_id), ("language = ?", wanted.language))
    )


def _count(database: Database, table: str, which: str, values: Sequence[str], most: int) -> int:
    row = database.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {which} LIMIT {most}) few",  # noqa: S608 (fixed clauses)
        values,
    ).fetchone()
    return int(row[0])
