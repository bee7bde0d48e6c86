"""States and bodies, and how to find them in a text.

The data stands in ``countries.toml``; codes are ISO 3166-1 alpha-3, or UN, EU, ECOWAS, AES, AU.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from detection.arabic import is_arabic, written_forms
from detection.errors import RuleError
from detection.notation import NotationError, expand
from detection.presearch import Presearch
from detection.text import Tokens, words_of

_FILE = Path(__file__).with_name("countries.toml")
#: stems are looked up by so many letters, and have as many at least
_STEM_KEY = 3
_ARTICLES = frozenset({"le", "la", "l’", "les", ""})


#: unions of states: they act and are acted on, and yet are no place where somebody is held
BODIES = frozenset({"UN", "EU", "ECOWAS", "AES", "AU"})


class MentionKind(StrEnum):
    """What a form says of its state, and so what it may do in a sentence."""

    NAME = "names"
    PEOPLE = "people"
    SEAT = "seats"
    PLACE = "places"
    ASSET = "assets"
    MEDIA = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A state or body with its names for people to read."""

    code: str
    #: name by language (``fr``, ``en``)
    names: Mapping[str, str]
    #: French article: ``le``, ``la``, ``l’``, ``les`` or empty
    article_fr: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A state named in a text, by token indices."""

    code: str
    kind: MentionKind
    #: index of the first token
    first: int
    #: index after the last token
    last: int


@dataclass(frozen=True, slots=True)
class _Form:
    words: tuple[str, ...]
    #: None masks the phrase: it names no state
    code: str | None
    kind: MentionKind
    #: printed in capitals only
    capitals: bool = False
    #: index into the contextual entries, or -1
    contextual: int = -1


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    countries: Mapping[str, Country]
    #: forms by first word, longest first
    forms: Mapping[str, tuple[_Form, ...]]
    #: second words of forms none of which is the first word alone: « la junte », and nothing else after « la »
    seconds: Mapping[str, frozenset[str]]
    #: forms that are stems (``франци*``) with their stem, longest first, by their first letters
    stems: Mapping[str, tuple[tuple[str, _Form], ...]]
    #: (candidates, fallback) of each contextual entry
    contextual: tuple[tuple[frozenset[str], str | None], ...]


def _country(code: str, entry: Mapping[str, object]) -> Country:
    article = entry.get("fr_article", "")
    if not isinstance(article, str) or article not in _ARTICLES:
        raise RuleError(f"[{code}] fr_article must be one of le, la, l’, les or empty", file=_FILE)
    names = {language: entry.get(language) for language in ("fr", "en")}
    for language, name in names.items():
        if not isinstance(name, str):
            raise RuleError(f"[{code}] has no {language} name", file=_FILE)
    return Country(
        code=code, names=MappingProxyType({key: str(name) for key, name in names.items()}), article_fr=article
    )


def _phrases(code: str, entry: Mapping[str, object], key: str) -> list[str]:
    phrases = entry.get(key, [])
    if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
        raise RuleError(f"[{code}] {key} must be a list of phrases", file=_FILE)
    try:
        return sorted({reading for phrase in phrases for reading in expand(phrase)})
    except NotationError as error:
        raise RuleError(f"[{code}] {key}: {error}", file=_FILE) from error


def _as_written(words: tuple[str, ...], kind: MentionKind) -> Iterable[tuple[str, ...]]:
    """Yield the words of a form, in Arabic with all that may be written onto the first."""
    if not is_arabic(words[0]):
        return (words,)
    article = kind is MentionKind.PEOPLE
    return tuple(dict.fromkeys((form, *words[1:]) for form, _ in written_forms(words[0], article=article)))


def _country_forms(code: str, entry: Mapping[str, object]) -> tuple[list[_Form], list[tuple[str, _Form]]]:
    forms: list[_Form] = []
    stems: list[tuple[str, _Form]] = []
    for kind in MentionKind:
        for phrase in _phrases(code, entry, kind.value):
            for words in _as_written(words_of(phrase), kind):
                form = _Form(words, code, kind)
                if phrase.endswith("*"):
                    stems.append((words[0], form))
                else:
                    forms.append(form)
    forms.extend(
        _Form(words_of(phrase), code, MentionKind.NAME, capitals=True) for phrase in _phrases(code, entry, "codes")
    )
    return forms, stems


def _contextual_forms(
    entries: list[dict[str, object]],
) -> tuple[list[_Form], tuple[tuple[frozenset[str], str | None], ...]]:
    forms: list[_Form] = []
    table: list[tuple[frozenset[str], str | None]] = []
    for index, entry in enumerate(entries):
        candidates = frozenset(_phrases("contextual", entry, "candidates"))
        fallback = entry.get("fallback")
        table.append((candidates, fallback if isinstance(fallback, str) else None))
        forms.extend(
            _Form(words, None, MentionKind.SEAT, contextual=index)
            for phrase in _phrases("contextual", entry, "forms")
            for words in _as_written(words_of(phrase), MentionKind.SEAT)
        )
    return forms, tuple(table)


@cache
def _presearch() -> Presearch:
    gazetteer = _gazetteer()
    forms = [
        form for held in gazetteer.forms.values() for form in held if form.code is not None or form.contextual >= 0
    ]
    words: dict[str, set[str]] = {}
    for form in forms:
        if not form.capitals:
            words.setdefault(max(form.words, key=len), set()).add(form.code or "?")
    for held in gazetteer.stems.values():
        for stem, form in held:
            words.setdefault(stem, set()).add(form.code or "?")
    return Presearch(words, (form.words for form in forms if form.capitals))


def may_name_state(text: str, folded: str, searched: str, count: int = 1) -> bool:
    """Say whether :func:`find_mentions` may find something; cheap, and False only where it finds nothing.

    Args:
        text: as printed.
        folded: the same text folded.
        searched: that written out.
        count: how many states; with 2 it is False only where fewer are named.
    """
    return _presearch().finds(text, folded, searched, count)


@cache
def _gazetteer() -> _Gazetteer:
    try:
        data = tomllib.loads(_FILE.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"not valid TOML: {error}", file=_FILE) from error
    phrases = data.pop("phrases", {})
    forms, contextual = _contextual_forms(data.pop("contextual", []))
    forms.extend(
        _Form(words, None, MentionKind.PLACE)
        for phrase in _phrases("phrases", phrases, "none")
        for words in _as_written(words_of(phrase), MentionKind.PEOPLE)
    )
    stems: list[tuple[str, _Form]] = []
    countries: dict[str, Country] = {}
    for code, entry in data.items():
        countries[code] = _country(code, entry)
        more_forms, more_stems = _country_forms(code, entry)
        forms.extend(more_forms)
        stems.extend(more_stems)
    by_first: dict[str, list[_Form]] = {}
    for form in forms:
        by_first.setdefault(form.words[0], []).append(form)
    return _Gazetteer(
        MappingProxyType(countries),
        {first: tuple(sorted(some, key=lambda form: -len(form.words))) for first, some in by_first.items()},
        {
            first: frozenset(form.words[1] for form in some)
            for first, some in by_first.items()
            if all(len(form.words) > 1 for form in some)
        },
        _by_first_letters(stems),
        contextual,
    )


def _by_first_letters(stems: Iterable[tuple[str, _Form]]) -> Mapping[str, tuple[tuple[str, _Form], ...]]:
    grouped: dict[str, list[tuple[str, _Form]]] = {}
    for stem, form in sorted(stems, key=lambda stem: -len(stem[0])):
        grouped.setdefault(stem[:_STEM_KEY], []).append((stem, form))
    return MappingProxyType({key: tuple(own) for key, own in grouped.items()})


@cache
def state_words() -> frozenset[str]:
    """Return the words that name a state by themselves: nearly every text that matters holds some."""
    forms = (form for own in _gazetteer().forms.values() for form in own)
    return frozenset(form.words[0] for form in forms if len(form.words) == 1 and form.code is not None)


@cache
def _fused() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the preposition written onto each Arabic form of a state, and the same for stems."""
    exact: dict[str, str] = {}
    stems: dict[str, str] = {}
    own: set[str] = set()
    for code, entry in tomllib.loads(_FILE.read_text("utf-8")).items():
        for kind in MentionKind if isinstance(entry, dict) and "names" in entry else ():
            for phrase in _phrases(code, entry, kind.value):
                first = words_of(phrase)[0]
                if is_arabic(first):
                    own.add(first)
                    forms = written_forms(first, article=kind is MentionKind.PEOPLE)
                    (stems if phrase.endswith("*") else exact).update(pair for pair in forms if pair[1])
    return {form: preposition for form, preposition in exact.items() if form not in own}, stems


@lru_cache(maxsize=10_000)
def fused_preposition(word: str) -> str:
    """Return the preposition that is written onto an Arabic state: « ب » in « بمالي »; else an empty text."""
    if not is_arabic(word):
        return ""
    exact, stems = _fused()
    beginnings = (word[:end] for end in range(len(word), _STEM_KEY, -1))
    return exact.get(word) or next((stems[one] for one in beginnings if one in stems), "")


def countries() -> Mapping[str, Country]:
    """Return every state and body by its code.

    Raises:
        RuleError: the data file is not valid; it comes with the package, so reinstall it.
    """
    return _gazetteer().countries


def country_name(code: str | None, language: str = "en", *, article: bool = False) -> str:
    """Return a state's name for people to read, ``?`` for None, the code itself when unknown.

    Args:
        code: ISO 3166-1 alpha-3, or UN, EU, ECOWAS, AES, AU.
        language: ``fr`` or ``en``; anything else gives English.
        article: put the French article before it (« la France », « l’Algérie »); English names
            come without.
    """
    if code is None:
        return "?"
    country = countries().get(code)
    if country is None:
        return code
    name = country.names.get(language, country.names["en"])
    if not article or language != "fr" or not country.article_fr:
        return name
    glue = "" if country.article_fr.endswith("’") else " "
    return f"{country.article_fr}{glue}{name}"


#: in a line set in capitals only the article tells that « UN » and "US" are names
_BEFORE_NAMES = frozenset({"the", "l"})
#: articles of codes that are French words too: "the UN", but « l’un », « le un »
_ALSO_WORDS = frozenset({"un", "us", "au"})
#: how far to look for a word of two letters at least, which tells how a line is set
_BESIDE = 3


def _printed_in_capitals(form: _Form, tokens: Tokens, at: int, text: str) -> bool:
    printed = text[tokens.starts[at] : tokens.ends[at + len(form.words) - 1]]
    if not printed.isupper():
        return False
    # In a line set in capitals « UN » is an article and "US" a pronoun: neighbours tell.
    end = at + len(form.words)
    left = _neighbour(tokens, text, range(at - 1, max(-1, at - 1 - _BESIDE), -1))
    right = _neighbour(tokens, text, range(end, min(len(tokens), end + _BESIDE)))
    beside = [word for word in (left, right) if word]
    if not beside or not all(word.isupper() for word in beside):
        return True
    before = tokens.words[at - 1] if at else ""
    return before in _BEFORE_NAMES and (before == "the" or form.words[0] not in _ALSO_WORDS)


def _neighbour(tokens: Tokens, text: str, places: Iterable[int]) -> str:
    """Return the first word of two letters or more among tokens, as printed; empty without one."""
    printed = (text[tokens.starts[place] : tokens.ends[place]] for place in places)
    return next((word for word in printed if len(word) > 1 and word.isalpha()), "")


def _form_at(gazetteer: _Gazetteer, tokens: Tokens, at: int, text: str) -> _Form | None:
    words = tokens.words
    seconds = gazetteer.seconds.get(words[at])
    alone = seconds is not None and (at + 1 == len(words) or words[at + 1] not in seconds)
    for form in () if alone else gazetteer.forms.get(words[at], ()):
        if words[at : at + len(form.words)] == form.words and (
            not form.capitals or _printed_in_capitals(form, tokens, at, text)
        ):
            return form
    if not words[at].isascii():
        for stem, form in gazetteer.stems.get(words[at][:_STEM_KEY], ()):
            if words[at].startswith(stem):
                return form
    return None


def find_mentions(tokens: Tokens, text: str, aside: frozenset[int] = frozenset()) -> tuple[Mention, ...]:
    """Return every state named in a text, in order, the longest form at each place.

    Words that stand for several states (« la junte », "Brussels") take the candidate named last
    before them, else the one named most often; with no candidate in the text they name none.

    Args:
        tokens: the tokens of the folded text.
        text: the text as printed, of the same length, for forms that count in capitals only.
        aside: tokens of datelines, which name a state only where the text itself names fewer than two.
    """
    gazetteer = _gazetteer()
    found: list[tuple[_Form, int]] = []
    at, end = 0, len(tokens)
    forms, words = gazetteer.forms, tokens.words
    while at < end:
        word = words[at]
        form = _form_at(gazetteer, tokens, at, text) if word in forms or not word.isascii() else None
        if form is None:
            at += 1
            continue
        found.append((form, at))
        at += len(form.words)
    if aside:
        told = [(form, at) for form, at in found if at not in aside]
        found = told if len({form.code for form, _ in told} - {None}) > 1 else found
    counts = Counter(form.code for form, _ in found if form.code is not None)
    mentions: list[Mention] = []
    latest: dict[int, str] = {}
    for form, at in found:
        code = form.code
        if form.contextual >= 0:
            candidates, fallback = gazetteer.contextual[form.contextual]
            named = [(counts[candidate], candidate) for candidate in candidates if counts[candidate]]
            code = latest.get(form.contextual) or (max(named)[1] if named else fallback)
        elif code is not None:
            for index, (candidates, _) in enumerate(gazetteer.contextual):
                if code in candidates:
                    latest[index] = code
        if code is not None:
            mentions.append(Mention(code, form.kind, at, at + len(form.words)))
    return tuple(mentions)
