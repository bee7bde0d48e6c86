"""Builds the pipeline from settings: the same for the service, for an import and for the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from alerts.holding import HoldingSettings
from alerts.notices import Speech
from alerts.settings import Channel, recipients
from detection.engine import RuleSet
from scheduler.announcing import Announcements
from scheduler.archive import Archive
from scheduler.batches import GatheringSettings
from scheduler.channel_watch import ChannelWatch
from scheduler.occasions import AlertingSettings
from scheduler.outgoing import OutgoingSettings, Route
from scheduler.pipeline import Pipeline
from scheduler.rulewatch import read_rules
from scheduler.settings import ServiceSettings


def routes(channels: Iterable[Channel]) -> Mapping[str, Route]:
    """Return each channel with those who get a row of their own in the outbox."""
    return {
        channel.id: Route(
            channel_id=channel.id,
            recipients=recipients(channel),
            min_severity=channel.min_severity,
        )
        for channel in channels
    }


def build_outgoing(settings: ServiceSettings) -> OutgoingSettings:
    """Return who stands behind the channels, and how long alerts wait."""
    return OutgoingSettings(
        routes=routes(settings.channels),
        holding=HoldingSettings(
            group_wait=settings.delivery.group_wait,
            group_interval=settings.group_interval,
            urgent_severity=settings.delivery.urgent_severity,
            storm_limit=settings.delivery.storm_limit,
            storm_window=settings.delivery.storm_window,
        ),
        timezone=settings.timezone,
    )


def build_gathering(settings: ServiceSettings, instance: str) -> GatheringSettings:
    """Return whose alerts are gathered in the archive ``instance``, and how their lists speak."""
    return GatheringSettings(
        watches=settings.watches,
        outgoing=build_outgoing(settings),
        instance=instance,
        public_url=settings.public_url,
        language=settings.language,
    )


def build_announcements(settings: ServiceSettings, instance: str) -> Announcements:
    """Build what tells people of the watch itself, in the archive ``instance``."""
    known = routes(settings.channels)
    return Announcements(
        routes=tuple(known[channel_id] for channel_id in settings.notify),
        sources_by_id={source.id: source for source in settings.sources},
        instance=instance,
        speech=Speech(public_url=settings.public_url, language=settings.language, zone=ZoneInfo(settings.timezone)),
    )


def build_channel_watch(
    settings: ServiceSettings, archive: Archive, announcements: Announcements, told: Callable[[], None]
) -> ChannelWatch:
    """Build what tells people of channels that fail; ``told`` is called when it did."""
    return ChannelWatch(
        archive=archive,
        notified=announcements.routes,
        every=tuple(routes(settings.channels).values()),
        instance=announcements.instance,
        speech=announcements.speech,
        told=told,
    )


def build_pipeline(settings: ServiceSettings, instance: str, rules: RuleSet | None = None) -> Pipeline:
    """Build the pipeline of the archive ``instance``.

    Args:
        settings: what it runs by.
        instance: identity of the archive.
        rules: those of the settings when left out; what of them is refused is logged.

    Raises:
        detection.errors.RuleError: a built-in rule file is broken.
    """
    alerting = AlertingSettings(
        watches=settings.watches,
        instance=instance,
        public_url=settings.public_url,
        language=settings.language,
        outgoing=build_outgoing(settings),
        queries=settings.queries,
        countries={source.id: source.country for source in settings.sources if source.country},
    )
    if rules is None:
        rules = read_rules(settings.rule_folders, settings.data_dir).rules
    return Pipeline(rules, alerting, {source.id: source.name for source in settings.sources})
