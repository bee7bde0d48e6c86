"""Profiles of articles read lately: an article is compared with the same look-alikes as those before it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from detection.stories import Profile, profile
from storage import candidates
from storage.stories import LookAlike

#: by the hash of the article's words, the longest unused first
_KNOWN: dict[str, Profile] = {}
_MOST_KNOWN = 4_096


def profile_of(text: str, content_hash: str) -> Profile:
    """Return the profile of an article's text, a paragraph a line.

    Args:
        text: of the article.
        content_hash: of its title and text; what has the same hash is the same text.
    """
    known = _recall(content_hash)
    return known if known is not None else _remember(content_hash, profile(text.split("\n")))


def profiles_of(database: Database, alike: Sequence[LookAlike]) -> list[Profile]:
    """Return the profile of each look-alike; only texts are fetched that are not known."""
    found = {one.content_hash: _recall(one.content_hash) for one in alike}
    missing = {one.revision_id: one.content_hash for one in alike if found[one.content_hash] is None}
    for revision_id, text in candidates.texts(database, missing).items():
        found[missing[revision_id]] = profile_of(text, missing[revision_id])
    return [made for one in alike if (made := found[one.content_hash]) is not None]


def _recall(content_hash: str) -> Profile | None:
    known = _KNOWN.pop(content_hash, None)
    return None if known is None else _remember(content_hash, known)


def _remember(content_hash: str, made: Profile) -> Profile:
    _KNOWN[content_hash] = made
    while len(_KNOWN) > _MOST_KNOWN:
        del _KNOWN[next(iter(_KNOWN))]
    return made
