"""What can go wrong in alerts.

::

    AlertsError
    ├── ChannelError    a channel or the delivery settings cannot work as configured
    └── RenderError     an alert cannot be turned into a message

A failed sending attempt is no exception: senders return a :class:`storage.types.Outcome`.
"""

from __future__ import annotations


class AlertsError(Exception):
    """Base of everything this package raises on purpose."""


class ChannelError(AlertsError):
    """A setting of a channel, or of delivery, cannot work; the message names the key and the cure."""

    def __init__(self, where: str, key: str, reason: str) -> None:
        self.where = where
        self.key = key
        super().__init__(f"{where}: {key}: {reason}")


class RenderError(AlertsError):
    """An alert's stored payload cannot be turned into a message; the plain fallback goes out instead."""
