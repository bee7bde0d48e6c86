"""Runs the tests inside rule files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from detection.answers import Document
from detection.compiler import RuleSet
from detection.detector import detect
from detection.errors import RuleError
from detection.rulefile import RuleEntry, RuleFile, RuleTest
from storage.types import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A test that did not hold."""

    file: RuleFile
    entry: RuleEntry
    #: number of the test within the rule, from 0
    number: int
    #: what was expected and what came
    told: str
    #: ids of the rules that gave the signals of the rule's type
    by: frozenset[str]

    @property
    def error(self) -> RuleError:
        """The failure as a refusal of its rule."""
        test = self.entry.test[self.number]
        reason = f"{test.text!r}: {self.told}"
        return self.file.error(reason, "test", self.number, rule=self.entry.id)


def _failure(entry: RuleEntry, test: RuleTest, language: str, rules: RuleSet) -> tuple[str, frozenset[str]] | None:
    """Return what a rule's own test gave instead of what it expects, or None when it holds."""
    published = None if test.published is None else datetime.combine(test.published, time(12), UTC)
    document = Document(title=test.title, text=test.text, published_at=published, language=language)
    given = [signal for signal in detect(document, rules, learned=False).signals if signal.type == entry.type]
    by = frozenset(signal.rule for signal in given)
    if test.none:
        return (f"expected nothing, got {_told(given)}", by) if given else None
    for signal in given:
        roles = (test.actor in {None, signal.actor}) and (test.target in {None, signal.target})
        if roles and signal.status is test.status:
            return None
    wanted = f"{test.status} {test.actor or '?'}→{test.target or '?'}"
    return f"expected {wanted}, got {_told(given)}", by


def _told(signals: Sequence[Signal]) -> str:
    return ", ".join(f"{one.status} {one.actor or '?'}→{one.target or '?'}" for one in signals) or "nothing"


def failures(files: Iterable[RuleFile], rules: RuleSet) -> Iterator[Failure]:
    """Yield the first test of each rule that does not hold."""
    for file in files:
        for entry in file.rules:
            for number, test in enumerate(entry.test):
                failed = _failure(entry, test, file.language, rules)
                if failed is not None:
                    yield Failure(file=file, entry=entry, number=number, told=failed[0], by=failed[1])
                    break


def check_rules(files: Sequence[RuleFile], rules: RuleSet) -> None:
    """Run the tests inside rule files.

    Raises:
        RuleError: a test fails; the message quotes it and says what came instead.
    """
    for failed in failures(files, rules):
        raise failed.error
