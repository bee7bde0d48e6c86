"""Grave alerts that nobody acknowledges go further, once, to the channels their watch names for it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from alerts import alert_notices, identity
from alerts.notices import UNACKNOWLEDGED, Body, Speech
from alerts.plain import plain_notice
from alerts.standing import is_moot, standing
from scheduler.announcing import put_notice
from scheduler.outgoing import Route
from storage import alerts as stored_alerts
from storage import escalations, silences
from storage.escalations import Due
from storage.standing import acts_of, told_of
from storage.types import Alert, Watch

logger = logging.getLogger(__name__)

#: reason of an escalation that is recorded and sent to nobody
TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """How long each watch waits for somebody, and who hears then."""

    #: of each watch that escalates
    waits: dict[str, timedelta] = field(default_factory=dict)
    routes: dict[str, tuple[Route, ...]] = field(default_factory=dict)
    #: lesser alerts never go further
    least_severity: int = 4

    def take(self, other: Escalation) -> None:
        """Wait as another does from now on; only in the archive's thread, where all the rest is asked."""
        self.waits.clear()
        self.waits.update(other.waits)
        self.routes.clear()
        self.routes.update(other.routes)

    def sent(self, database: Database, alert_id: str, at: datetime) -> None:
        """Plan what follows when nobody acknowledges an alert, in the transaction that records it as sent."""
        if not self.waits:
            return
        wait = self.waits.get(stored_alerts.get(database, alert_id).watch_id)
        if wait is None:
            return
        # Who was sent a list was told of all that it names.
        for told in (alert_id, *silences.listed(database, alert_id)):
            escalations.arm(database, told, at + wait, least_severity=self.least_severity)

    def given_up(self, database: Database, alert_id: str, channel_id: str, at: datetime) -> None:
        """Carry an alert further at once that a channel could bring to none of its recipients."""
        if stored_alerts.get(database, alert_id).watch_id not in self.waits:
            return
        if escalations.carried_to_nobody(database, alert_id, channel_id):
            for lost in (alert_id, *silences.listed(database, alert_id)):
                escalations.hasten(database, lost, at, least_severity=self.least_severity)

    def look(self, database: Database, now: datetime, *, instance: str, speech: Speech) -> int:
        """Carry further what nobody acknowledged in time, and return how many alerts that were.

        The notice and the end of the plan are one transaction, and the notice has one identity for each alert, so
        neither a crash nor a clock that was set back sends it twice.
        """
        escalations.clamp(database, dict(self.waits), now)
        told = 0
        for due in escalations.due(database, now):
            recipients = _recipients(self.routes.get(due.alert.watch_id, ()))
            if recipients:
                key = identity.alert_key(
                    install_id=instance,
                    watch_id=due.alert.watch_id,
                    subject=f"alert:{due.alert.key}",
                    trigger="unacknowledged",
                )
                body = _body(due, identity.alert_id(key), now, speech)
                held = TAKEN_BACK if self._is_moot(database, due.alert) else None
                new = put_notice(
                    database, key, body, recipients, now, watch_id=due.alert.watch_id, escalates=due.alert.id, held=held
                )  # fmt: skip
                if held is None:
                    told += new
                    logger.warning("nobody acknowledged %s in time; it goes further", due.alert.id)
                else:
                    logger.info("what %s told was taken back; it goes no further", due.alert.id)
            escalations.disarm(database, due.alert.id)
        return told

    def _is_moot(self, database: Database, alert: Alert) -> bool:
        """Whether all that is grave of what an alert told was taken back; in doubt it was not."""
        if alert.story_id is None:
            return False
        try:
            left = standing(told_of(database, alert.watch_id, alert.story_id), doubted=True)
            return is_moot(acts_of(database, alert.id), left, least_severity=self.least_severity)
        except sqlite3.Error:
            raise
        except Exception:
            # An escalation too many is better than one that nobody hears.
            logger.exception("whether %s still stands could not be judged; it goes further", alert.id)
            return False


def _body(due: Due, alert_id: str, now: datetime, speech: Speech) -> Body:
    try:
        return alert_notices.escalation_body(due.alert, due.sent_at, alert_id=alert_id, now=now, speech=speech)
    except Exception:
        # Poor words are better than none, and no other alert may wait for this one.
        logger.exception("the escalation of %s is told in bare facts", due.alert.id)
        return plain_notice(
            UNACKNOWLEDGED, (due.alert,), alert_id=alert_id, since=due.sent_at, now=now, speech=speech
        )  # fmt: skip


def _recipients(routes: Sequence[Route]) -> list[tuple[str, str]]:
    return [(route.channel_id, recipient) for route in routes for recipient in route.recipients]


def build_escalation(watches: Sequence[Watch], routes: Mapping[str, Route], *, urgent_severity: int) -> Escalation:
    """Return how the configured watches escalate."""
    escalating = [watch for watch in watches if watch.escalate_after is not None]
    return Escalation(
        waits={watch.id: watch.escalate_after for watch in escalating if watch.escalate_after is not None},
        routes={watch.id: tuple(routes[channel_id] for channel_id in watch.escalate_to) for watch in escalating},
        least_severity=urgent_severity,
    )
