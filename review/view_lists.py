"""What a view is and what it lists: saved views and those that are always there, counts, records, feed items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

from sqlite_utils import Database

from review import naming
from review.errors import BrokenOffError, SearchTextError
from review.feeds import FeedItem, terms_of
from review.filters import DeskFilter, read_filter
from review.room import Room
from review.searching import Search, StoryPage, count_stories, find_stories, read_search
from review.settings import ReviewSettings
from review.wording import Words
from storage import triage, view_looks, views
from storage.errors import NotFoundError, SearchError
from storage.reading import StoryFilter, StoryRow
from storage.types import Person
from storage.views import SavedView

#: events counted for a card; beyond it the card says "more than"
MOST_COUNTED = 1_000
#: events of a card that are counted as new since somebody looked; beyond it the card says so with a plus
MOST_NEW = 100
#: events of an export; who needs more narrows the view or uses the command line
MOST_EXPORTED = 10_000
#: seconds that reading them may take
MOST_SECONDS = 60.0
_BATCH = 200
#: the desk without conditions, also for whom it opens with a view
EVERYTHING = "/?show=signals"
EXPORT_COLUMNS = (
    "id", "headline", "severity", "type", "actor", "target", "status", "sentence", "origin", "outlet", "url",
    "first_seen", "last_seen", "articles", "outlets", "origins", "state", "verdict", "reason", "assignee", "tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A named way of looking at the desk."""

    id: str
    name: str
    wanted: DeskFilter
    #: None for one that is always there
    saved: SavedView | None = None

    @property
    def address(self) -> str:
        """The desk, narrowed to it; without conditions, and not the default view either."""
        found = self.wanted.link()
        return EVERYTHING if found == "/" else found


def built_in(settings: ReviewSettings, say: Words) -> tuple[View, ...]:
    """Return the views that are always there: everything, what is grave, and one for each watch."""
    watched = tuple(
        View(id=f"watch-{views.slug(watch.id)}", name=watch.name, wanted=DeskFilter(watch=watch.id))
        for watch in settings.watches
    )
    return (
        View(id="all", name=say("views.all"), wanted=DeskFilter()),
        View(id="grave", name=say("views.grave"), wanted=DeskFilter(severity=4)),
        *watched,
    )


def views_of(database: Database, settings: ReviewSettings, say: Words, person: Person) -> tuple[View, ...]:
    """Return every view of a person: those always there, then saved ones in their order."""
    saved = (_of(one) for one in views.listing(database, person.id))
    return (*built_in(settings, say), *saved)


def find_view(database: Database, settings: ReviewSettings, say: Words, person: Person, view_id: str) -> View:
    """Return one view.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    for view in built_in(settings, say):
        if view.id == view_id:
            return view
    return _of(views.get(database, view_id, person.id))


def default_view(database: Database, settings: ReviewSettings, say: Words, person: Person) -> View | None:
    """Return the view that a person's desk opens with; None for everything, or when it is gone."""
    view_id = views.default_of(database, person.id)
    try:
        return None if view_id is None else find_view(database, settings, say, person, view_id)
    except NotFoundError:
        return None


def _of(saved: SavedView) -> View:
    return View(id=saved.id, name=saved.name, wanted=read_filter(dict(parse_qsl(saved.query))), saved=saved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A view on the dashboard."""

    view: View
    #: events, at most :data:`MOST_COUNTED`
    count: int
    #: whether there are more
    more: bool
    #: events of the last 24 hours among those that were counted
    today: int
    newest: tuple[StoryRow, ...]
    #: events that came or grew since the person opened its list, at most :data:`MOST_NEW`; None when they never did
    new: int | None = None
    #: whether there are more of those, or may be
    more_new: bool = False
    #: what is wrong with its search, or None
    fault: str | None = None


def card(
    database: Database, room: Room, person: Person, view: View, *, looked: int | None = None, shown: int = 3
) -> Card:
    """Return a view's card: how much it holds, how much of it is of today or new to a person, what came last.

    Args:
        database: the archive.
        room: what every page shares.
        person: who looks.
        view: the view.
        looked: number of the newest article when they opened its list last, None when they never did.
        shown: events that are shown.
    """
    now = room.now()
    try:
        search = None if view.wanted.q is None else read_search(view.wanted.q)
        asked = replace(room.asked(view.wanted, person), limit=MOST_COUNTED)
        counted = count_stories(database, asked, search, shown=shown)
    except (SearchTextError, SearchError) as error:
        return Card(view=view, count=0, more=False, today=0, newest=(), fault=str(error))
    recent = [moment for moment in counted.moments if moment > now - timedelta(hours=24)]
    ids = counted.story_ids
    fresh = set() if looked is None else view_looks.newer(database, ids, looked, most=MOST_NEW + 1)
    return Card(
        view=view,
        count=len(counted.moments),
        more=counted.more,
        today=len(recent),
        newest=counted.newest,
        new=None if looked is None else min(len(fresh), MOST_NEW),
        # Where the last of those that were counted is new, the next one may be.
        more_new=len(fresh) > MOST_NEW or (counted.more and bool(ids) and ids[-1] in fresh),
    )


def asked_of(
    room: Room, person: Person, wanted: DeskFilter, *, limit: int, before: tuple[datetime, int] | None = None
) -> tuple[StoryFilter, Search | None]:
    """Return what to ask the archive for a page of what a filter lists, as the desk does."""
    search = None if wanted.q is None else read_search(wanted.q)
    return replace(room.asked(wanted, person), limit=limit, before=before), search


def rows_of(
    database: Database,
    room: Room,
    person: Person,
    wanted: DeskFilter,
    *,
    limit: int,
    before: tuple[datetime, int] | None = None,
) -> StoryPage:
    """Return a page of what a filter lists, as the desk does."""
    return find_stories(database, *asked_of(room, person, wanted, limit=limit, before=before))


def records(room: Room, person: Person, wanted: DeskFilter) -> Iterator[dict[str, Any]]:
    """Yield the events of a filter for an export, at most :data:`MOST_EXPORTED`.

    Each batch is read by itself, so a slow reader holds no connection to the archive.

    Raises:
        BrokenOffError: reading took longer than :data:`MOST_SECONDS`; nobody is to take the file for whole.
    """
    left, before, spent = MOST_EXPORTED, None, 0.0
    while left > 0:
        begun = monotonic()
        with room.readers.reading() as database:
            found = rows_of(database, room, person, wanted, limit=min(_BATCH, left), before=before)
            batch = _records(database, found.rows)
        spent += monotonic() - begun
        yield from batch
        left -= len(batch)
        before = found.next
        if before is not None and spent > MOST_SECONDS:
            raise BrokenOffError(f"reading a file's events took longer than {MOST_SECONDS:g} s; narrow the view")
        if before is None:
            return


def _records(database: Database, rows: tuple[StoryRow, ...]) -> list[dict[str, Any]]:
    held = triage.of_stories(database, [row.story.id for row in rows])
    return [_record(row, held[row.story.id]) for row in rows]


def _record(row: StoryRow, held: Any) -> dict[str, Any]:
    story, evidence = row.story, row.evidence
    signal = evidence.signal if evidence else None
    standing = held.standing
    return {
        "id": story.id,
        "headline": story.headline,
        "severity": signal.severity if signal else None,
        "type": signal.type if signal else None,
        "actor": signal.actor if signal else None,
        "target": signal.target if signal else None,
        "status": signal.status.value if signal else None,
        "sentence": signal.sentence if signal else None,
        "origin": evidence.origin if evidence else None,
        "outlet": evidence.source_name if evidence else None,
        "url": evidence.url if evidence else None,
        "first_seen": story.first_seen_at,
        "last_seen": story.last_seen_at,
        "articles": story.articles,
        "outlets": story.outlets,
        "origins": list(story.origins),
        "state": standing.state.value,
        "verdict": None if standing.verdict is None else standing.verdict.value,
        "reason": None if standing.reason is None else standing.reason.value,
        "assignee": None if held.assignee is None else held.assignee.name,
        "tags": list(held.tags),
    }


def feed_items(database: Database, rows: tuple[StoryRow, ...], say: Words) -> tuple[FeedItem, ...]:
    """Return events as items of a feed."""
    held = triage.of_stories(database, [row.story.id for row in rows])
    return tuple(_item(row, held[row.story.id].tags, say) for row in rows)


def _item(row: StoryRow, tags: tuple[str, ...], say: Words) -> FeedItem:
    evidence = row.evidence
    signal = evidence.signal if evidence else None
    lines = []
    if signal is not None and evidence is not None:
        sides = " → ".join(
            naming.state_name(side, say.language) if side else "?" for side in (signal.actor, signal.target)
        )
        act = naming.type_name(signal.type, say.language)
        lines.append(f"{act} — {sides} — {say('views.severity', n=signal.severity)}")
        lines.append(say("views.quote", sentence=signal.sentence))
        lines.append(
            evidence.source_name
            if evidence.origin == evidence.source_name
            else say("desk.via", origin=evidence.origin, outlet=evidence.source_name)
        )
    lines.append(f"{say.count('desk.outlets', row.story.outlets)}, {say.count('desk.origins', len(row.story.origins))}")
    states = () if signal is None else (signal.type, signal.actor, signal.target)
    return FeedItem(
        story_id=row.story.id,
        title=row.story.headline,
        text="\n".join(lines),
        published=row.story.first_seen_at,
        updated=row.story.last_seen_at,
        author=row.outlets[0] if row.outlets else "",
        terms=terms_of([*states, *tags]),
    )
