"""Profiles of articles read lately: an article is compared with the same look-alikes as those before it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from detection.stories import Profile, profile
from storage import candidates
from storage.stories import LookAlike

#: words of all profiles that are kept, about thirty bytes each: some nine thousand articles
MOST_WORDS = 3_000_000


class _Kept:
    """Profiles by the hash of the article's words, the longest unused first."""

    def __init__(self) -> None:
        self._profiles: dict[str, Profile] = {}
        self._words = 0

    def get(self, content_hash: str) -> Profile | None:
        """Return the profile of an article, None when it is not kept."""
        known = self._profiles.pop(content_hash, None)
        if known is not None:
            self._profiles[content_hash] = known
        return known

    def add(self, content_hash: str, made: Profile) -> None:
        """Keep a profile that is not kept yet; others go when there are too many words."""
        self._profiles[content_hash] = made
        self._words += len(made) + 1
        while self._words > MOST_WORDS and len(self._profiles) > 1:
            self._words -= len(self._profiles.pop(next(iter(self._profiles)))) + 1


_KEPT = _Kept()


def profile_of(text: str, content_hash: str) -> Profile:
    """Return the profile of an article's text, a paragraph a line.

    Args:
        text: of the article.
        content_hash: of its title and text; what has the same hash is the same text.
    """
    known = _KEPT.get(content_hash)
    if known is None:
        known = profile(text.split("\n"))
        _KEPT.add(content_hash, known)
    return known


def profiles_of(database: Database, alike: Sequence[LookAlike]) -> list[Profile]:
    """Return the profile of each look-alike; only texts are fetched that are not known."""
    found = {one.content_hash: _KEPT.get(one.content_hash) for one in alike}
    missing = {one.revision_id: one.content_hash for one in alike if found[one.content_hash] is None}
    texts = candidates.texts(database, missing) if missing else {}
    for revision_id, text in texts.items():
        found[missing[revision_id]] = profile_of(text, missing[revision_id])
    return [made for one in alike if (made := found[one.content_hash]) is not None]
