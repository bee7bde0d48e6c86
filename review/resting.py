"""What the desk shows while nothing is open: the ladder of two states, drawn once for all who look at it.

It stands on every page of the list, and drawing it costs more than the list does. So it is kept for as long as nothing
changes of what is told of the two states, and for a minute at most: acts stop to count as time goes by.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeAlias

from markupsafe import Markup
from sqlite_utils import Database

from alerts.ladder import WINDOW
from alerts.state_acts import AFFAIR
from review.charting import local_midnight
from review.charts import USUAL_SPAN, draw, end_for
from review.ladder import MOST_DUE
from review.moments import Moments
from review.room import Room
from review.wording import words
from storage import ladder

#: drawn ladders that are kept: one a pair and language
MOST_KEPT = 64
LONGEST_KEPT = timedelta(minutes=1)

_Key: TypeAlias = tuple[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A ladder as it was drawn, and what it was drawn from."""

    mark: tuple[Any, ...]
    at: datetime
    #: empty where nothing ever happened
    figure: Markup


class RestingLadders:
    """The ladders that the desk shows while nothing is open."""

    def __init__(self, room: Room) -> None:
        """Begin with none."""
        self._room = room
        self._lock = Lock()
        self._kept: OrderedDict[_Key, _Drawn] = OrderedDict()

    def figure(self, database: Database, pair: tuple[str, str] | None, language: str) -> Markup | None:
        """Return the ladder of a pair as HTML; None where nothing ever happened.

        Args:
            database: the archive.
            pair: of the desk's filter; without one it is the first pair that is watched.
            language: of the page.
        """
        watched = pair or next((one for watch in self._room.settings.watches for one in watch.pairs), None)
        if watched is None or watched[0] == watched[1]:
            return None
        both = (min(watched), max(watched))
        now, until = self._room.now(), end_for(database, self._room, both, USUAL_SPAN)
        since = local_midnight(until.date() - timedelta(days=USUAL_SPAN), self._room.settings.zone())
        mark = ladder.mark_of_pair(database, both, since - WINDOW - AFFAIR, MOST_DUE)
        found = self._of(both, language, mark, now)
        if found is None:
            figure = self._drawn(database, both, language, since, until)
            found = self._keep((both, language), _Drawn(mark=mark, at=now, figure=figure))
        return found.figure or None

    def _of(self, pair: tuple[str, str], language: str, mark: tuple[Any, ...], now: datetime) -> _Drawn | None:
        with self._lock:
            found = self._kept.get((pair, language))
        if found is None or found.mark != mark or not timedelta() <= now - found.at < LONGEST_KEPT:
            return None
        return found

    def _keep(self, key: _Key, drawn: _Drawn) -> _Drawn:
        with self._lock:
            self._kept[key] = drawn
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return drawn

    def _drawn(
        self, database: Database, pair: tuple[str, str], language: str, since: datetime, until: datetime
    ) -> Markup:
        drawn = draw(database, self._room, pair, since=since, until=until)
        if not drawn.found.acts:
            return Markup()
        say = words(language)
        template = self._room.templates.get_template("resting_figure.html")
        return Markup(  # noqa: S704 (every value was escaped by the template)
            template.render(
                t=say,
                lang=language,
                moments=Moments(zone=self._room.settings.zone(), words=say, now=until),
                drawn=drawn,
            )
        )
