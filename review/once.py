"""What is shown once: a new secret, on the page that follows the form which made it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

#: how long a secret waits for its page
LASTS = timedelta(minutes=5)
#: secrets that wait at most
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What somebody made."""

    #: ``token`` or ``share``
    kind: str
    #: what it is called
    name: str
    secret: str = field(repr=False)


class Once:
    """Keeps new secrets in memory until they were shown, each for whoever made it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: OrderedDict[tuple[Any, str], tuple[datetime, Made]] = OrderedDict()

    def keep(self, owner: Any, made: Made, now: datetime) -> str:
        """Keep a secret and return the ticket that shows it."""
        ticket = secrets.token_hex(8)
        self._waiting[owner, ticket] = (now, made)
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return ticket

    def take(self, owner: Any, ticket: str, now: datetime) -> Made | None:
        """Return what a ticket shows, this one time, to whoever made it."""
        at, made = self._waiting.pop((owner, ticket), (None, None))
        return made if at is not None and now - at <= LASTS else None
