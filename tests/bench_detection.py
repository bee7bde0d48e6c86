"""How fast detection is with 1,000 rules, beside one regular expression over the same phrases.

Processor time, not the clock: other processes do not count. The rules are the built-in ones and generated ones over
words of the demo's articles, so that their first words occur in nearly every sentence.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from detection.compiler import RuleSet, compile_rules
from detection.engine import Document, detect, load_rules
from detection.rulefile import read_rule_file
from detection.text import fold, words_of
from vigie.demo.script import load_script

#: characters of an article
LENGTH = 3_000
RULES = 1_000
PHRASES = 10_000
ROUNDS = 3
#: phrases of each of the two groups of a generated rule
_GROUP = 5
#: of the cues, which are compiled with any rules
_SETS = Path(__file__).parents[1] / "detection" / "rules" / "fr" / "sets.toml"
_ENDINGS = ("isation", "isme", "iste", "able", "erie", "ateur", "ment", "age", "itude", "esque")
_TEMPLATE = """
[[rule]]
id = "fr.generated.{number}"
type = "accuse"
match = ["{one} > {two} <= 6"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured."""

    name: str
    #: things a second; for ``seconds``, seconds
    value: float
    #: what it should reach at least, or at most for seconds; None for comparison only
    target: float | None = None
    seconds: bool = False

    @property
    def line(self) -> str:
        """The figure as ``make bench`` prints it."""
        value = f"{self.value:10.2f} s" if self.seconds else f"{self.value:10.0f} a second"
        if self.target is None:
            return f"{self.name:58} {value}"
        held = self.value <= self.target if self.seconds else self.value >= self.target
        bound = f"at most {self.target:g} s" if self.seconds else f"at least {self.target:,.0f}"
        return f"{self.name:58} {value:21} ({bound}{'' if held else ': NOT HELD'})"


def crisis() -> list[str]:
    """Return texts on the demo's crisis, each of :data:`LENGTH` characters: an act in nearly every sentence."""
    return [("\n".join(article.paragraphs) + "\n") * 9 for article in load_script().articles]


def generated_rules(count: int, phrases: int, seed: int = 1) -> str:
    """Return a rule file of ``count`` rules that hold ``phrases`` phrases together."""
    chance = random.Random(seed)
    texts = [words_of(text) for text in crisis()]
    words = sorted({word for text in texts for word in text if len(word) > 4 and word.isalpha() and word.isascii()})
    pairs = sorted({f"{one} {two}" for text in texts for one, two in pairwise(text) if len(one + two) > 8})
    rare = [word[: chance.randint(4, 7)] + ending for word in words for ending in _ENDINGS]
    share = max(1, phrases // count // 2)
    parts = ['language = "fr"\n']
    for number in range(count):
        common = chance.sample(words, share // 2) + chance.sample(pairs, share - share // 2)
        one, two = "|".join(common), "|".join(chance.sample(rare, share))
        parts.append(_TEMPLATE.format(number=number, one=f"({one})", two=f"({two})"))
    return "".join(parts)


def _best(work: Callable[[], int], rounds: int) -> float:
    """Return the best rate of a few rounds, in things a second of processor time."""
    rates = []
    for _ in range(rounds):
        begun = time.process_time()
        done = work()
        rates.append(done / max(time.process_time() - begun, 1e-9))
    return max(rates)


def _documents(texts: Sequence[str]) -> list[Document]:
    moment = datetime(2025, 9, 19, tzinfo=UTC)
    return [Document(title="", text=text[:LENGTH], published_at=moment, language="fr") for text in texts]


def _read_all(documents: Sequence[Document], rules: RuleSet) -> int:
    for document in documents:
        detect(document, rules)
    return len(documents)


def _phrases(rules: RuleSet) -> list[str]:
    """Return every phrase that the French rules look for."""
    index = rules.languages["fr"].index
    groups = (index.phrases(number) for number in range(len(index)))
    return sorted({" ".join(phrase) for group in groups for phrase in group if not any("@" in word for word in phrase)})


def rejected(articles: int = 1) -> dict[str, list[Document]]:
    """Return articles that hold no act, by why they are rejected."""
    nobody = "Le marché du dimanche a retrouvé ses couleurs et les maraîchers leurs habitués. "
    nothing = "Les bananiers du Mali fleurissent et les abeilles bourdonnent sous les manguiers. "
    return {"no state": _documents([nobody * 60] * articles), "no trigger": _documents([nothing * 60] * articles)}


def measure(
    count: int = RULES, phrases: int = PHRASES, plain: int = 20, rounds: int = ROUNDS, articles: int = 200
) -> list[Figure]:
    """Return the figures.

    Args:
        count: rules, built-in ones included.
        phrases: phrases of the generated rules.
        plain: articles that the regular expression reads.
        rounds: of which the best counts.
        articles: at most, of each kind.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.toml"
        path.write_text(generated_rules(max(1, count - len(load_rules().rules)), phrases), "utf-8")
        shared = {"fr": read_rule_file(_SETS).sets}
        begun = time.process_time()
        compile_rules([read_rule_file(path)], shared)
        compiled = time.process_time() - begun
        begun = time.process_time()
        rules = load_rules((path,))
        loaded = time.process_time() - begun
    busy, known = _documents(crisis()[:articles]), _phrases(rules)
    alternation = re.compile(rf"\b(?:{'|'.join(phrase.replace('*', '[^ ]*') for phrase in known)})\b")
    folded = [fold(document.text) for document in busy[:plain]]
    figures = [
        Figure(name=f"compile {phrases:,} phrases", value=compiled, target=2, seconds=True),
        Figure(name=f"load {len(rules.rules):,} rules, {len(known):,} phrases, tests run", value=loaded, seconds=True),
        Figure(
            name="detect, articles on the crisis",
            value=_best(partial(_read_all, busy, rules), rounds),
            target=300,
        ),
    ]
    for name, documents in rejected(articles).items():
        figures.append(
            Figure(name=f"reject, {name}", value=_best(partial(_read_all, documents, rules), rounds), target=2_000)
        )
    rate = _best(lambda: len([alternation.findall(text) for text in folded]), rounds=1)
    figures.append(Figure(name="one plain regular expression over the phrases, no more", value=rate))
    return figures


def report(figures: Sequence[Figure]) -> str:
    """Return the figures a line each."""
    return "\n".join(figure.line for figure in figures)


if __name__ == "__main__":
    sys.stdout.write(report(measure()) + "\n")
