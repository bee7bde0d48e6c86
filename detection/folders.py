"""Rule folders: an analyst's own rule files, merged with the built-in ones.

A file of a folder adds rules; a rule with ``replaces = true`` stands in the place of the built-in rule of
its id; ``disable = ["id"]`` switches built-in rules off. The sets of a file named ``sets.toml`` serve
every file of the folders in its language; those of another file serve that file.

What cannot be used is refused by itself: a rule that cannot be read, that does not compile, or whose
test fails is left out, and the others work. Where an earlier version of its file is known, as when a
running service reads an edit, that version of the file stays in use instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from detection.compiler import RuleSet, compile_rules
from detection.errors import RuleError
from detection.passed import PassedTests, key_of
from detection.rulefile import RuleFile, read_rule_file, suggest
from detection.testing import check_rules, failures

_RULES = Path(__file__).with_name("rules")
_SETS = "sets.toml"
#: more files than this are a wrong folder
MAX_FILES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The rules in use, and what of the folders is not."""

    rules: RuleSet
    #: files of the folders that are in use, some perhaps in an earlier version
    files: Mapping[Path, RuleFile] = field(default_factory=dict)
    #: what was refused, in the order of the files
    refusals: tuple[RuleError, ...] = ()
    #: files that stay in use in an earlier version
    kept: frozenset[Path] = frozenset()

    @property
    def own_rules(self) -> int:
        """How many rules of the folders are in use."""
        return sum(len(file.rules) for file in self.files.values())


def list_files(folders: Iterable[Path]) -> tuple[list[Path], list[RuleError]]:
    """Return the rule files of folders, and the folders that cannot be read.

    Args:
        folders: folders, which are read with all folders inside, or single files.
    """
    paths: list[Path] = []
    missing: list[RuleError] = []
    for place in folders:
        if place.is_dir():
            paths += sorted(path for path in place.rglob("*.toml") if not path.name.startswith("."))
        elif place.is_file():
            paths.append(place)
        else:
            missing.append(RuleError("no such rule file or folder; make it, or correct the path", file=place))
    if len(paths) > MAX_FILES:
        missing.append(
            RuleError(f"there are more than {MAX_FILES} rule files; name a smaller folder", file=paths[0].parent)
        )
    return list(dict.fromkeys(paths[:MAX_FILES])), missing


#: (path, size in bytes, time of change in nanoseconds) of each file
Fingerprint = tuple[tuple[str, int, int], ...]


def fingerprint(folders: Iterable[Path]) -> Fingerprint:
    """Return what changes when a file of the folders is added, edited or taken away."""
    seen: list[tuple[str, int, int]] = []
    paths, missing = list_files(folders)
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            seen.append((str(path), -1, 0))
        else:
            seen.append((str(path), status.st_size, status.st_mtime_ns))
    return (*seen, *((str(error.file), -1, 0) for error in missing))


def digest(folders: Iterable[Path]) -> str:
    """Return a hash over the names and contents of the folders' files."""
    hashed = hashlib.sha256()
    paths, missing = list_files(folders)
    for path in paths:
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            content = "-"
        hashed.update(f"{path}\0{content}\n".encode("utf-8", "surrogateescape"))
    for error in missing:
        hashed.update(f"{error.file}\0missing\n".encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()


@cache
def _built_in_files() -> tuple[RuleFile, ...]:
    files = tuple(read_rule_file(path) for path in sorted(_RULES.glob("*/*.toml")))
    for file in files:
        for error in file.refused:
            raise error
    return files


@cache
def _built_in_ids() -> Mapping[str, str]:
    """Return the language of each built-in rule by its id."""
    return {entry.id: file.language for file in _built_in_files() for entry in file.rules}


@cache
def _compiled() -> RuleSet:
    files = _built_in_files()
    return compile_rules(files, _shared(files))


@cache
def _check_built_in() -> None:
    check_rules(_built_in_files(), _compiled())


def _built_in_rules(passed: PassedTests | None = None) -> RuleSet:
    """Return the built-in rules, tested in this process or before."""
    if passed is None:
        _check_built_in()
        return _compiled()
    key = key_of(_built_in_files())
    if key not in passed:
        _check_built_in()
        passed.add(key)
    return _compiled()


def _shared(files: Iterable[RuleFile]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the sets that every file of a language may use.

    A set of a folder never takes the place of one that built-in rules are written with.
    """
    shared: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in files:
        if file.path.name == _SETS:
            shared[file.language] = {**file.sets, **shared.get(file.language, {})}
    return shared


def load_folders(
    folders: Sequence[Path] = (), previous: Loaded | None = None, *, passed: PassedTests | None = None
) -> Loaded:
    """Return the built-in rules merged with those of folders, compiled and tested.

    Args:
        folders: folders of rule files, or single files.
        previous: what was in use before, for files that cannot be used any more.
        passed: rules whose tests need not run again, to which these are added; None: every test runs.

    Raises:
        RuleError: a built-in file is broken; reinstall the package.
    """
    merge = _Merge(folders, previous, passed)
    merge.run()
    return merge.loaded()


class _Merge:
    """One attempt after another, each without what the one before refused."""

    def __init__(self, folders: Sequence[Path], previous: Loaded | None, passed: PassedTests | None) -> None:
        self._passed = passed
        self._previous: Mapping[Path, RuleFile] = previous.files if previous else {}
        self._refusals: list[RuleError] = []
        self._kept: set[Path] = set()
        self._out: set[tuple[Path, str]] = set()
        self._files: dict[Path, RuleFile] = {}
        self._rules: RuleSet | None = None
        paths, missing = list_files(folders)
        self._refusals += missing
        gone = [error.file for error in missing if error.file is not None]
        paths += [path for path in self._previous if any(place in {path, *path.parents} for place in gone)]
        for path in dict.fromkeys(paths):
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            file = read_rule_file(path)
        except RuleError as error:
            if path in self._previous:
                self._files[path] = self._previous[path]
                self._kept.add(path)
            if error.file not in {known.file for known in self._refusals}:
                self._refusals.append(error)
            return
        self._files[path] = file
        for refused in (*file.refused, *self._misplaced(file)):
            self._refuse(refused, path)

    def _misplaced(self, file: RuleFile) -> Iterable[RuleError]:
        """Yield what of a file does not fit the built-in rules."""
        known = _built_in_ids()
        for position, name in enumerate(file.disable):
            if name not in known:
                yield file.error(f"there is no built-in rule {name!r}{suggest(name, known)}", "disable", position)
        for entry in file.rules:
            language = known.get(entry.id)
            if language is None and entry.replaces:
                reason = f"there is no built-in rule {entry.id!r} to replace{suggest(entry.id, known)}"
                yield file.error(reason, "replaces", rule=entry.id)
            elif language is not None and not entry.replaces:
                reason = "is the id of a built-in rule; choose another, or write replaces = true to stand in its place"
                yield file.error(reason, "id", rule=entry.id)
            elif language is not None and language != file.language:
                yield file.error(
                    f"replaces a rule of language {language!r}, in a file of {file.language!r}", "id", rule=entry.id
                )

    def _refuse(self, error: RuleError, path: Path) -> bool:
        """Leave a rule out, or go back to the earlier version of its file; say whether that changed anything."""
        self._refusals.append(error)
        earlier = self._previous.get(path)
        if earlier is not None and path not in self._kept:
            self._kept.add(path)
            changed = self._files.get(path) != earlier
            self._files[path] = earlier
            if changed:
                return True
        if error.rule is None or (path, error.rule) in self._out:
            return False
        self._out.add((path, error.rule))
        return True

    def run(self) -> None:
        """Try until nothing more is refused; each round refuses something, so it ends."""
        built = _built_in_rules(self._passed)
        again = True
        while again:
            own = self._own()
            problems: list[RuleError] = []
            built_in = self._built_in(own)
            if any(file.rules or file.sets or file.disable for file in own):
                shared = _shared((*_built_in_files(), *own))
                rules = compile_rules([*built_in, *own], shared, problems, ready=self._rules or built)
            else:
                rules = built
            for error in problems:
                if error.file not in self._files:
                    raise error
            news = [error for error in problems if str(error) not in {str(known) for known in self._refusals}]
            refused = [self._refuse(error, error.file) for error in news if error.file is not None]
            again = any(refused)
            if not again:
                again = self._retest(own, built_in, rules)
            self._rules = rules

    def _retest(self, own: Sequence[RuleFile], built_in: Sequence[RuleFile], rules: RuleSet) -> bool:
        """Test the rules unless they passed before; say whether that refused anything."""
        if self._passed is None or not own:
            return self._test(own, built_in, rules)
        key = key_of((*built_in, *own))
        if key in self._passed:
            return False
        failed = self._test(own, built_in, rules)
        # A rule that is refused already may have failed once more: only what is all in order is remembered.
        if not failed and not self._refusals:
            self._passed.add(key)
        return failed

    def _test(self, own: Sequence[RuleFile], built_in: Sequence[RuleFile], rules: RuleSet) -> bool:
        changed = [self._refuse(failed.error, failed.file.path) for failed in list(failures(own, rules))]
        if any(changed):
            return True
        by_id = {entry.id: file for file in own for entry in file.rules}
        # Only rules of the same language and type have a say in what a test gives.
        concerned = {(file.language, entry.type) for file in own for entry in file.rules}
        beside = [
            replace(file, rules=tuple(entry for entry in file.rules if (file.language, entry.type) in concerned))
            for file in built_in
        ]
        for failed in failures(beside, rules):
            for name in sorted(failed.by & by_id.keys()):
                file = by_id[name]
                test = failed.entry.test[failed.number]
                reason = (
                    f"breaks a test of {failed.entry.id}: {test.text!r}: {failed.told}; narrow it, "
                    f'or write disable = ["{failed.entry.id}"]'
                )
                changed.append(self._refuse(file.error(reason, "match", rule=name), file.path))
        return any(changed)

    def _own(self) -> list[RuleFile]:
        """Return the files of the folders without the rules that are refused."""
        own = []
        for path, file in self._files.items():
            rules = tuple(entry for entry in file.rules if (path, entry.id) not in self._out)
            own.append(replace(file, rules=rules))
        return own

    def _built_in(self, own: Sequence[RuleFile]) -> list[RuleFile]:
        off = {name for file in own for name in file.disable}
        off |= {entry.id for file in own for entry in file.rules if entry.replaces}
        return [
            replace(file, rules=tuple(entry for entry in file.rules if entry.id not in off))
            for file in _built_in_files()
        ]

    def loaded(self) -> Loaded:
        """Return what the last attempt gave."""
        if self._rules is None:
            raise RuntimeError("run() comes first")
        refusals = tuple({str(error): error for error in self._refusals}.values())
        files = {file.path: file for file in self._own()}
        return Loaded(rules=self._rules, files=files, refusals=refusals, kept=frozenset(self._kept))
