"""What is known of an article whose page cannot be read: what the feed said of it, flagged as partial."""

from __future__ import annotations

from datetime import datetime

from crawler.clean import cut
from storage.types import Article, FailureReason, FeedEntry

#: characters kept of an article whose source reserves its text
MAX_EXTRACT = 300


def from_entry(
    entry: FeedEntry | None,
    *,
    source_id: str,
    fetched_at: datetime,
    failure: FailureReason,
    language: str | None = None,
    full_text: bool = True,
) -> Article | None:
    """Return the partial article that an entry's title and summary make, or None when it has no title.

    Nothing is missed for a wall: such an article is read by detection and can alert.

    Args:
        entry: what the feed said.
        source_id: the source that lists it.
        fetched_at: when its page was asked for.
        failure: why the page gave nothing.
        language: ISO 639-1 code of the source.
        full_text: False cuts the summary to :data:`MAX_EXTRACT` characters.
    """
    if entry is None or not entry.title:
        return None
    summary = entry.summary if full_text else cut(entry.summary, MAX_EXTRACT)
    return Article(
        source_id=source_id,
        url=entry.url,
        title=entry.title,
        paragraphs=(summary,) if summary else (),
        authors=entry.authors,
        published_at=entry.published_at,
        language=language,
        partial=True,
        failure=failure,
        fetched_at=fetched_at,
    )
