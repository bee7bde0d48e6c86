"""Stories as lists show them, many at once: what stands in their rows, and what is counted over their articles.

Counts are read, never kept: a counter can drift, a query cannot. They are read from the index of the articles of a
story alone, three queries for a page however many stories it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from storage.listed import batched, listed
from storage.times import from_text
from storage.types import Story, StoryState

#: stories in a query
_TOGETHER = 200


@dataclass(slots=True)
class _Counted:
    """What is counted over a story's articles."""

    articles: int = 0
    withdrawn: int = 0
    #: the first to report it first
    sources: dict[str, None] = field(default_factory=dict)
    origins: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outlet:
    """What is asked of an outlet."""

    name: str
    country: str | None
    of_state: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A story with the names of its outlets, the first to report it first."""

    story: Story
    outlets: tuple[str, ...]


def reported(database: Database, story_ids: Sequence[int]) -> list[Reported]:
    """Return those of some stories that are stored, in the order in which they are given."""
    return [one for some in batched(story_ids, _TOGETHER) for one in _reported(database, some)]


def _reported(database: Database, story_ids: Sequence[int]) -> list[Reported]:
    marks, wanted = listed(story_ids)
    rows = {
        row["id"]: row
        for row in database.query(
            "SELECT id, headline, severity, first_seen_at, last_seen_at, thread_id, state "  # noqa: S608 (placeholders)
            f"FROM story WHERE id IN ({marks})",
            wanted,
        )
    }
    counted = _count(database, story_ids)
    outlets = _outlets(database, {source for one in counted.values() for source in one.sources})
    return [_story(rows[number], counted[number], outlets) for number in story_ids if number in rows]


def _count(database: Database, story_ids: Sequence[int]) -> dict[int, _Counted]:
    marks, wanted = listed(story_ids)
    rows = database.execute(
        "SELECT min(effective_at), min(id), source_id, origin, story_id, count(*), count(withdrawn_at) "  # noqa: S608 (placeholders)
        f"FROM article WHERE story_id IN ({marks}) GROUP BY story_id, source_id, origin",
        wanted,
    ).fetchall()
    found: dict[int, _Counted] = {story_id: _Counted() for story_id in story_ids}
    for _, _, source, origin, story_id, articles, withdrawn in sorted(rows):
        one = found[story_id]
        one.articles += articles
        one.withdrawn += withdrawn
        one.sources[source] = one.origins[origin] = None
    return found


def _outlets(database: Database, source_ids: set[str]) -> dict[str, _Outlet]:
    found: dict[str, _Outlet] = {}
    for some in batched(sorted(source_ids), _TOGETHER):
        marks, wanted = listed(some)
        for source, name, country, affiliation in database.execute(
            f"SELECT id, name, country, state_affiliation FROM source WHERE id IN ({marks})",  # noqa: S608 (placeholders)
            wanted,
        ):
            found[source] = _Outlet(name, country, affiliation is not None)
    return found


def _story(row: dict[str, Any], counted: _Counted, outlets: dict[str, _Outlet]) -> Reported:
    own = [outlets[source] for source in counted.sources]
    gone = counted.articles and counted.withdrawn == counted.articles
    story = Story(
        id=row["id"],
        headline=row["headline"],
        first_seen_at=from_text(row["first_seen_at"]),
        last_seen_at=from_text(row["last_seen_at"]),
        articles=counted.articles,
        outlets=len(own),
        origins=tuple(counted.origins),
        severity=row["severity"],
        thread_id=row["thread_id"] or row["id"],
        # Pages come back; what an agency or another article said of the story stays.
        state=StoryState.WITHDRAWN if gone else StoryState(row["state"]),
        sides=tuple(sorted({outlet.country for outlet in own if outlet.country})),
        state_outlets=sum(outlet.of_state for outlet in own),
    )
    return Reported(story=story, outlets=tuple(outlet.name for outlet in own))
