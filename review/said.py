"""What the other rooms say in English, in the reader's words.

Why a source is read when it is, why a reading failed, why an article did not alert, why a change was refused: the rooms
say it in one English sentence, for the log, the command line and the interface for programs, and the archive keeps the
sentence. The texts ``said.*`` hold each of these sentences with its values, in both languages. The page recognises the
sentence by its English text, takes the values out and puts them into the text of the reader's language; what the
archive stored before a text was known is served as well. A sentence that no text fits, such as what a far end
answered, stays as it was said and is marked as English.

Recognising is linear in the length of a sentence, whatever its text: what a far end says may be hostile.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from types import MappingProxyType

from markupsafe import Markup

from detection.countries import countries, country_name
from detection.taxonomy import event_types, type_label
from review.wording import Words, words

_FAMILY = "said."
_FINE = "\u202f"
#: sentences are as long as the archive keeps them; what is longer is nothing a room says
_LONGEST = 2_000
#: an id of an act's type
_TYPE = re.compile(r"[a-z][a-z_]*")
#: how deep a sentence may stand in another
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """An English sentence with its places: text, place, text, place, …, text."""

    key: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    #: the longest of the texts: a sentence without it is another one
    mark: str

    def values(self, sentence: str) -> dict[str, str] | None:
        """Return what stands in the places, or None when the sentence is another one."""
        first, last = self.texts[0], self.texts[-1]
        end = len(sentence) - len(last)
        if not self.names:
            return {} if sentence == first else None
        if end < len(first) or not sentence.startswith(first) or not sentence.endswith(last):
            return None
        at, found = len(first), []
        for text in self.texts[1:-1]:
            here = sentence.find(text, at + 1, end)
            if here < 0:
                return None
            found.append(sentence[at:here])
            at = here + len(text)
        found.append(sentence[at:end])
        return dict(zip(self.names, found, strict=True)) if all(found) else None


def told(say: Words, sentence: str) -> Markup:
    """Return a sentence of another room for a page: in the reader's words, else marked as the English it is."""
    found = in_words(say, sentence)
    if found is None:
        return Markup('<span lang="en" class="unworded">{}</span>').format(sentence)
    return Markup("{}").format(found)


def told_plainly(say: Words, sentence: str) -> str:
    """Return a sentence of another room where no mark-up can stand, such as in an attribute."""
    return in_words(say, sentence) or sentence


def in_words(say: Words, sentence: str) -> str | None:
    """Return a sentence of another room in the reader's words, None when no text fits it."""
    if say.language == "en":
        return sentence
    return _in_words(say.language, sentence, 0)


@lru_cache(maxsize=4_096)
def _in_words(language: str, sentence: str, depth: int) -> str | None:
    if depth > _DEEPEST or len(sentence) > _LONGEST:
        return None
    say = words(language)
    for form in _forms():
        if form.mark not in sentence or (values := form.values(sentence)) is None:
            continue
        worded = {name: _worded(say, name.rstrip("0123456789"), value, depth) for name, value in values.items()}
        if all(value is not None for value in worded.values()):
            return say(form.key, **worded)
    return None


@cache
def _forms() -> tuple[_Form, ...]:
    """Return every sentence, those with the most text of their own first."""
    found = []
    for key, text in words("en").texts.items():
        if key.startswith(_FAMILY):
            texts, names = [""], []
            for literal, name, _, _ in string.Formatter().parse(text):
                texts[-1] += literal
                if name is not None:
                    names.append(name)
                    texts.append("")
            found.append(_Form(key=key, texts=tuple(texts), names=tuple(names), mark=max(texts, key=len)))
    return tuple(sorted(found, key=lambda form: (-sum(map(len, form.texts)), form.key)))


def _worded(say: Words, name: str, value: str, depth: int) -> str | None:
    """Return a value in the reader's words; None when only a known sentence may stand there and none does."""
    if name in _KINDS:
        return _KINDS[name](say, value)
    if name == "said":
        return _in_words(say.language, value, depth + 1)
    if name in {"error", "more"}:
        return _in_words(say.language, value, depth + 1) or (value if name == "more" else _value(value))
    return _value(value)


def _value(value: str) -> str:
    """Return a name between French quotation marks, a number with French marks, anything else as it is."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return f"«{_FINE}{value[1:-1]}{_FINE}»"
    if re.fullmatch(r"\d{1,3}(,\d{3})+", value):
        return value.replace(",", _FINE)
    return value.replace(".", ",") if re.fullmatch(r"\d+\.\d+", value) else value


def _number(_say: Words, value: str) -> str | None:
    return _value(value) if re.fullmatch(r"[\d,]+(\.\d+)?", value) else None


def _act(say: Words, value: str) -> str | None:
    """Word ``diplomats expelled (France → Mali)`` anew."""
    label, _, sides = value.rpartition(" (")
    actor, arrow, target = sides.removesuffix(")").partition(" → ")
    if not arrow:
        return None
    label = type_label(_types()[label], say.language) if label in _types() else label
    return f"{label} ({_state(actor, say.language)} → {_state(target, say.language)})"


def _state(name: str, language: str) -> str:
    return country_name(_states()[name], language) if name in _states() else name


def _type_list(say: Words, value: str) -> str | None:
    types = value.split(", ")
    return ", ".join(type_label(one, say.language) for one in types) if all(map(_TYPE.fullmatch, types)) else None


@cache
def _types() -> Mapping[str, str]:
    return MappingProxyType({type_label(one, "en"): one for one in event_types()})


@cache
def _states() -> Mapping[str, str]:
    return MappingProxyType({country_name(one, "en"): one for one in countries()})


def _wait(_say: Words, value: str) -> str | None:
    number, _, unit = value.partition(" ")
    short = {"s": "s", "minutes": "min", "hours": "h"}.get(unit)
    return None if short is None else f"{_value(number)}\u00a0{short}"


def _of_code(family: str, say: Words, value: str) -> str | None:
    return say.texts.get(f"{family}.{value}")


def _one_word(_say: Words, value: str) -> str | None:
    return None if " " in value else _value(value)


def _silenced(say: Words, value: str) -> str | None:
    """Word ``watch mali, MLI → FRA, type expel_diplomats or coup, severity up to 3`` anew."""
    parts = [_part_of_silence(say, part) for part in value.split(", ")]
    return None if None in parts else ", ".join(part for part in parts if part)


def _part_of_silence(say: Words, part: str) -> str | None:
    kind, _, what = part.partition(" ")
    if part == "everything":
        return say("silence.part.everything")
    if part.startswith("severity up to "):
        return say("silence.part.severity", n=part.rpartition(" ")[2])
    if kind in {"watch", "story", "source"}:
        return say(f"silence.part.{kind}", what=what)
    if kind == "type":
        return ", ".join(type_label(one, say.language) for one in what.split(" or "))
    sides = part.partition(" → ") if " → " in part else part.partition(" ↔ ")
    if not sides[1]:
        return None
    return "".join(country_name(side, say.language) if side.isalpha() else side for side in sides)


#: what stands in places of these names, None where it is something else
_KINDS: Mapping[str, Callable[[Words, str], str | None]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "ago",
                "asked",
                "base",
                "bytes",
                "code",
                "count",
                "days",
                "entries",
                "least",
                "most",
                "n",
                "newest",
                "number",
                "other",
                "rate",
                "reached",
                "seconds",
                "share",
                "story",
                "times",
                "version",
            ),
            _number,
        ),
        **dict.fromkeys(("field", "host", "key", "url", "where", "who_tested"), _one_word),
        "act": _act,
        "types": _type_list,
        "wait": _wait,
        "silenced": _silenced,
        "failure": partial(_of_code, "failure"),
        "outcome": partial(_of_code, "outcome"),
    }
)
