"""Puts what the watch tells of itself into the outbox, in the transaction that keeps the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from alerts import identity, notices
from alerts.holding import AT_ONCE
from alerts.notices import Body, Changed, Speech
from scheduler.outgoing import Route
from storage import alerts as stored_alerts
from storage.alerts import NewDelivery
from storage.times import to_text
from storage.types import Alert, CanaryRun, DeliveryState, HealthEvent, Network, NetworkState, Source

#: notices belong to no watch
NO_WATCH = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """Tells people of sources, the network and the canary; one alert for each change, or one for many."""

    #: channels that hear of it, with who stands behind them
    routes: Sequence[Route]
    sources_by_id: Mapping[str, Source]
    #: identity of the archive, part of every alert's identity
    instance: str
    speech: Speech

    def sources(self, database: Database, events: Sequence[HealthEvent], now: datetime) -> None:
        """Tell of sources that went from one state to another, as far as people need to know."""
        changes = [self._changed(event) for event in events if notices.worth_telling(event)]
        for group in notices.grouped(changes):
            if len(group) == 1:
                event = group[0].event
                key = self._key(f"source:{event.source_id}", f"{event.health.state}:{to_text(event.health.since)}")
            else:
                named = ",".join(sorted(change.event.source_id for change in group))
                key = self._key("sources", f"{named}:{to_text(now)}")
            body = notices.sources_body(group, alert_id=identity.alert_id(key), now=now, speech=self.speech)
            self._raise(database, key, body, now)

    def network(self, database: Database, state: Network, now: datetime) -> None:
        """Tell that the network is down, or up again."""
        if state.state is NetworkState.SUSPECT:
            return
        key = self._key("network", f"{state.state}:{to_text(state.since or now)}")
        body = notices.network_body(state, alert_id=identity.alert_id(key), now=now, speech=self.speech)
        self._raise(database, key, body, now)

    def canary(self, database: Database, run: CanaryRun, now: datetime) -> None:
        """Tell that the canary was missed, or came through again."""
        key = self._key("canary", f"{run.stage or 'ok'}:{to_text(run.started_at)}")
        body = notices.canary_body(run, alert_id=identity.alert_id(key), now=now, speech=self.speech)
        self._raise(database, key, body, now)

    def _changed(self, event: HealthEvent) -> Changed:
        source = self.sources_by_id.get(event.source_id)
        return Changed(event=event, name=source.name if source else event.source_id, url=source.url if source else "")

    def _key(self, subject: str, trigger: str) -> str:
        return identity.alert_key(install_id=self.instance, watch_id=NO_WATCH, subject=subject, trigger=trigger)

    def _raise(self, database: Database, key: str, body: Body, now: datetime) -> None:
        recipients = [(route.channel_id, recipient) for route in self.routes for recipient in route.recipients]
        put_notice(database, key, body, recipients, now)


def put_notice(
    database: Database,
    key: str,
    body: Body,
    recipients: Iterable[tuple[str, str]],
    now: datetime,
    *,
    watch_id: str = NO_WATCH,
    escalates: str | None = None,
    held: str | None = None,
) -> bool:
    """Store a notice with a row of the outbox for each recipient; the same identity a second time changes nothing.

    Args:
        database: the archive, inside a transaction.
        key: identity of the notice.
        body: what it tells.
        recipients: channel and recipient of each row.
        now: aware.
        watch_id: the watch that it concerns.
        escalates: the alert that it carries further.
        held: why it is recorded and sent to nobody; None for what is sent.

    Returns:
        Whether the notice is new.
    """
    alert = Alert(
        id=body.data.alert,
        key=key,
        type=body.type,
        watch_id=watch_id,
        story_id=None,
        severity=body.data.severity,
        headline=body.data.headline,
        payload=body.model_dump_json(),
        created_at=now,
        sequence=body.data.sequence,
        escalates=escalates,
    )
    deliveries = [
        NewDelivery(
            key=identity.delivery_key(alert_key=key, channel_id=channel_id, recipient=recipient),
            channel_id=channel_id,
            recipient=recipient,
            state=DeliveryState.PENDING if held is None else DeliveryState.SUPPRESSED,
            next_attempt_at=now,
            reason=held or AT_ONCE,
        )
        for channel_id, recipient in recipients
    ]
    return stored_alerts.raise_alert(database, alert, deliveries, decision=None, article_id=None)
