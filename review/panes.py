"""The panes of the desk: what stands open beside the list, and the addresses that open and close it.

An open story or article is a part of the desk's address, so the same address works with and without scripts: the
server renders all panes, or, asked by a script for the reading pane alone, that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request

from review.filters import readable
from review.paging import read_id

#: element that holds the reading pane
PANE = "pane"
#: parts of an address that say what is open, or how the page looks: no link within the desk carries them on
OWN = frozenset({"story", "article", "revision", "changes", "from", "why", "lang", "density", "keys"})


class Opened(StrEnum):
    """What stands in the reading pane."""

    NOTHING = "nothing"
    STORY = "story"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panes:
    """Writes addresses of stories and articles: beside the list on the desk, else as pages by themselves."""

    #: whether the page is the desk
    desk: bool
    #: the conditions of the desk's list, as they stand in its address
    kept: tuple[tuple[str, str], ...] = ()

    def story(self, story_id: int, **parts: object) -> str:
        """Return the address of a story."""
        return self._address("story", f"/stories/{story_id}", story_id, parts)

    def article(self, article_id: int, **parts: object) -> str:
        """Return the address of an article."""
        return self._address("article", f"/articles/{article_id}", article_id, parts)

    @property
    def closed(self) -> str:
        """The address of the list with nothing open beside it."""
        return f"/?{urlencode(self.kept)}" if self.kept else "/"

    @property
    def newest(self) -> str:
        """The address of the list from its beginning, with nothing open beside it."""
        kept = [(name, value) for name, value in self.kept if name != "before"]
        return f"/?{urlencode(kept)}" if kept else "/"

    def _address(self, kind: str, page: str, number: int, parts: dict[str, object]) -> str:
        own = [(name, str(value)) for name, value in parts.items() if value is not None]
        if self.desk:
            return f"/?{urlencode([*self.kept, (kind, str(number)), *own])}"
        return f"{page}?{urlencode(own)}" if own else page


def panes(request: Request) -> Panes:
    """Return what writes the addresses on the page that was asked for."""
    if request.url.path != "/":
        return Panes(desk=False)
    pairs = parse_qsl(request.url.query, errors="replace")
    # What cannot be read means nothing here, and would stand in every link of the page again.
    return Panes(desk=True, kept=tuple((name, value) for name, value in pairs if readable(name, value)))


def without_story(address: str, story_id: int) -> str | None:
    """Return where to lead on from an address that shows a story, so that the story is no longer open.

    From the desk it is the same list with nothing open, at the story's row; else the desk. None when the address
    does not open the story.
    """
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, errors="replace")
    if parts.path == f"/stories/{story_id}":
        return f"/#row-{story_id}"
    if parts.path != "/" or ("story", str(story_id)) not in pairs or "article" in dict(pairs):
        return None
    kept = [(name, value) for name, value in pairs if name not in OWN]
    return f"/{'?' if kept else ''}{urlencode(kept)}#row-{story_id}"


def wants_pane(request: Request) -> bool:
    """Whether a script asked for the reading pane alone."""
    return request.headers.get("hx-target") == PANE and "hx-history-restore-request" not in request.headers


def opened(request: Request) -> tuple[Opened, int | None]:
    """Return what an address of the desk opens; what has no number of a row opens nothing."""
    for kind in (Opened.ARTICLE, Opened.STORY):
        number = read_id(request.query_params.get(kind, ""))
        if number is not None:
            return kind, number
    return Opened.NOTHING, None
