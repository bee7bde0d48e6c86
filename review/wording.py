"""Interface texts in French and English, read from the files in ``locale/LANGUAGE``.

Texts hold ``{name}`` places for values. The texts are ours; values are put in once and never read as
texts themselves. Whether the result is safe in HTML is the template engine's business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FOLDER = Path(__file__).with_name("locale")


@dataclass(frozen=True, slots=True)
class Words:
    """The interface in one language."""

    language: str
    texts: Mapping[str, str]
    sequences: Mapping[str, tuple[str, ...]]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text with its values put in.

        Raises:
            KeyError: no such text, or a value is missing.
        """
        return self.texts[key].format_map(values)

    def count(self, key: str, n: int, /, **values: object) -> str:
        """Return the form of ``key`` that goes with a number: French counts zero as one thing."""
        singular = n in {0, 1} if self.language == "fr" else n == 1
        return self.texts[f"{key}.{'one' if singular else 'other'}"].format_map({"n": self.number(n), **values})

    def number(self, n: int) -> str:
        """Return a whole number in groups of three: narrow spaces in French, commas in English."""
        return f"{n:,}".replace(",", "\u202f" if self.language == "fr" else ",")

    def decimal(self, value: float, digits: int) -> str:
        """Return a number with its decimals, none when they are zero: after a comma in French."""
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
        return text.replace(".", ",") if self.language == "fr" else text

    def sequence(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, such as the names of the months."""
        return self.sequences[key]

    def code(self, family: str, value: str) -> str:
        """Return the text for a code such as a status, or the code itself when it has none."""
        return self.texts.get(f"{family}.{value}", value)


@cache
def words(language: str) -> Words:
    """Return the interface in ``fr`` or ``en``.

    Raises:
        FileNotFoundError: any other language.
        ValueError: a text stands in two files.
    """
    files = sorted((_FOLDER / language).glob("*.toml"))
    if not files:
        raise FileNotFoundError(f"the interface does not speak {language!r}")
    texts: dict[str, str] = {}
    sequences: dict[str, tuple[str, ...]] = {}
    for file in files:
        _flatten(tomllib.loads(file.read_text("utf-8")), "", texts, sequences)
    return Words(language, MappingProxyType(texts), MappingProxyType(sequences))


def _flatten(
    entries: Mapping[str, Any], prefix: str, texts: dict[str, str], sequences: dict[str, tuple[str, ...]]
) -> None:
    for key, value in entries.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", texts, sequences)
        elif prefix + key in texts or prefix + key in sequences:
            raise ValueError(f"the text {prefix + key!r} stands in two files")
        elif isinstance(value, list):
            sequences[prefix + key] = tuple(str(item) for item in value)
        else:
            texts[prefix + key] = str(value)
