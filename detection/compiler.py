"""Rule files to a rule set: sets resolved, patterns compiled, anchors collected.

Each language has one :class:`LanguageRules`; a :class:`RuleSet` holds them all, with one presearch
over every anchor and a version that changes with the rules.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from detection.automaton import Presearch, anchor
from detection.cues import Cues
from detection.errors import RuleError
from detection.notation import NotationError
from detection.patterns import Line, PhraseIndex, Vocabulary, compile_line
from detection.rulefile import RuleEntry, RuleFile
from detection.status import compile_cues
from detection.taxonomy import event_types

#: keys of a rule that hold a list of groups
_GUARDS = ("not_near", "not_followed_by", "not_preceded_by", "subject_not", "requires", "only_with", "event_negation")

_DATA = ("taxonomy.toml", "countries.toml", "verbs.toml", "cues.toml", "sentences.toml", "roles.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One compiled rule."""

    entry: RuleEntry
    language: str
    severity: int
    lines: tuple[Line, ...]
    #: groups, by guard
    object: int | None
    not_near: tuple[int, ...]
    not_followed_by: tuple[int, ...]
    not_preceded_by: tuple[int, ...]
    subject_not: tuple[int, ...]
    requires: tuple[int, ...]
    only_with: tuple[int, ...]
    event_negation: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRules:
    """Everything that reads one language."""

    language: str
    index: PhraseIndex
    rules: tuple[Rule, ...]
    cues: Cues
    #: rules by the group of each of their lines that is hardest to find, with the line and its other groups
    by_group: Mapping[int, tuple[tuple[Rule, Line, tuple[int, ...]], ...]]
    #: words of which every match holds one
    literals: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules, ready to read texts."""

    #: changes whenever a rule or the data behind it changes
    version: str
    languages: Mapping[str, LanguageRules]
    presearch: Presearch
    #: the files all of it was compiled from
    files: tuple[RuleFile, ...]
    #: type and id of every rule, for lists
    rules: tuple[RuleEntry, ...] = field(default=())


class _FaultError(Exception):
    """A phrase of a rule is not well written."""

    def __init__(self, error: NotationError, *path: str | int) -> None:
        self.error = error
        self.path = path
        super().__init__(str(error))


def _groups(entry: RuleEntry, key: str, index: PhraseIndex, vocabulary: Vocabulary) -> tuple[int, ...]:
    numbers = []
    for position, source in enumerate(getattr(entry, key)):
        try:
            numbers.append(index.group(source, vocabulary))
        except NotationError as error:
            raise _FaultError(error, key, position) from error
    return tuple(numbers)


#: the group of a line that is hardest to find, and the words of which every match of it holds one
_Anchor = tuple[int, frozenset[str]]


def _compile_rule(
    entry: RuleEntry, language: str, index: PhraseIndex, vocabulary: Vocabulary
) -> tuple[Rule, list[_Anchor]]:
    """Return a rule, and the anchor of each of its lines."""
    lines: list[Line] = []
    anchored: list[_Anchor] = []
    for position, source in enumerate(entry.match):
        try:
            lines.append(compile_line(source, index, vocabulary))
            anchored.append(anchor(lines[-1], index))
        except NotationError as error:
            raise _FaultError(error, "match", position) from error
    try:
        object_group = None if entry.object is None else index.group(entry.object, vocabulary)
    except NotationError as error:
        raise _FaultError(error, "object") from error
    rule = Rule(
        entry=entry,
        language=language,
        severity=event_types()[entry.type].severity,
        lines=tuple(lines),
        object=object_group,
        **{key: _groups(entry, key, index, vocabulary) for key in _GUARDS},
    )
    return rule, anchored


def _located(file: RuleFile, error: NotationError, path: tuple[str | int, ...], rule: str | None) -> RuleError:
    """Point at the character of the file where a phrase goes wrong."""
    _, text = file.value(*path, rule=rule)
    # Of a phrase that holds a set, the fault may lie in the set: then the phrase itself is pointed at.
    return file.error(str(error), *path, rule=rule, offset=error.within(text.split("\n", 1)[0]))


def _check_sets(file: RuleFile, vocabulary: Vocabulary) -> Iterable[RuleError]:
    for name, phrases in file.sets.items():
        for position, phrase in enumerate(phrases):
            try:
                vocabulary.phrases(phrase, (name,))
            except NotationError as error:
                yield _located(file, error, ("sets", name, position), None)
                break


def _compile_language(files: Sequence[RuleFile], vocabulary: Vocabulary, refused: list[RuleError]) -> LanguageRules:
    language = vocabulary.language
    index = PhraseIndex(vocabulary)
    cues = compile_cues(index)
    rules: list[Rule] = []
    literals: set[str] = set()
    by_group: dict[int, list[tuple[Rule, Line, tuple[int, ...]]]] = {}
    seen: dict[str, Path] = {}
    for file in files:
        inner = vocabulary.extended(file.sets)
        refused.extend(_check_sets(file, inner))
        for entry in file.rules:
            if entry.id in seen:
                refused.append(
                    file.error(f"is defined in {seen[entry.id]} too; give each its own id", "id", rule=entry.id)
                )
                continue
            try:
                rule, anchored = _compile_rule(entry, language, index, inner)
            except _FaultError as fault:
                refused.append(_located(file, fault.error, fault.path, entry.id))
                continue
            seen[entry.id] = file.path
            for line, (group, words) in zip(rule.lines, anchored, strict=True):
                literals |= words
                others = tuple(other for other in line.groups if other != group)
                by_group.setdefault(group, []).append((rule, line, others))
            rules.append(rule)
    frozen = {group: tuple(lines) for group, lines in by_group.items()}
    return LanguageRules(
        language=language,
        index=index,
        rules=tuple(rules),
        cues=cues,
        by_group=frozen,
        literals=frozenset(literals),
    )


@cache
def _own_digest() -> bytes:
    """Return a digest of what reads texts besides the rule files: the tables, the trained model and this very code."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    code = (path for path in here.rglob("*") if path.suffix in {".py", ".npz"})
    for path in (*(here / name for name in _DATA), *sorted(code)):
        digest.update(path.read_bytes())
    return digest.digest()


def _version(files: Iterable[RuleFile]) -> str:
    digest = hashlib.sha256(_own_digest())
    for file in files:
        digest.update(repr((file.language, sorted(file.sets.items()), file.rules)).encode())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Leave the collection of garbage out: of a hundred thousand new objects, it would look at all again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compile_rules(
    files: Sequence[RuleFile],
    shared: Mapping[str, Mapping[str, tuple[str, ...]]],
    refused: list[RuleError] | None = None,
    *,
    ready: RuleSet | None = None,
) -> RuleSet:
    """Compile rule files, without running their tests.

    Args:
        files: rule files, the built-in ones first.
        shared: word sets by language that every file of the language may use.
        refused: takes what cannot be compiled, instead of the first of it being raised.
        ready: compiled before; a language whose files are the same is taken from it, and what phrases of others mean.

    Raises:
        RuleError: a rule cannot be compiled, and ``refused`` was not given.
    """
    problems: list[RuleError] = []
    languages: dict[str, LanguageRules] = {}
    with _no_collection():
        for language in dict.fromkeys(file.language for file in files):
            own = [file for file in files if file.language == language]
            before = ready.languages.get(language) if ready is not None else None
            if ready is not None and before and own == [file for file in ready.files if file.language == language]:
                languages[language] = before
                continue
            sets = shared.get(language, {})
            vocabulary = before.index.vocabulary.continued(sets) if before else Vocabulary(language, sets)
            languages[language] = _compile_language(own, vocabulary, problems)
    if refused is not None:
        refused.extend(problems)
    elif problems:
        raise problems[0]
    return RuleSet(
        version=_version(files),
        languages=languages,
        presearch=Presearch(literal for compiled in languages.values() for literal in compiled.literals),
        files=tuple(files),
        rules=tuple(rule.entry for compiled in languages.values() for rule in compiled.rules),
    )
