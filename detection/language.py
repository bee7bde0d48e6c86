"""Which language a text is in, among those that have rules."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Protocol

LANGUAGES = ("fr", "en", "ar", "ru")
#: letters of Bambara that no other of these languages has
_BAMBARA_LETTERS = frozenset("ɛɔɲŋ")
#: its commonest small words, as typed with and without them
_BAMBARA_WORDS = frozenset(
    {
        "ye",
        "ka",
        "bɛ",
        "be",
        "bɛna",
        "ko",
        "ni",
        "ma",
        "ani",
        "min",
        "minnu",
        "don",
        "kɛ",
        "ke",
        "kɛra",
        "kera",
        "jamana",
        "u",
        "la",
    }
)
#: a text is Bambara when one letter in so many is one of its own, or two words in five are its small ones
_BAMBARA_SHARE, _BAMBARA_WORD_SHARE = 50, 0.4
#: enough for a sure answer, and cheap
_SAMPLE = 800
#: below this probability the text is taken for unknown and every rule set reads it
_SURE = 0.6
_MIN_LETTERS = 20


class _Identifier(Protocol):
    def classify(self, instance: str) -> tuple[str, float]:
        """Return a language and its probability."""


@cache
def _identifier() -> _Identifier:
    # Loading numpy and the model takes a quarter of a second; texts that say their language skip it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    known: _Identifier = identifier
    return known


def _is_bambara(sample: str, letters: list[str]) -> bool:
    if sum(letter.lower() in _BAMBARA_LETTERS for letter in letters) * _BAMBARA_SHARE > len(letters):
        return True
    words = sample.lower().replace("'", " ").split()
    known = [word for word in words if word in _BAMBARA_WORDS]
    return len(set(known)) > 2 and len(known) >= _BAMBARA_WORD_SHARE * len(words)


def identify_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, or None when the text does not tell."""
    # Spaces that only French sets, or decomposed letters, say nothing of the language a text was written in.
    sample = unicodedata.normalize("NFC", " ".join(text[:_SAMPLE].split()))
    letters = [character for character in sample if character.isalpha()]
    if len(letters) < _MIN_LETTERS:
        return None
    if sum("\u0600" <= letter <= "\u06ff" for letter in letters) * 2 > len(letters):
        return "ar"
    if sum("\u0400" <= letter <= "\u04ff" for letter in letters) * 2 > len(letters):
        return "ru"
    if _is_bambara(sample, letters):
        return "bm"
    if sum(letter < "\u0250" for letter in letters) * 2 < len(letters):
        return None
    # A decoder fault in the archive may leave half a surrogate pair, which cannot be encoded.
    language, probability = _identifier().classify(sample.encode("utf-8", "replace").decode("utf-8"))
    return language if probability >= _SURE else None
