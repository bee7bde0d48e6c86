"""The pages that articles were read from, as they were kept: to be saved and read as text, never shown as pages.

A saved page is another site's code. It leaves as an attachment of plain text, and a browser that shows it all the same
finds a policy that lets it do nothing (``sandbox``).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.errors import PageNotFoundError
from review.paging import read_id
from review.room import Room
from storage import articles, evidence
from storage.warc import page_body

#: bytes of a page that are handed out at most; the crawler keeps no larger one
LARGEST_SNAPSHOT = 32 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def snapshot_routes(room: Room) -> APIRouter:
    """Return the route that hands out saved pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/articles/{article_id}/snapshot/{revision}")
    def snapshot(request: Request, article_id: str, revision: str) -> Response:
        article, number = read_id(article_id), read_id(revision)
        if article is None or number is None:
            raise PageNotFoundError(f"{request.url.path!r} is no saved page")
        with room.readers.reading() as database:
            found = next((one for one in articles.revisions(database, article) if one.number == number), None)
            kept = None if found is None else evidence.of_revision(database, found.id)
        body = None if kept is None else page_body(kept.warc, LARGEST_SNAPSHOT)
        if body is None:
            raise PageNotFoundError(f"no page is kept of version {number} of article {article}")
        name = f"vigie-article-{article}-version-{number}.html.txt"
        headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type="text/plain", headers=headers)

    return router
