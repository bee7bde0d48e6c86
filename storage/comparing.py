"""Whether an article really changed: two texts compared by their words, never by their typography.

Outlets touch their pages all day: quotation marks, spaces, the time of the last update, teasers of other articles.
None of it is a revision. A word that came, went or became another one is.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

#: goes before every key; keys of an older way of comparing are worked out anew
VERSION = "1"
#: a text that lost more than this share of its words and kept only its beginning met a wall
_TEASER_SHARE = 0.5
#: how much of a teaser must be the beginning of the text that was there
_TEASER_AGREES = 0.8
#: a partial text that has this many times the words of the last one says more than it
_SAYS_MORE = 1.5
#: no line of furniture is longer, in characters
_FURNITURE = 240


class Change(StrEnum):
    """What a new reading of an article is to the last one."""

    #: character by character the same
    SAME = "same"
    #: the same words
    TYPOGRAPHY = "typography"
    #: a partial text of an article that is known in full, or another teaser of one that is not
    TEASER = "teaser"
    #: the first part of a text that was longer: a wall nobody announced
    SHRUNKEN = "shrunken"
    #: the full text of an article that was known in part
    COMPLETED = "completed"
    #: other words
    EDITED = "edited"

    @property
    def is_revision(self) -> bool:
        """Whether the new text replaces the last one."""
        return self in {Change.COMPLETED, Change.EDITED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one look at an article gave."""

    title: str
    lede: str
    paragraphs: tuple[str, ...]
    partial: bool = False


def judge(old: Reading, new: Reading) -> Change:
    """Return what ``new`` is to ``old``; pure."""
    if (old.title, old.lede, old.paragraphs) == (new.title, new.lede, new.paragraphs):
        return Change.COMPLETED if old.partial and not new.partial else Change.SAME
    if old.partial and not new.partial:
        return Change.COMPLETED
    if new.partial and not old.partial:
        return Change.TEASER
    before, after = _body_words(old), _body_words(new)
    same_title = words(old.title) == words(new.title)
    if same_title and before == after:
        return Change.TYPOGRAPHY
    if new.partial:
        return Change.TEASER if same_title and len(after) < _SAYS_MORE * len(before) else Change.EDITED
    return Change.SHRUNKEN if _is_beginning(before, after) else Change.EDITED


def share_kept(old: Reading, new: Reading) -> float:
    """Return the share of the words of ``old`` that ``new`` has too, 0–1; 1 where there were none."""
    before = Counter((*words(old.title), *_body_words(old)))
    kept = before & Counter((*words(new.title), *_body_words(new)))
    return kept.total() / before.total() if before else 1.0


def comparison_key(title: str, lede: str, paragraphs: Iterable[str]) -> str:
    """Return a key that two texts share when they have the same words.

    How the words of standfirst and text are cut into paragraphs is no part of it: redesigns change that.
    """
    body = " ".join(_words_of_lines((lede, *paragraphs)))
    digest = hashlib.sha256(f"{' '.join(words(title))}\x00{body}".encode("utf-8", "surrogatepass"))
    return f"{VERSION}:{digest.hexdigest()}"


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """Return the words and figures of a text as comparing sees them.

    Case, quotation marks, apostrophes, dashes, blanks, full stops and invisible characters are gone; accents stay,
    because « accusé » is not « accuse ». So do the question mark, per cent and currencies, which say something.
    An article's lines are asked for several times while it is stored.
    """
    return tuple(_WORD.findall(_folded(text)))


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not folded.isascii():
        if _INVISIBLE.search(folded):
            folded = _INVISIBLE.sub("", folded)
        for letter, spelling in _SPELLINGS:
            if letter in folded:
                folded = folded.replace(letter, spelling)
    return _GROUPED.sub(r"\1", folded)


# Ligatures, and apostrophes that Unicode counts as letters.
_SPELLINGS = (("œ", "oe"), ("æ", "ae"), ("\u02bc", "'"), ("\u02b9", "'"), ("\u02bb", "'"))
# Soft hyphens, zero-width characters, joiners, marks of writing direction, byte order marks.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_WORD = re.compile(r"[^\W_]+|[?%‰\u061f\u20a0-\u20c0$£¥]")
# The blanks and apostrophes in 10 000 and 10'000, from the digit before: a search skips to a first character it knows.
_GROUPED = re.compile(r"(\d)[ '’](?=\d{3}(?!\d))")


def _body_words(reading: Reading) -> tuple[str, ...]:
    return _words_of_lines((reading.lede, *reading.paragraphs))


def _words_of_lines(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for line in lines if not is_furniture(line) for word in words(line))


def _is_beginning(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether little more than the beginning of a text is left."""
    if len(after) >= _TEASER_SHARE * len(before):
        return False
    agree = next((number for number, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), None)
    return (len(after) if agree is None else agree) >= _TEASER_AGREES * len(after)


def is_furniture(line: str) -> bool:
    """Whether a whole line belongs to the page and not to the article: dates of change, links, prompts, labels."""
    if len(line) > _FURNITURE:
        return False
    found = words(line)
    phrase = " ".join(found)
    if _LABEL.fullmatch(phrase) or _LINK.match(phrase):
        return True
    stamp = _STAMP.match(phrase)
    rest = (phrase[stamp.end() :] if stamp else phrase).split()
    dated = all(word.isdecimal() or word in _DATE_WORDS or _CLOCK.fullmatch(word) for word in rest)
    # Without words that announce it, a line is a date when it is a figure with a month or a day, or three figures.
    figures = sum(word[0].isdecimal() for word in rest)
    return dated and (stamp is not None or (figures > 0 and not _CALENDAR.isdisjoint(rest)) or figures == 3)


_LABEL = re.compile(
    r"publicité|annonce|advertisement|sponsored|(?:la suite|contenu) après cette publicité|article réservé aux abonnés"
    r"|(?:temps de )?lecture (?:\d+ )?(?:min|mn|minutes?)(?: \d+)?|(?:reading time )?\d+ min(?:utes?)? read"
    r"|temps de lecture \d+ (?:min|mn|minutes?)|reading time \d+ min(?:utes?)?"
    r"|\d+ (?:commentaires?|réactions?|partages?|vues?|comments?|shares?|views?|likes?)"
    r"|partager(?: cet article)?|share(?: this article)?|imprimer|print"
)
_LINK = re.compile(
    r"(?:(?:à )?lire (?:aussi|également|encore)|à lire$|voir (?:aussi|également)|sur le même sujet"
    r"|dans le même dossier|(?:notre|nos) articles? sur le (?:même )?sujet|read (?:also|more|next)|also read|see also"
    r"|related (?:articles?|stories)|inscrivez vous à (?:notre|nos) |abonnez vous (?:à|pour) |suivez nous "
    r"|recevez (?:notre|nos) |sign up (?:for|to) (?:our|the) |subscribe to (?:our|the) |follow us )"
)
_STAMP = re.compile(
    r"(?:article |dernière )?(?:mise? à jour|publiée?|modifiée?|actualisée?"
    r"|(?:last )?(?:updated|modified)|published|posted)\b"
)
_CLOCK = re.compile(r"\d{1,2}(?:h\d{0,2}|am|pm|er|min|mn|st|nd|rd|th)|t\d{2}|\d{2}z")
_CALENDAR = frozenset(
    """
    lundi mardi mercredi jeudi vendredi samedi dimanche mon tue wed thu fri sat sun
    monday tuesday wednesday thursday friday saturday sunday
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre janv févr avr juil
    sept oct nov déc
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep dec
    """.split()  # noqa: SIM905 (words, not code)
)
_DATE_WORDS = _CALENDAR | frozenset(
    """
    le la à a h il y en et on at the ago of de du depuis min mn minute minutes heure heures hour hours jour jours
    day days seconde secondes second seconds aujourd hui hier today yesterday instant just now utc gmt cet cest
    paris am pm mis mise publié publiée modifié modifiée updated published
    """.split()  # noqa: SIM905 (words, not code)
)
