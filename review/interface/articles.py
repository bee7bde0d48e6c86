"""Articles over the JSON interface."""

from __future__ import annotations

from fastapi import APIRouter

from review.interface.declared import MISSING
from review.models.articles import ArticleDetail
from review.parameters import RowId
from review.room import Room
from storage import alerts, articles, entries, revisions


def article_routes(room: Room) -> APIRouter:
    """Return the routes of articles."""
    router = APIRouter(tags=["articles"])

    @router.get("/articles/{article_id}", summary="One article with its text, signals and decisions", responses=MISSING)
    def show_article(article_id: RowId) -> ArticleDetail:
        with room.readers.reading() as database:
            article = articles.get(database, article_id)
            return ArticleDetail.of(
                article,
                articles.signals(database, article.revision_id),
                articles.revisions(database, article_id),
                alerts.decisions(database, article_id),
                revisions.events(database, article_id),
                entries.unread(database, article_id),
            )

    return router
