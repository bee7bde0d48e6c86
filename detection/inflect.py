"""Inflected forms of verbs, worked out when rules are compiled and never at run time.

Looking words up costs less and errs less than reducing them to a lemma: French lemmatisers miss one
inflected verb in five, and most of those written without accents. Regular verbs follow their
ending; irregular ones are listed in ``verbs.toml``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from detection.errors import RuleError
from detection.notation import expand
from detection.text import words_of

_FILE = Path(__file__).with_name("verbs.toml")


@cache
def _verbs() -> dict[str, dict[str, list[str]]]:
    try:
        data = tomllib.loads(_FILE.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"not valid TOML: {error}", file=_FILE) from error
    return data


def _french(verb: str) -> set[str]:
    stem, ending = verb[:-2], verb[-2:]
    suffixes = _verbs()["french_endings"].get(ending)
    if suffixes is None:
        raise KeyError(verb)
    forms = {stem + suffix for suffix in suffixes}
    if ending == "er":
        if stem.endswith("el"):  # rappeler: rappelle, rappellera
            forms |= {stem + "l" + suffix for suffix in suffixes if suffix.startswith("e")}
        if stem.endswith("g"):  # exiger: exigea, exigeait
            forms |= {stem + "e" + suffix for suffix in suffixes if suffix.startswith("a")}
        if stem.endswith("y"):  # envoyer: envoie
            forms |= {stem[:-1] + "i" + suffix for suffix in suffixes if suffix.startswith("e")}
    return forms


def _english(verb: str) -> set[str]:
    if verb.endswith("e"):
        return {verb, verb + "s", verb + "d", verb[:-1] + "ing"}
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    plural = "es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s"
    forms = {verb, verb + plural, verb + "ed", verb + "ing"}
    if verb[-1] in "lnpbtgm" and verb[-2] in "aeiou" and verb[-3] not in "aeiou":
        forms |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    return forms


def is_french_infinitive(word: str) -> bool:
    """Say whether a folded word that carries an act is the infinitive of its verb."""
    return word in _verbs()["fr"] or word.endswith(("er", "ir"))


@cache
def inflect(verb: str, language: str) -> frozenset[str]:
    """Return the folded forms of a verb given by its infinitive; further words are kept as they are.

    ``~throw out`` gives ``throw out``, ``throws out``, ``threw out``, ``thrown out``, …

    Raises:
        KeyError: the verb is neither regular nor listed in ``verbs.toml``.
    """
    words = words_of(verb)
    head, rest = words[0], words[1:]
    listed = _verbs().get(language, {}).get(head)
    if listed is not None:
        forms = {form for entry in listed for form in expand(entry)}
        forms.add(head)
    elif language == "fr":
        forms = _french(head)
    elif language == "en":
        forms = _english(head)
    else:
        raise KeyError(verb)
    return frozenset(" ".join((*words_of(form), *rest)) for form in forms)
