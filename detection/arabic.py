"""Arabic words as they are printed: with the small words that are written onto them.

« وطردت » is "and expelled", « للسفير » "to the ambassador". Data files give the bare word; here it gets every form
that the press prints. Words are folded: without vowel signs and hamza, ``ه`` for ``ة`` and ``ي`` for ``ى``.
"""

from __future__ import annotations

from collections.abc import Iterator

_FIRST, _LAST = "\u0600", "\u06ff"
#: conjunctions: and, so
_AND = ("", "و", "ف")
#: prepositions that are written onto the word: in, to
_PREPOSITIONS = ("ب", "ل")
_ARTICLE = "ال"
#: a verb of the present begins with one of these, and takes the mark of the future
_PRESENT = ("ت", "ي")
_FUTURE = "س"
#: shorter words are small words themselves, and only take conjunctions
_SHORTEST = 3


def is_arabic(word: str) -> bool:
    """Say whether a word is written in Arabic letters."""
    return _FIRST <= word[:1] <= _LAST


def written_forms(word: str, *, article: bool = True) -> Iterator[tuple[str, str]]:
    """Yield a folded word with all that may be written onto it, and the preposition that is among it.

    Args:
        word: bare, or with the article.
        article: the word may take the article; the names of most states do not.
    """
    for conjunction in _AND:
        yield conjunction + word, ""
    if len(word.removesuffix("*")) < _SHORTEST:
        return
    for conjunction in ("", "و"):
        if word.startswith(_PRESENT):
            yield conjunction + _FUTURE + word, ""
        for preposition in _PREPOSITIONS:
            yield conjunction + preposition + word, preposition
        yield from _with_article(word, conjunction, article=article)


def _with_article(word: str, conjunction: str, *, article: bool) -> Iterator[tuple[str, str]]:
    if not word.startswith(_ARTICLE):
        if not article:
            return
        yield conjunction + _ARTICLE + word, ""
        yield conjunction + "ب" + _ARTICLE + word, "ب"
    # « ل » and the article melt into « لل »
    yield conjunction + "لل" + word.removeprefix(_ARTICLE), "ل"
