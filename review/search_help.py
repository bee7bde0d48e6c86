"""The page that shows how to search: an example and its meaning for all that a query may hold."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from review.room import Room

ADDRESS = "/search/help"
#: what to type, and the key of what it asks for (``search_help.KEY``)
WORDS = (
    ("ambassadeur Mali", "both"),
    ('"chargé d’affaires"', "phrase"),
    ("expuls*", "beginning"),
    ("=Mali", "exactly"),
    ("Mali OR Niger", "either"),
    ("Mali -football", "without"),
    ("(Mali OR Niger) -(football OR basket)", "groups"),
    ("Mali NEAR/5 Paris", "near"),
    ("ambassadeur /expuls(e|ion)/", "regex"),
)
FIELDS = (
    ("title:rupture", "title_field"),
    ("source:rfi", "source"),
    ("lang:(fr OR en)", "lang"),
    ("country:MLI", "country"),
    ("origin:AFP", "origin"),
    ('author:"Awa Diarra"', "author"),
    ("type:expel_* actor:MLI target:FRA", "act"),
    ("status:asserted severity:>=3", "how"),
    ("date:2025-09-18..2025-09-20", "date"),
    ("since:2025-09 until:2025-10", "since"),
    ('tag:"à suivre"', "tag"),
)


def search_help_routes(room: Room) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get(ADDRESS)
    def show(request: Request) -> HTMLResponse:
        return room.page(request, "search_help.html", database=None, words=WORDS, fields=FIELDS)

    return router
