"""Articles over the JSON interface, with their versions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from review.article_search import find_articles
from review.changes import changes_of
from review.errors import PageNotFoundError
from review.filters import LONGEST_SEARCH
from review.found import matches_of_articles
from review.interface.declared import MISSING, SEARCHING
from review.models.articles import ArticleDetail, ArticlePage, ArticleRow, RevisionDetail
from review.models.found import MatchModel
from review.paging import read_numbered_place, write_place
from review.parameters import BeforeRow, Language, Limit, Moment, RowId, SourceId, known_place
from review.room import Room
from review.searching import read_search
from review.strangers import known_values, refuse_unknown_values
from storage import alerts, articles, entries, revisions
from storage.search import ArticleFilter


def article_routes(room: Room) -> APIRouter:
    """Return the routes of articles."""
    router = APIRouter(tags=["articles"])

    @router.get("/articles", summary="Articles, newest first", responses=SEARCHING)
    def list_articles(
        *,
        source: SourceId = None,
        language: Language = None,
        since: Annotated[Moment | None, Query(description="published since then; first seen, where no date is")] = None,
        until: Annotated[Moment | None, Query(description="and before then")] = None,
        q: Annotated[
            str | None, Query(max_length=LONGEST_SEARCH, description="a search in the query language of watches")
        ] = None,
        before: BeforeRow = None,
        limit: Limit = 50,
    ) -> ArticlePage:
        wanted = ArticleFilter(
            since=since,
            until=until,
            source_id=source,
            language=language,
            before=known_place(read_numbered_place(before)) if before else None,
            limit=limit,
        )
        search = read_search(q) if q and q.strip() else None
        with room.readers.reading() as database:
            refuse_unknown_values({"source": source or None}, known_values(database, room.settings))
            found = find_articles(database, wanted, search)
            matched = matches_of_articles(database, found.rows, search)
        return ArticlePage(
            articles=tuple(
                ArticleRow.model_validate(article).model_copy(
                    update={"match": MatchModel.model_validate(matched[article.id]) if article.id in matched else None}
                )
                for article in found.rows
            ),
            next=None if found.next is None else write_place(*found.next),
        )

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

    @router.get(
        "/articles/{article_id}/revisions/{number}",
        summary="One version of an article, and how it became of the one before",
        responses=MISSING,
    )
    def show_revision(article_id: RowId, number: RowId) -> RevisionDetail:
        with room.readers.reading() as database:
            articles.get(database, article_id)
            known = articles.revisions(database, article_id)
            shown = next((revision for revision in known if revision.number == number), None)
            if shown is None:
                raise PageNotFoundError(f"article {article_id} has no version {number}")
            return RevisionDetail.of(shown, articles.signals(database, shown.id), changes_of(known, shown))

    return router
