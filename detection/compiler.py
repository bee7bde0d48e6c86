"""Rule files to a rule set: sets resolved, patterns compiled, anchors collected.

Each language has one :class:`LanguageRules`; a :class:`RuleSet` holds them all, with one presearch
over every anchor and a version that changes with the rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detection.automaton import Presearch, anchor
from detection.errors import RuleError
from detection.notation import NotationError
from detection.patterns import Line, PhraseIndex, Vocabulary, compile_line
from detection.rulefile import RuleEntry, RuleFile
from detection.status import Cues, compile_cues
from detection.taxonomy import event_types

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
    #: rules by the group of each of their lines that is hardest to find
    by_group: Mapping[int, tuple[tuple[Rule, Line], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules, ready to read texts."""

    #: changes whenever a rule or the data behind it changes
    version: str
    languages: Mapping[str, LanguageRules]
    presearch: Presearch
    #: type and id of every rule, for lists
    rules: tuple[RuleEntry, ...] = field(default=())


def _compile_rule(entry: RuleEntry, language: str, index: PhraseIndex, vocabulary: Vocabulary) -> Rule:
    def groups(sources: Sequence[str]) -> tuple[int, ...]:
        return tuple(index.group(source, vocabulary) for source in sources)

    unknown = set(entry.yields_to) - event_types().keys()
    if unknown:
        raise NotationError(f"yields_to names no type: {', '.join(sorted(unknown))}")
    return Rule(
        entry=entry,
        language=language,
        severity=event_types()[entry.type].severity,
        lines=tuple(compile_line(line, index, vocabulary) for line in entry.match),
        object=None if entry.object is None else index.group(entry.object, vocabulary),
        not_near=groups(entry.not_near),
        not_followed_by=groups(entry.not_followed_by),
        not_preceded_by=groups(entry.not_preceded_by),
        subject_not=groups(entry.subject_not),
        requires=groups(entry.requires),
        only_with=groups(entry.only_with),
        event_negation=groups(entry.event_negation),
    )


def _compile_language(
    language: str, files: Sequence[RuleFile], shared: Mapping[str, tuple[str, ...]]
) -> tuple[LanguageRules, set[str]]:
    vocabulary = Vocabulary(language, shared)
    index = PhraseIndex(vocabulary)
    cues = compile_cues(index)
    rules: list[Rule] = []
    literals: set[str] = set()
    by_group: dict[int, list[tuple[Rule, Line]]] = {}
    seen: dict[str, Path] = {}
    for file in files:
        inner = vocabulary.extended(file.sets)
        for entry in file.rules:
            line_number = file.lines.get(entry.id)
            if entry.id in seen:
                raise RuleError(f"{entry.id} is defined in {seen[entry.id]} too", file=file.path, line=line_number)
            seen[entry.id] = file.path
            try:
                rule = _compile_rule(entry, language, index, inner)
                for line in rule.lines:
                    group, words = anchor(line, index)
                    literals |= words
                    by_group.setdefault(group, []).append((rule, line))
            except NotationError as error:
                raise RuleError(f"{entry.id}: {error}", file=file.path, line=line_number) from error
            rules.append(rule)
    frozen = {group: tuple(lines) for group, lines in by_group.items()}
    compiled = LanguageRules(language=language, index=index, rules=tuple(rules), cues=cues, by_group=frozen)
    return compiled, literals


def _version(files: Iterable[RuleFile]) -> str:
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for name in _DATA:
        digest.update((here / name).read_bytes())
    for file in files:
        digest.update(repr((file.language, sorted(file.sets.items()), file.rules)).encode())
    return digest.hexdigest()[:12]


def compile_rules(files: Sequence[RuleFile], shared: Mapping[str, Mapping[str, tuple[str, ...]]]) -> RuleSet:
    """Compile rule files, without running their tests.

    Args:
        files: rule files, the built-in ones first.
        shared: word sets by language that every file of the language may use.

    Raises:
        RuleError: a rule cannot be compiled.
    """
    languages: dict[str, LanguageRules] = {}
    literals: set[str] = set()
    for language in dict.fromkeys(file.language for file in files):
        own = [file for file in files if file.language == language]
        languages[language], more = _compile_language(language, own, shared.get(language, {}))
        literals |= more
    return RuleSet(
        version=_version(files),
        languages=languages,
        presearch=Presearch(literals),
        rules=tuple(rule.entry for compiled in languages.values() for rule in compiled.rules),
    )
