"""The end of a silence, by its time or by hand: people are told once what it held back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from alerts import alert_notices, identity
from alerts.notices import SILENCE_ENDED, Speech
from alerts.plain import plain_notice
from scheduler.announcing import NO_WATCH, put_notice
from storage import silences
from storage.silences import Hidden
from storage.times import to_text
from storage.types import Alert, Silence

logger = logging.getLogger(__name__)


def tell_ends(database: Database, now: datetime, *, instance: str, speech: Speech) -> int:
    """Deal with the silences that came to their end, and return how many notices that gave.

    Notice and mark are one transaction, and the mark outlives every setting of the clock: a silence that was dealt
    with neither holds anything back again nor is told of again.

    Args:
        database: the archive, inside a transaction.
        now: aware.
        instance: identity of the archive.
        speech: how notices speak.
    """
    silences.clamp(database, now)
    told = 0
    for silence in silences.over(database, now):
        for alerts, recipients in grouped(silences.hidden(database, silence.id)):
            told += _tell(database, silence, alerts, recipients, now, instance, speech)
        silences.close(database, silence.id, now)
    return told


def grouped(hidden: Sequence[Hidden]) -> list[tuple[tuple[Alert, ...], tuple[tuple[str, str], ...]]]:
    """Return who is told of which alerts: one notice for all that missed the same ones.

    Nobody hears afterwards of what would not have been sent to them in the first place.
    """
    missed: dict[tuple[str, str], dict[str, Alert]] = {}
    for one in hidden:
        missed.setdefault((one.channel_id, one.recipient), {})[one.alert.id] = one.alert
    groups: dict[tuple[str, ...], tuple[tuple[Alert, ...], list[tuple[str, str]]]] = {}
    for recipient, alerts in missed.items():
        groups.setdefault(tuple(alerts), (tuple(alerts.values()), []))[1].append(recipient)
    return [(alerts, tuple(recipients)) for alerts, recipients in groups.values()]


def _tell(
    database: Database,
    silence: Silence,
    alerts: Sequence[Alert],
    recipients: Sequence[tuple[str, str]],
    now: datetime,
    instance: str,
    speech: Speech,
) -> bool:
    # A restored backup hands out row numbers again, so the start belongs to the identity.
    key = identity.alert_key(
        install_id=instance,
        watch_id=NO_WATCH,
        subject=f"silence:{silence.id}:{to_text(silence.starts_at)}",
        trigger="ended:" + ",".join(alert.id for alert in alerts),
    )
    alert_id = identity.alert_id(key)
    try:
        body = alert_notices.silence_body(silence, alerts, alert_id=alert_id, now=now, speech=speech)
    except Exception:
        # Poor words are better than none, and no other silence may wait for this one.
        logger.exception("the end of silence %d is told in bare facts", silence.id)
        body = plain_notice(
            SILENCE_ENDED, alerts, alert_id=alert_id, since=silence.starts_at, now=now, speech=speech
        )  # fmt: skip
    return put_notice(database, key, body, recipients, now)
