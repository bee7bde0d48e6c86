"""Links that show one event or one view to whoever has them: how they are made, listed and ended, and what they show.

What a link shows is put together here from the archive, and not by the pages that people log in for: what those gain
one day, such as notes or alerts, does not appear behind a link that was given away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from review.changing import Changing
from review.errors import FaultError, PageNotFoundError, SearchTextError
from review.forms import Fields
from review.once import Made, Once
from review.people import number
from review.room import Room
from review.standing import NEWS, group_events
from review.view_lists import find_view, rows_of
from storage import passwords, reading, shares, stories, story_lines, threads
from storage.errors import NotFoundError, SearchError
from storage.types import Person, Role
from storage.types.accounts import Share, ShareKind

#: days a link may hold, in the order they are offered
DAYS = ("1", "7", "30", "90")
USUAL_DAYS = "7"
#: events of a view, and articles of an event, that a link shows
MOST_EVENTS, MOST_ARTICLES = 100, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What somebody is about to share."""

    kind: ShareKind
    #: number of the event, or name of the view
    about: str
    title: str

    @property
    def address(self) -> str:
        """The page about sharing it."""
        return f"/share/{self.kind}/{self.about}"


def sharing_routes(room: Room, changing: Changing, once: Once) -> APIRouter:
    """Return the routes of links, and of the pages on which they are made.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, links are listed only.
        once: keeps new secrets for the page that shows them.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    page = _Page(room, once)

    @router.get("/shared/{secret}")
    def shared(request: Request, secret: str) -> Response:
        return page.shared(request, secret)

    @router.get("/share/{kind}/{about}")
    def ask(request: Request, kind: str, about: str) -> Response:
        return page.ask(request, kind, about)

    if changing.able:
        _add_forms(router, changing, page)
    return router


def _add_forms(router: APIRouter, changing: Changing, page: _Page) -> None:
    @router.post("/share/{kind}/{about}")
    async def share(request: Request, kind: str, about: str) -> Response:
        secret = passwords.new_secret()
        asked: list[Shared] = []

        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            asked.append(page.wanted(request, kind, about))
            return "share", page.values(asked[0], fields, secret)

        return await changing.form(
            request,
            work=work,
            show=partial(page.ask, request, kind, about),
            then=lambda _: page.shown_once(request, asked[0], secret),
        )

    @router.post("/shares/{share_id}/end")
    async def end(request: Request, share_id: str) -> Response:
        return await changing.form(
            request, role=Role.READER, work=lambda _: ("end_share", {"share": number(share_id)}), then="/people/me"
        )


class _Page:
    """Renders the pages and reads their form."""

    def __init__(self, room: Room, once: Once) -> None:
        self._room = room
        self._once = once

    def wanted(self, request: Request, kind: str, about: str) -> Shared:
        """Return what is to be shared; it exists, and whoever asks may see it."""
        person = self._room.who(request)
        with self._room.readers.reading() as database:
            if kind == ShareKind.STORY:
                story = stories.get(database, number(about))
                return Shared(kind=ShareKind.STORY, about=str(story.id), title=story.headline)
            if kind == ShareKind.VIEW:
                view = find_view(database, self._room.settings, self._room.words(request), person, about)
                return Shared(kind=ShareKind.VIEW, about=view.id, title=view.name)
        raise PageNotFoundError(f"nothing called {kind!r} can be shared")

    def ask(self, request: Request, kind: str, about: str, **context: Any) -> Response:
        """Show the form, with the links to the same that hold."""
        person, now = self._room.who(request), self._room.now()
        if not person.role.covers(Role.ANALYST):
            shown = {"fault": "forbidden", "detail": None, "status": 403, **context, "back": "/"}
            return self._room.page(request, "refused.html", database=None, **shown)
        what = self.wanted(request, kind, about)
        with self._room.readers.reading() as database:
            return self._room.page(
                request,
                "share.html",
                database=database,
                what=what,
                links=shares.listing(database, now, about=(what.kind, what.about)),
                made=self._once.take(person.id, request.query_params.get("made", ""), now),
                days=DAYS,
                usual=USUAL_DAYS,
                **context,
            )

    def values(self, what: Shared, fields: Fields, secret: str) -> dict[str, Any]:
        """Return the values of the change that makes a link."""
        days = fields.get("days", USUAL_DAYS)
        if days not in DAYS:
            raise FaultError("duration")
        return {
            what.kind.value: what.about,
            "secret": passwords.secret_hash(secret),
            "seconds": timedelta(days=int(days)).total_seconds(),
        }

    def shown_once(self, request: Request, what: Shared, secret: str) -> str:
        """Keep a new link and return the address of the page that shows it."""
        address = f"{self._room.settings.public_url.rstrip('/')}/shared/{secret}"
        made = Made(kind="share", name=what.title, secret=address)
        ticket = self._once.keep(self._room.who(request).id, made, self._room.now())
        return f"{what.address}?{urlencode({'made': ticket})}"

    def shared(self, request: Request, secret: str) -> Response:
        """Show what a link shares, and nothing else; what is gone, ended or unknown looks the same."""
        with self._room.readers.reading() as database:
            share = shares.find(database, passwords.secret_hash(secret), self._room.now())
            try:
                if share is None:
                    raise NotFoundError("no link of this secret holds")
                is_story = share.kind is ShareKind.STORY
                shown = self._story(database, share) if is_story else self._view(request, database, share)
                answer = self._room.page(request, "shared.html", database=None, share=share, **shown)
            except NotFoundError:
                answer = self._room.page(request, "shared_gone.html", database=None, status=404)
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    def _story(self, database: Database, share: Share) -> dict[str, Any]:
        story_id = int(share.about)
        story = stories.get(database, threads.joined(database, story_id) or story_id)
        events = group_events(reading.story_signals(database, story.id))
        return {
            "title": story.headline,
            "story": story,
            "events": [event.signal for event in events if event.signal.status in NEWS],
            "background": [event.signal for event in events if event.signal.status not in NEWS],
            "articles": [one.line for one in story_lines.originals(database, story.id, limit=MOST_ARTICLES)],
            "rows": None,
        }

    def _view(self, request: Request, database: Database, share: Share) -> dict[str, Any]:
        # Whoever made the link decides what is "mine" and what is new in it.
        owner = Person(id=share.account_id, name=share.created_by, role=Role.READER)
        view = find_view(database, self._room.settings, self._room.words(request), owner, share.about)
        try:
            found = rows_of(database, self._room, owner, view.wanted, limit=MOST_EVENTS).rows
        except (SearchTextError, SearchError) as error:
            raise NotFoundError("the search of this view cannot be read any more") from error
        return {"title": view.name, "story": None, "rows": found}
