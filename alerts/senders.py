"""Builds the way out of each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.apprise import AppriseSender
from alerts.email import EmailSender
from alerts.errors import ChannelError
from alerts.sender import Sender
from alerts.settings import AppriseChannel, Channel, DeliverySettings, EmailChannel
from alerts.webhook import WebhookSender


def build_senders(
    channels: Sequence[Channel],
    settings: DeliverySettings,
    *,
    install_id: str,
    public_url: str,
    zone: ZoneInfo,
    clock: Callable[[], datetime],
) -> dict[str, Sender]:
    """Return the sender of each channel by the channel's id.

    Raises:
        ChannelError: two channels share an id, or a certificate file cannot be read.
    """
    senders: dict[str, Sender] = {}
    for channel in channels:
        if channel.id in senders:
            raise ChannelError(f"channel {channel.id!r}", "id", "another channel has this id; rename one")
        if isinstance(channel, EmailChannel):
            senders[channel.id] = EmailSender(
                channel, settings, install_id=install_id, public_url=public_url, zone=zone
            )
        elif isinstance(channel, AppriseChannel):
            senders[channel.id] = AppriseSender(channel, settings, public_url=public_url, zone=zone)
        else:
            senders[channel.id] = WebhookSender(channel, settings, public_url=public_url, clock=clock)
    return senders
