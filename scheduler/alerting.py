"""Turns one watch's decision on an article into an alert with its outbox rows."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlite_utils import Database

from alerts import identity
from alerts.acknowledging import unless_acknowledged
from alerts.acts import among
from alerts.confirming import Report, Voice
from alerts.correcting import Correction
from alerts.decide import Affair, decide
from alerts.edits import Edit
from alerts.plain import plain_decision
from alerts.standing import highest, standing
from detection.assess import Assessment, assess, over_the_bar, reads
from detection.stories.lifecycle import Lifecycle, lifecycle
from detection.stories.origin import side_of
from scheduler import corrections, outgoing
from scheduler.occasions import AlertingSettings, Occasion, assessed, build_alert, build_plain
from scheduler.sparing import spared
from storage import alerts as stored_alerts
from storage import telling
from storage.acknowledged import acknowledged_acts
from storage.alerts import Act, ToldBefore
from storage.standing import told_elsewhere
from storage.telling import Teller
from storage.types import Alert, Decision, DecisionKind, Signal, Watch

logger = logging.getLogger(__name__)

#: how long an act told in one story of an affair counts as told in the others
AFFAIR = timedelta(days=7)
#: and how long even for a headline
RECENT = timedelta(hours=48)
#: characters after which the paragraph ends that closes the opening of a text
OPENING = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one watch made of an article."""

    watch_id: str
    alert: bool
    kind: DecisionKind
    reason: str
    alert_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What is decided of an article for one watch, before any of it is written."""

    decision: Decision
    #: what the decision leads to, None for nothing
    alert: Alert | None
    #: what the article takes back of this story or of others, each with its alert
    corrections: tuple[tuple[Correction, Alert], ...] = ()


def take(database: Database, settings: AlertingSettings, watch: Watch, occasion: Occasion) -> Taken:
    """Decide for one watch, and store the decision with the alerts and deliveries it leads to."""
    assessment = _assessment(settings, watch, occasion)
    # Nothing is asked of what people were told where an article has nothing to tell them, as most have not.
    # What an import recorded was never heard by anybody, so it silences nothing that arrives live.
    told = (
        stored_alerts.told(database, watch.id, occasion.placed.story_id, sent_only=occasion.sending)
        if _matters(assessment, occasion)
        else None
    )
    try:
        verdict = _verdict(database, settings, watch, occasion, assessment, told)
    except sqlite3.Error:
        raise
    except Exception:
        # Whatever is wrong with a rule that holds alerts back or words them: an alert too many is better than one lost.
        logger.exception("watch %s: article %d is decided by the plain rules", watch.id, occasion.saved.article_id)
        verdict = _plain(database, settings, watch, occasion, assessment, told)
    if verdict.alert is not None:
        rows = (
            outgoing.deliveries(database, settings.outgoing, watch, verdict.alert, occasion.now)
            if occasion.sending
            else ()
        )
        stored_alerts.raise_alert(
            database,
            verdict.alert,
            rows,
            decision=verdict.decision,
            article_id=occasion.saved.article_id,
            recorded_only=not occasion.sending,
        )
    return _recorded(
        database,
        watch,
        occasion,
        replace(verdict, corrections=_corrected(database, settings, watch, occasion, verdict)),
    )


def _matters(assessment: Assessment, occasion: Occasion) -> bool:
    """Whether an article may tell people anything: it is over the bar, or its edit may have taken something out."""
    return assessment.alert or occasion.before is not None


def _corrected(
    database: Database, settings: AlertingSettings, watch: Watch, occasion: Occasion, verdict: _Verdict
) -> tuple[tuple[Correction, Alert], ...]:
    """Queue the corrections of an article, and return those that could be."""
    done = []
    for correction, alert in verdict.corrections:
        # The article itself, and what it tells the people of every watch, must not be lost with it.
        with spared(database, f"watch {watch.id}: the correction of {correction.corrects} could not be sent"):
            corrections.send(
                database, settings, watch, correction, alert, article_id=occasion.saved.article_id,
                now=occasion.now, sending=occasion.sending,
            )  # fmt: skip
            done.append((correction, alert))
    return tuple(done)


def _assessment(settings: AlertingSettings, watch: Watch, occasion: Occasion) -> Assessment:
    """Return what an article means for a watch; a query that cannot be evaluated holds."""
    article, signals, origin = occasion.article, occasion.signals, occasion.placed.origin
    try:
        return assessed(settings, watch, article, signals, origin)
    except Exception:
        # As above: a fault in evaluating the query must not keep an alert back.
        logger.exception("watch %s: article %d is assessed without the query", watch.id, occasion.saved.article_id)
    try:
        return assess(signals, watch, language=article.language, source_id=article.source_id, query_matches=True)
    except Exception:
        logger.exception("watch %s: article %d is held against the bar alone", watch.id, occasion.saved.article_id)
        return over_the_bar(signals, watch)


def _recorded(database: Database, watch: Watch, occasion: Occasion, verdict: _Verdict) -> Taken:
    """Keep the one reason that the article has for the watch: that of its own alert, else of what it takes back."""
    decision, alert = verdict.decision, verdict.alert
    if alert is None and verdict.corrections:
        correction, alert = verdict.corrections[0]
        decision = corrections.decision(watch, correction)
    stored_alerts.record_decision(
        database,
        decision,
        article_id=occasion.saved.article_id,
        revision_id=occasion.saved.revision_id,
        alert_id=alert.id if alert else None,
        rules_version=occasion.rules_version,
        now=occasion.now,
    )
    return Taken(
        watch_id=watch.id,
        alert=alert is not None,
        kind=decision.kind,
        reason=decision.reason,
        alert_id=alert.id if alert else None,
    )


def _verdict(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    occasion: Occasion,
    assessment: Assessment,
    told: ToldBefore | None,
) -> _Verdict:
    decision = decide(
        watch=watch,
        assessment=assessment,
        told=told,
        published_at=occasion.saved.effective_at,
        now=occasion.now,
        affair=_affair(database, watch, occasion) if _matters(assessment, occasion) else None,
        report=_report(database, watch, occasion) if told is not None and assessment.alert else None,
        edit=_edit(settings, watch, occasion, assessment),
        taken_back=lifecycle(occasion.article.title, occasion.article.text) is Lifecycle.CANCELLATION,
    )
    if decision.kind is DecisionKind.UPDATE:
        known = acknowledged_acts(database, watch.id, occasion.placed.story_id)
        if known is not None and told is not None:
            known = tuple((act, severity) for act, severity in known if not among(act, told.retracted))
        decision = unless_acknowledged(decision, known)
    found = () if decision.reason == "too_old" else corrections.find(database, watch, occasion, decision)
    own = any(one.story_id == occasion.placed.story_id for one in found)
    if own and decision.kind is DecisionKind.EDITED and len(decision.removed) == len(decision.signals):
        # The correction says the same, and goes to those who were told.
        decision = Decision(
            watch_id=watch.id, kind=DecisionKind.NONE, reason="already_told", detail="a correction tells what went"
        )
    build = partial(
        corrections.build,
        database,
        settings,
        watch,
        article_id=occasion.saved.article_id,
        article_key=occasion.article_key,
        now=occasion.now,
    )
    alert = _alert(database, settings, watch, occasion, decision, told)
    return _Verdict(
        decision=decision,
        alert=alert,
        corrections=tuple(
            (one, build(one, after=alert is not None and one.story_id == alert.story_id)) for one in found
        ),
    )


def _plain(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    occasion: Occasion,
    assessment: Assessment,
    told: ToldBefore | None,
) -> _Verdict:
    """Decide without edits, confirmations, corrections and affairs: what is over the bar and was not told."""
    try:
        decision = decide(
            watch=watch,
            assessment=assessment,
            told=told,
            published_at=occasion.saved.effective_at,
            now=occasion.now,
        )
    except Exception:
        logger.exception("watch %s: article %d is told if it tells anything", watch.id, occasion.saved.article_id)
        decision = plain_decision(watch, assessment.signals if assessment.alert else (), told.acts if told else None)
    try:
        alert = _alert(database, settings, watch, occasion, decision, told)
    except Exception:
        # As above: poor words are better than none.
        logger.exception("watch %s: the alert on article %d is told in bare facts", watch.id, occasion.saved.article_id)
        alert = build_plain(
            database,
            settings,
            watch,
            decision,
            story_id=occasion.placed.story_id,
            article_id=occasion.saved.article_id,
            article_key=occasion.article_key,
            trigger=identity.trigger(decision),
            sequence=(told.alerts if told else 0) + 1,
            now=occasion.now,
        )
    return _Verdict(decision=decision, alert=alert)


def _affair(database: Database, watch: Watch, occasion: Occasion) -> Affair | None:
    """Return what a watch's people were told lately of the other stories of the affair, and of any other.

    What was taken back since counts as not told: whoever reports it anew tells news.
    """
    now = occasion.now
    rows = told_elsewhere(database, watch.id, occasion.placed.story_id, now - AFFAIR, sent_only=occasion.sending)
    told = standing(rows, doubted=False)
    if not told:
        return None
    affair = [one for one in told if one.in_thread]
    headline_end = len(occasion.article.title) + 1
    return Affair(
        acts=highest(affair),
        headline_end=headline_end,
        recent=highest(one for one in affair if one.at >= now - RECENT),
        elsewhere=highest(told),
        opening_end=headline_end + _opening(occasion.article.text),
    )


def _opening(text: str) -> int:
    """Return how many characters the first paragraphs of a text take that make an opening."""
    end = text.find("\n", OPENING)
    return len(text) if end < 0 else end


def _report(database: Database, watch: Watch, occasion: Occasion) -> Report | None:
    """Return whose report an article is, beside those of its story that the watch reads; an edit is no new report."""
    if occasion.before is not None:
        return None
    own: list[Teller] = []
    others: list[Teller] = []
    for teller in telling.tellers(database, occasion.placed.story_id):
        (own if teller.article_id == occasion.saved.article_id else others).append(teller)
    if not own:
        return None
    plain = lifecycle(occasion.article.title, occasion.article.text) not in {
        Lifecycle.CORRECTION, Lifecycle.CANCELLATION,
    }  # fmt: skip
    return Report(
        origin=own[0].origin,
        side=side_of(own[0].origin, own[0].country, own=own[0].own),
        first_hand=plain and occasion.placed.copy_of is None and own[0].new_text,
        before=tuple(
            Voice(act=one.act, origin=one.origin, side=side_of(one.origin, one.country, own=one.own))
            for one in others
            if one.new_text and reads(watch, language=one.language, source_id=one.source_id)
        ),
    )


def _edit(settings: AlertingSettings, watch: Watch, occasion: Occasion, assessment: Assessment) -> Edit | None:
    """Return an edit as a watch sees it: what passed its bar before, what does now."""
    before = occasion.before
    if before is None:
        return None
    old = assessed(settings, watch, before.article, before.signals, occasion.placed.origin)
    # Where the edit brought in, or took out, what the watch's query asks for, all acts come or go with it.
    by_signals = (old.reason == "query") == (assessment.reason == "query")
    return Edit(
        all_before=before.signals if by_signals else (),
        all_after=occasion.signals if by_signals else (),
        before=old.signals,
        after=assessment.signals,
        since=before.seen_at,
        until=occasion.now,
        silent=before.silent,
    )


def _alert(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    occasion: Occasion,
    decision: Decision,
    told: ToldBefore | None,
) -> Alert | None:
    if decision.kind is DecisionKind.NONE:
        return None
    return build_alert(
        database,
        settings,
        watch,
        decision,
        story_id=occasion.placed.story_id,
        article_id=occasion.saved.article_id,
        article_key=occasion.article_key,
        trigger=identity.trigger(decision),
        sequence=(told.alerts if told else 0) + 1,
        now=occasion.now,
        background=_background(watch, decision, occasion.signals),
        rises=occasion.rises,
    )


def _background(watch: Watch, decision: Decision, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Return what else the article says of the watched states: what an act answers, what is only threatened."""
    pairs = {frozenset(pair) for pair in watch.pairs}
    told = {signal.act for signal in decision.signals}
    found: dict[Act, Signal] = {}
    for signal in signals:
        between = frozenset((signal.actor or "", signal.target or ""))
        if signal.status in watch.statuses or signal.act in told:
            continue
        if signal.severity >= watch.min_severity and between in pairs:
            found.setdefault(signal.act, signal)
    return tuple(found.values())
