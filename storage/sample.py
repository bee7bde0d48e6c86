"""What reading a source's pages gave: its last article as it was extracted, and how its last pages went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storage.times import from_text, from_text_or_none
from storage.types import FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An article as it was extracted."""

    article_id: int
    url: str
    title: str
    lede: str
    #: its first paragraph
    paragraph: str
    paragraphs: int
    characters: int
    authors: tuple[str, ...]
    agency: str | None
    language: str | None
    #: the date the page gives
    published_at: datetime | None
    first_seen_at: datetime
    #: only what the list said of it could be had
    partial: bool


def last_article(database: Database, source_id: str) -> Sample | None:
    """Return the article of a source that was stored last."""
    row = next(
        iter(
            database.query(
                """
                SELECT a.id, a.url, a.authors, a.agency, a.language, a.published_at, a.first_seen_at, a.partial,
                    r.title, r.lede, r.body
                FROM article a JOIN revision r ON r.id = a.revision_id
                WHERE a.source_id = ? ORDER BY a.first_seen_at DESC LIMIT 1
                """,
                (source_id,),
            )
        ),
        None,
    )
    if row is None:
        return None
    paragraphs = [text for text in row["body"].split("\n") if text.strip()]
    return Sample(
        article_id=row["id"],
        url=row["url"],
        title=row["title"],
        lede=row["lede"],
        paragraph=paragraphs[0] if paragraphs else "",
        paragraphs=len(paragraphs),
        characters=len(row["body"]),
        authors=tuple(json.loads(row["authors"])),
        agency=row["agency"],
        language=row["language"],
        published_at=from_text_or_none(row["published_at"]),
        first_seen_at=from_text(row["first_seen_at"]),
        partial=bool(row["partial"]),
    )


def page_outcomes(database: Database, source_id: str) -> list[tuple[FailureReason | None, int]]:
    """Return how often reading the last pages of a source ended how; None stands for an article. Most often first."""
    rows = database.execute(
        "SELECT failure, count(*) FROM page_outcome WHERE source_id = ? GROUP BY failure ORDER BY 2 DESC, 1",
        (source_id,),
    )
    return [(FailureReason(failure) if failure else None, int(count)) for failure, count in rows]
