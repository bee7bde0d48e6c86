"""Whether the signals of one article concern a watch: a pure decision that gives its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detection.countries import country_name
from detection.taxonomy import type_label
from storage.types import Signal, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What an article's signals mean for one watch."""

    alert: bool
    #: highest severity among the signals that alert; 0 without any
    severity: int
    #: ``alert``, or the first clause of the watch that the best signal fails: ``no_signal``,
    #: ``other_source``, ``other_language``, ``query``, ``other_pair``, ``other_type``,
    #: ``status_denied`` (or another status), ``below_severity``, ``below_confidence``
    reason: str
    #: a sentence for people
    detail: str
    #: the signals that carry the alert, gravest first
    signals: tuple[Signal, ...] = ()


def _refusal(reason: str, detail: str) -> Assessment:
    return Assessment(alert=False, severity=0, reason=reason, detail=detail)


def _pair(signal: Signal) -> str:
    return f"{country_name(signal.actor)} → {country_name(signal.target)}"


def _watched_pair(signal: Signal, watch: Watch) -> bool:
    if not watch.pairs:
        return True
    return any({signal.actor, signal.target} == set(pair) for pair in watch.pairs)


#: clauses in the order in which a signal must pass them
_CLAUSES: tuple[Callable[[Signal, Watch], bool], ...] = (
    _watched_pair,
    lambda signal, watch: not watch.types or signal.type in watch.types,
    lambda signal, watch: signal.status in watch.statuses,
    lambda signal, watch: signal.severity >= watch.min_severity,
    lambda signal, watch: signal.confidence >= watch.min_confidence,
)


def _passed(signal: Signal, watch: Watch) -> int:
    """Return how many clauses hold before the first that fails."""
    for count, clause in enumerate(_CLAUSES):
        if not clause(signal, watch):
            return count
    return len(_CLAUSES)


def _failure(signal: Signal, watch: Watch, passed: int) -> Assessment:
    act = f"{type_label(signal.type)} ({_pair(signal)})"
    if passed == 0:
        return _refusal("other_pair", f"{act} is not between a watched pair of states")
    if passed == 1:
        return _refusal("other_type", f"{act} is not of a type the watch lists")
    if passed == 2:
        cues = ", ".join(signal.cues)
        because = f" ({cues})" if cues else ""
        return _refusal(f"status_{signal.status.value}", f"{act} is {signal.status.value}{because}")
    if passed == 4:
        asked = f"the watch asks for {watch.min_confidence:.2f}"
        return _refusal("below_confidence", f"{act} is read with confidence {signal.confidence:.2f}, {asked}")
    return _refusal("below_severity", f"{act} has severity {signal.severity}, the watch asks for {watch.min_severity}")


def _article_clause(
    watch: Watch, language: str | None, source_id: str | None, *, query_matches: bool
) -> Assessment | None:
    if watch.sources and source_id not in watch.sources:
        return _refusal("other_source", f"the watch does not read the source {source_id or '(none)'}")
    if watch.languages and language not in watch.languages:
        return _refusal("other_language", f"the watch does not read the language {language or '(unknown)'}")
    if watch.query is not None and not query_matches:
        return _refusal("query", f"the query does not hold: {watch.query}")
    return None


def reads(watch: Watch, *, language: str | None, source_id: str | None) -> bool:
    """Whether a watch reads the articles of a source in a language."""
    return _article_clause(watch, language, source_id, query_matches=True) is None


def assess(
    signals: Sequence[Signal], watch: Watch, *, language: str | None, source_id: str | None, query_matches: bool
) -> Assessment:
    """Return whether an article alerts for a watch, and why.

    Args:
        signals: of the article.
        watch: the watch; its query was evaluated by the caller.
        language: ISO 639-1 of the article, if known.
        source_id: id of the source that published it.
        query_matches: whether ``watch.query`` holds; ignored when the watch has none.
    """
    if not signals:
        return _refusal("no_signal", "no act of the ladder was found")
    refused = _article_clause(watch, language, source_id, query_matches=query_matches)
    if refused is not None:
        return refused
    passing = [signal for signal in signals if _passed(signal, watch) == len(_CLAUSES)]
    if passing:
        ranked = tuple(sorted(passing, key=lambda signal: (-signal.severity, signal.start)))
        best = ranked[0]
        detail = f"{type_label(best.type)} ({_pair(best)}), severity {best.severity}"
        return Assessment(alert=True, severity=best.severity, reason="alert", detail=detail, signals=ranked)
    best = max(signals, key=lambda signal: (_passed(signal, watch), signal.severity, -signal.start))
    return _failure(best, watch, _passed(best, watch))


def over_the_bar(signals: Sequence[Signal], watch: Watch) -> Assessment:
    """Return the signals that pass every clause of a watch but its query, in no form of words.

    For when :func:`assess` fails: it finds nothing to say, but it loses no alert.
    """
    passing = tuple(signal for signal in signals if _passed(signal, watch) == len(_CLAUSES))
    if not passing:
        return _refusal("no_signal", "nothing passes the bar")
    severity = max(signal.severity for signal in passing)
    return Assessment(alert=True, severity=severity, reason="alert", detail="over the bar", signals=passing)
