"""What the dispatcher asks of a sender: prepare a message, then hand it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.types import Alert, Delivery, Outcome


@dataclass(slots=True)
class Progress:
    """How far an attempt came, readable from outside when the attempt is cut off."""

    #: the message was written to the far end, which may have it although no answer came
    handed_over: bool = False


class Sender(Protocol):
    """One channel's way out. It owns its deadlines and never raises for what the far end does."""

    def prepare(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return the message: the same bytes on every attempt.

        Raises:
            RenderError: the alert cannot be turned into a message.
        """
        ...

    def prepare_plain(self, delivery: Delivery, alert: Alert) -> bytes:
        """Return a message that needs nothing but the alert's headline and id: it always works."""
        ...

    async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
        """Hand a prepared message over once and tell how it went, without any secret in the detail."""
        ...

    async def close(self) -> None:
        """Release what the sender holds."""
        ...
