"""Scores detection against labelled articles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage import verdicts
from storage.database import open_reader
from storage.types.triage import Verdict
from vigie import inputs
from vigie.flagging import Flagger
from vigie.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of right and wrong alerts."""

    hits: int
    false_alarms: int
    misses: int

    @property
    def precision(self) -> float:
        """Share of alerts that were right, 1 without alerts."""
        return self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else 1.0

    @property
    def recall(self) -> float:
        """Share of what should alert that did, 1 when nothing should."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures, and every miss by name."""

    alerts: Score
    #: labelled events found with the right type, actor, target and status
    events_found: int
    events: int
    misses: tuple[str, ...]
    problems: tuple[str, ...]
    #: alerts by language
    languages: Mapping[str, Score]
    #: (events found, events) by type and by status
    types: Mapping[str, tuple[int, int]]
    statuses: Mapping[str, tuple[int, int]]
    #: (signals that a label agrees with, signals) of labelled articles, by confidence in tenths
    bands: Mapping[str, tuple[int, int]]

    @property
    def record(self) -> dict[str, Any]:
        """The figures as ``evaluate --json`` prints them."""
        return {
            "articles_alerting": self.alerts.hits + self.alerts.misses,
            "precision": round(self.alerts.precision, 4),
            "recall": round(self.alerts.recall, 4),
            "f1": round(self.alerts.f1, 4),
            "false_alarms": self.alerts.false_alarms,
            "missed": self.alerts.misses,
            "events": self.events,
            "events_right": self.events_found,
            "languages": {
                language: {"precision": round(score.precision, 4), "recall": round(score.recall, 4)}
                for language, score in self.languages.items()
            },
            "types": {name: {"right": right, "events": events} for name, (right, events) in self.types.items()},
            "statuses": {name: {"right": right, "events": events} for name, (right, events) in self.statuses.items()},
            "confidence": {name: {"right": right, "signals": signals} for name, (right, signals) in self.bands.items()},
            "misses": list(self.misses),
        }

    @property
    def breakdown(self) -> tuple[str, ...]:
        """Lines of figures by language, type and status."""
        lines = [
            f"{language}: precision {score.precision:.3f}, recall {score.recall:.3f}"
            for language, score in self.languages.items()
        ]
        for title, table in (("type", self.types), ("status", self.statuses)):
            lines += [f"{title} {name}: {right}/{events} right" for name, (right, events) in table.items()]
        lines += [
            f"signals of confidence {name}: {right}/{all_} labelled so" for name, (right, all_) in self.bands.items()
        ]
        return tuple(lines)

    @property
    def summary(self) -> str:
        """One line of figures."""
        share = f", events right {self.events_found}/{self.events}" if self.events else ""
        return (
            f"alerts: precision {self.alerts.precision:.3f}, recall {self.alerts.recall:.3f}, F1 {self.alerts.f1:.3f} "
            f"({self.alerts.hits} right, {self.alerts.false_alarms} false, {self.alerts.misses} missed){share}"
        )


def evaluate_lines(
    name: str, settings: Settings, watch_id: str | None, rule_folders: Sequence[Path] | None = None
) -> Evaluation:
    """Score the labelled articles of a file for one watch, the first when none is named.

    Raises:
        VigieError: the file cannot be read, or there is no such watch.
    """
    problems: list[str] = []
    return _evaluate(_articles(name, problems), problems, name, settings, watch_id, rule_folders)


def evaluate_verdicts(
    settings: Settings, watch_id: str | None, rule_folders: Sequence[Path] | None = None, since: datetime | None = None
) -> Evaluation:
    """Score the articles that people gave a verdict on, from the archive, for one watch, the first when none is named.

    A verdict belongs to the watches that alerted to its story; where none did, to every watch.

    Raises:
        VigieError: there is no such watch.
        DataRefusedError: there is no archive, or it must not be touched.
    """
    wanted = watch_id or next((watch.id for watch in settings.watches), None)
    database = open_reader(settings.data_dir)
    try:
        articles = [
            inputs.parse_line(json.dumps(record), number)
            for number, record in enumerate(verdict_records(database, since=since), start=1)
            if not record["watches"] or wanted in record["watches"]
        ]
    finally:
        database.conn.close()
    return _evaluate(articles, [], "verdicts", settings, watch_id, rule_folders)


def verdict_records(
    database: Database, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the verdicts of an archive as labelled articles, as ``evaluate`` reads them, the oldest verdict first."""
    for found in verdicts.labelled_articles(database, since, until):
        yield {
            "id": str(found.article_id),
            "title": found.title,
            "text": found.text,
            "published": found.published,
            "lang": found.language,
            "url": found.url,
            "source": found.source_id,
            "should_alert": found.verdict is Verdict.RELEVANT,
            "verdict": found.verdict.value,
            "reason": None if found.reason is None else found.reason.value,
            "story": found.story_id,
            "watches": list(found.watches),
        }


def _articles(name: str, problems: list[str]) -> Iterator[inputs.InputArticle]:
    for number, line in inputs.read_lines(name):
        try:
            yield inputs.parse_line(line, number)
        except inputs.InputLineError as error:
            problems.append(f"{name}:{number}: {error}; the line is skipped")


def _evaluate(
    articles: Iterable[inputs.InputArticle],
    problems: list[str],
    name: str,
    settings: Settings,
    watch_id: str | None,
    rule_folders: Sequence[Path] | None,
) -> Evaluation:
    flagger = Flagger(settings, watch_id, rule_folders)
    watch = flagger.watches[0].id
    problems[:0] = flagger.refusals
    counts: dict[str, Counter[str]] = {}
    bands: Counter[tuple[str, bool]] = Counter()
    types: Counter[tuple[str, bool]] = Counter()
    statuses: Counter[tuple[str, bool]] = Counter()
    misses: list[str] = []
    for article in articles:
        flagged = flagger.flag(article).record
        alert, wanted = bool(flagged["watches"][watch]["alert"]), bool(article.record.get("should_alert"))
        counts.setdefault(str(flagged["lang"] or "?"), Counter())[_OUTCOMES[alert, wanted]] += 1
        if alert != wanted:
            reason = flagged["watches"][watch]["reason"]
            misses.append(f"{_OUTCOMES[alert, wanted]}: {article.id}: {article.title} [{reason}]")
        labels = article.record.get("events", ())
        for signal in flagged["signals"] if labels else ():
            bands[_band(signal["confidence"]), any(_found(event, [signal]) for event in labels)] += 1
        for event in labels:
            found = _found(event, flagged["signals"])
            types[str(event.get("type")), found] += 1
            statuses[str(event.get("status")), found] += 1
            if not found:
                misses.append(f"event: {article.id}: {_event(event)} not found; {_found_instead(flagged['signals'])}")
    if not counts:
        problems.append(f"{name}: no labelled article in it, so nothing was scored")
    return Evaluation(
        alerts=_score(sum(counts.values(), Counter())),
        events_found=sum(number for (_, found), number in types.items() if found),
        events=types.total(),
        misses=tuple(misses),
        problems=tuple(problems),
        languages={language: _score(counts[language]) for language in sorted(counts)},
        types=_table(types),
        statuses=_table(statuses),
        bands=_table(bands),
    )


def _band(confidence: float) -> str:
    """Return the tenth a confidence lies in."""
    return f"{int(confidence * 10) / 10:.1f}"


_OUTCOMES = {(True, True): "right", (True, False): "false alarm", (False, True): "missed", (False, False): "silent"}


def _score(outcomes: Counter[str]) -> Score:
    return Score(hits=outcomes["right"], false_alarms=outcomes["false alarm"], misses=outcomes["missed"])


def _table(counts: Counter[tuple[str, bool]]) -> dict[str, tuple[int, int]]:
    names = sorted({name for name, _ in counts})
    return {name: (counts[name, True], counts[name, True] + counts[name, False]) for name in names}


_FIELDS = ("type", "actor", "target", "status")


def _found(event: dict[str, Any], signals: Iterable[dict[str, Any]]) -> bool:
    return any(all(signal[key] == event.get(key) for key in _FIELDS) for signal in signals)


def _event(event: dict[str, Any]) -> str:
    return f"{event.get('type')} {event.get('actor')}→{event.get('target')} {event.get('status')}"


def _found_instead(signals: Iterable[dict[str, Any]]) -> str:
    return "found " + ("; ".join(_event(signal) for signal in signals) or "nothing")
