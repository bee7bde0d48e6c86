"""Labelled articles told otherwise: spelt differently, of other states, as rumour or as history."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from detection.engine import Detection, Document, RuleSet, detect, load_rules
from detection.reading import read as read_text
from detection.text import fold
from storage.types import Status
from tests import metamorphic_words as words

Pair = frozenset[str | None]
FRANCE_MALI: Pair = frozenset({"FRA", "MLI"})
FRANCE_NIGER: Pair = frozenset({"FRA", "NER"})
#: the least that a watch alerts on unless told otherwise
_MIN_SEVERITY = 2
#: sentences of one article that tell an act as real, one after the other is put in doubt
_ROUNDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article, or another telling of it."""

    id: str
    #: None: detection finds it out
    language: str | None
    title: str
    text: str
    published: datetime


def read_articles(path: Path) -> tuple[Told, ...]:
    """Return the labelled articles of a file of JSON lines."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return tuple(
        Told(
            id=str(record["id"]),
            language=record["lang"],
            title=record.get("title") or "",
            text=record["text"],
            published=datetime.fromisoformat(record["published"]).replace(tzinfo=UTC),
        )
        for record in records
    )


def told(text: str, title: str = "") -> Told:
    """Return a French article of our own."""
    return Told(id="own", language="fr", title=title, text=text, published=datetime(2026, 3, 10, tzinfo=UTC))


@cache
def _rules() -> RuleSet:
    return load_rules()


@cache
def read(told: Told) -> Detection:
    """Return what detection finds."""
    document = Document(title=told.title, text=told.text, published_at=told.published, language=told.language)
    return detect(document, _rules())


def alerts(told: Told, pair: Pair = FRANCE_MALI) -> bool:
    """Say whether a watch of two states would alert."""
    return any(
        signal.status is Status.ASSERTED and signal.severity >= _MIN_SEVERITY and {signal.actor, signal.target} == pair
        for signal in read(told).signals
    )


#: acts found: type, severity, actor, target, status
Answer = frozenset[tuple[str, int, str | None, str | None, Status]]


def answer(told: Told, rename: Mapping[str | None, str | None] | None = None) -> Answer:
    """Return what was found, without offsets; states renamed if asked."""
    names = rename or {}
    return frozenset(
        (one.type, one.severity, names.get(one.actor, one.actor), names.get(one.target, one.target), one.status)
        for one in read(told).signals
    )


def news(told: Told) -> Answer:
    """Return what was found and is not past."""
    return frozenset(found for found in answer(told) if found[4] is not Status.PAST)


# --- spelling ------------------------------------------------------------------------------------


def _each(told: Told, change: Callable[[str], str]) -> Told:
    return replace(told, title=change(told.title), text=change(told.text))


def _bare(text: str) -> str:
    # Only the accents of Latin letters are left out by those who type without: й is a letter of its own.
    parts = [
        "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))
        if unicodedata.name(letter, "").startswith("LATIN")
        else letter
        for letter in text
    ]
    return "".join(parts)


def without_accents(told: Told) -> Told:
    """Leave the accents out."""
    return _each(told, _bare)


def title_in_capitals(told: Told) -> Told:
    """Set the title in capitals."""
    return replace(told, title=told.title.upper())


def straight_apostrophes(told: Told) -> Told:
    """Write every apostrophe as typewriters do."""
    return _each(told, lambda text: text.replace("’", "'"))


def curly_apostrophes(told: Told) -> Told:
    """Write every apostrophe as printers do."""
    return _each(told, lambda text: text.replace("'", "’"))


def no_break_spaces(told: Told) -> Told:
    """Put a no-break space wherever French typography may."""
    return _each(told, lambda text: re.sub(r"(?<=«) | (?=[»;:!?%€])|(?<=\d) (?=\w)", "\u00a0", text))


def narrow_spaces(told: Told) -> Told:
    """Make every space a narrow no-break space."""
    return _each(told, lambda text: text.replace(" ", "\u202f"))


def plain_spaces(told: Told) -> Told:
    """Make every no-break space a plain one."""
    return _each(told, lambda text: text.replace("\u00a0", " ").replace("\u202f", " "))


def title_in_bare_capitals(told: Told) -> Told:
    """Set the title in capitals without accents, as much of the French press does."""
    return replace(told, title=_bare(told.title.upper()))


def plain_quotes_and_dashes(told: Told) -> Told:
    """Write quotation marks and dashes as typewriters do."""
    table = str.maketrans({"«": '"', "»": '"', "“": '"', "”": '"', "—": "-", "–": "-"})
    return _each(told, lambda text: text.translate(table))


def decomposed(told: Told) -> Told:
    """Write accents as characters of their own."""
    return _each(told, lambda text: unicodedata.normalize("NFD", text))


SPELLINGS: tuple[Callable[[Told], Told], ...] = (
    without_accents,
    title_in_capitals,
    straight_apostrophes,
    curly_apostrophes,
    no_break_spaces,
    narrow_spaces,
    plain_spaces,
    title_in_bare_capitals,
    plain_quotes_and_dashes,
    decomposed,
)

# --- other states --------------------------------------------------------------------------------


def _like(model: str, word: str) -> str:
    """Return ``word`` with the capitals of ``model``."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def _exchanged(text: str, forms: Mapping[str, str]) -> str:
    known = {word.casefold(): other for word, other in forms.items()}
    either = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return pattern.sub(lambda found: _like(found[0], known[found[0].casefold()]), text)


def of_niger(told: Told) -> Told:
    """Tell of Niger what was told of Mali."""
    return _each(told, lambda text: _exchanged(unicodedata.normalize("NFC", text), words.TO_NIGER))


def tells_alike(told: Told, other: Told) -> bool:
    """Say whether another telling names Niger wherever an article names Mali, and the article does not name Niger."""
    before = _named(told)
    return "NER" not in before and _named(other) == ["NER" if code == "MLI" else code for code in before]


SWAP: Mapping[str | None, str | None] = {"FRA": "MLI", "MLI": "FRA"}


def swappable(told: Told) -> bool:
    """Say whether all that the article says of one state can be said of the other.

    Every word that names France or Mali must name the other one once swapped, and none may stay behind.
    """
    if told.language not in {"fr", "en"} or words.OF_ONE_STATE.search(f"{told.title}\n{told.text}"):
        return False
    return _named(swapped(told)) == [SWAP.get(code, code) for code in _named(told)]


def _named(told: Told) -> list[str | None]:
    text = f"{told.title}\n{told.text}"
    reading = read_text(text, fold(text), title_end=len(told.title), published=None)
    return [mention.code for mention in reading.mentions] if reading else []


@cache
def swapped(told: Told) -> Told:
    """Let France and Mali change places."""
    forms = words.SWAPPED_FRENCH if told.language == "fr" else words.SWAPPED_ENGLISH
    return _each(told, lambda text: _plurals(_exchanged(unicodedata.normalize("NFC", text), forms)))


def _plurals(text: str) -> str:
    """Give « maliens » its plural: « français » has but one form."""
    return words.PLURAL.sub(r"\1s", text)


# --- rumour, history, background -----------------------------------------------------------------


def _acting_sentences(told: Told) -> Sequence[int]:
    """Return where the sentences begin that tell an act as real; offsets into title and text."""
    whole = f"{told.title}\n{told.text}"
    starts = set()
    for step in read(told).trace:
        if step.status == Status.ASSERTED.value:
            at = whole.find(step.sentence, 0 if step.sentence_index == 0 else len(told.title) + 1)
            starts.add(at)
    return sorted(starts)


def _opened(told: Told, opening: str) -> Told:
    """Open every sentence that tells an act as real, and those that tell it once the others no longer do."""
    for _ in range(_ROUNDS):
        whole = f"{told.title}\n{told.text}"
        places = [at for at in _acting_sentences(told) if not whole.startswith(opening, at)]
        if not places:
            return told
        for at in reversed(places):
            rest = whole[at:]
            if words.SMALL.match(rest):
                rest = rest[0].lower() + rest[1:]
            whole = whole[:at] + opening + rest
        title, _, text = whole.partition("\n")
        told = replace(told, title=title, text=text)
    return told


def rumoured(told: Told) -> Iterable[Told]:
    """Open every sentence that tells an act as real with words of rumour."""
    for opening in words.RUMOUR[told.language or ""]:
        yield _opened(told, opening)


def long_ago(told: Told) -> Iterable[Told]:
    """Open every sentence that tells an act as real with a date long past."""
    for opening in words.HISTORY[told.language or ""]:
        yield _opened(told, opening)


def rumoured_title(told: Told) -> Iterable[Told]:
    """Open the title with a word of rumour: it speaks of all that follows."""
    yield _titled(told, words.RUMOUR[told.language or ""][0])


def long_ago_title(told: Told) -> Iterable[Told]:
    """Open the title with a date long past."""
    yield _titled(told, words.HISTORY[told.language or ""][0])


def _titled(told: Told, opening: str) -> Told:
    title = told.title[:1].lower() + told.title[1:] if words.SMALL.match(told.title) else told.title
    return replace(told, title=opening + title)


def with_background(told: Told) -> Iterable[Told]:
    """Append a paragraph of dated background, one telling for each of a few."""
    year = told.published.year
    for paragraph in words.BACKGROUND[told.language or ""]:
        yield replace(told, text=f"{told.text}\n{paragraph.format(past=year - 2, older=year - 4)}")


def with_dateline(told: Told) -> Iterable[Told]:
    """Open the text with a dateline, one telling for each of a few."""
    months = ("janv.", "fév.", "mars", "avril", "mai", "juin", "juillet", "août", "sept.", "oct.", "nov.", "déc.")
    month = months[told.published.month - 1] if told.language == "fr" else f"{told.published:%b}"
    for dateline in words.DATELINES[told.language or ""]:
        yield replace(told, text=dateline.format(day=f"{told.published.day} {month}") + told.text)


def open_sides(told: Told) -> bool:
    """Say whether the text leaves a side of some act open, or names fewer than two states."""
    return len(set(_named(told))) < 2 or any(None in (one.actor, one.target) for one in read(told).signals)


def describe(told: Told) -> str:
    """Return what was found, on one line."""
    found = read(told).signals
    return "; ".join(f"{one.type} {one.actor}→{one.target} {one.status.value}" for one in found) or "nothing"


def printed(told: Told) -> str:
    """Return an article on one line."""
    return f"{told.title} | {told.text}".replace("\n", " ¶ ")
