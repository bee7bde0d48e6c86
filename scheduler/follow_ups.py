"""What follows when time passes: the ends of silences are told, unacknowledged alerts go further."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from alerts.notices import Speech
from scheduler.archive import Archive
from scheduler.escalation import Escalation
from scheduler.silence_ends import tell_ends

#: how often it is looked for
EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """Looks for what is due; safe to ask at any time, any number of times."""

    archive: Archive
    escalation: Escalation
    #: identity of the archive
    instance: str
    speech: Speech
    clock: Callable[[], datetime]
    #: hears that there is something to send
    told: Callable[[], None]

    async def look(self) -> None:
        """Tell what is due; when one of the two fails, the other is told all the same.

        Raises:
            Exception: what made one of them fail.
        """
        now = self.clock()
        outcomes = await asyncio.gather(
            self.archive.write(self._ends, now), self.archive.write(self._escalations, now), return_exceptions=True
        )
        if any(isinstance(outcome, int) and outcome for outcome in outcomes):
            self.told()
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _ends(self, database: Database, now: datetime) -> int:
        return tell_ends(database, now, instance=self.instance, speech=self.speech)

    def _escalations(self, database: Database, now: datetime) -> int:
        return self.escalation.look(database, now, instance=self.instance, speech=self.speech)
