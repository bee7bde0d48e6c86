"""The bench of a running service: its configuration, its rules, its backtests, for the pages that edit watches."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from detection.assess import assess
from detection.engine import Document, RuleSet, detect
from detection.folders import Loaded
from detection.query import Query, Subject, matches
from detection.taxonomy import event_types
from review.bench import Definition, ExampleVerdict, Names, RuleTrial, Run, Standing, Trial
from review.errors import ChangeRefusedError
from scheduler.backtest import STANDS
from scheduler.rule_files import FOLDER
from storage import watch_edits
from storage.types import Done, Person, Watch
from storage.watch_edits import WatchExample
from vigie import rule_trial
from vigie.backtest_runs import BacktestRuns
from vigie.settings import Settings
from vigie.watch_definitions import check, standings, with_edits


class WatchBench:
    """A :class:`review.bench.Bench`."""

    def __init__(self, settings: Settings, loaded: Callable[[], Loaded], runs: BacktestRuns) -> None:
        """Prepare.

        Args:
            settings: as the file gives them.
            loaded: the rules in use, and what of the folders is not.
            runs: the backtests.
        """
        self._settings = settings
        self._loaded = loaded
        self._runs = runs
        self._countries = {source.id: source.country for source in settings.sources if source.country}

    def standings(self, database: Database) -> list[Standing]:
        """Return every watch as it stands."""
        return standings(self._settings, watch_edits.latest(database))

    def names(self) -> Names:
        """Return what a definition may name."""
        return Names(
            sources=tuple((source.id, source.name) for source in self._settings.sources),
            channels=tuple(channel.id for channel in self._settings.channels),
            types=tuple(sorted(event_types())),
        )

    def check(self, definition: Definition, examples: Sequence[WatchExample]) -> Trial:
        """Read a definition and try it on examples; nothing is changed."""
        checked = check(definition, self._settings)
        if checked.watch is None:
            return Trial(checked=checked)
        rules = self._loaded().rules
        watch, query = checked.watch, checked.query
        return Trial(checked=checked, examples=tuple(self._try(watch, query, rules, one) for one in examples))

    def _try(self, watch: Watch, query: Query | None, rules: RuleSet, example: WatchExample) -> ExampleVerdict:
        document = Document(
            title=example.title, text=example.text, published_at=example.at, language=example.language
        )  # fmt: skip
        found = detect(document, rules)
        # Pasted text comes from no outlet; a clause about outlets must not decide on it.
        source_id = example.source_id or (watch.sources[0] if watch.sources else "")
        language = example.language or found.language
        subject = Subject(
            title=example.title, text=example.text, source_id=source_id, language=language,
            country=self._countries.get(source_id), origin=source_id, authors=(), signals=found.signals,
        )  # fmt: skip
        holds = query is None or matches(query, subject)
        judged = assess(found.signals, watch, language=language, source_id=source_id, query_matches=holds)
        return ExampleVerdict(example=example, alert=judged.alert, reason=judged.reason, detail=judged.detail)

    def check_rule(self, name: str, text: str, *, whole: bool) -> RuleTrial:
        """Look at a rule file: at its form alone, or compiled with all others and its tests run; nothing is changed."""
        if not whole:
            return rule_trial.look(name, text)[0]
        return rule_trial.compile_and_test(self._settings.rule_folders, self._settings.data_dir, name, text)

    def refused_rules(self) -> Mapping[str, str]:
        """Return why files of the page's rules are not in use, by their names."""
        own = self._settings.data_dir / FOLDER
        found: dict[str, str] = {}
        for error in self._loaded().refusals:
            if error.file is not None and error.file.parent == own:
                found.setdefault(error.file.stem, str(error).removeprefix(f"{own}/"))
        return found

    def runs(self, about: str) -> list[Run]:
        """Return the backtests about a watch or a rule that are kept, the newest first, without their results."""
        return self._runs.runs(about)

    def run(self, number: int) -> Run | None:
        """Return one backtest with its results."""
        return self._runs.run(number)

    # --- what is no change of the archive ------------------------------------------------------------

    async def perform(self, name: str, given: dict[str, Any], by: Person) -> Done | None:
        """Start or stop a backtest; None for what is none of the bench's.

        Raises:
            ChangeRefusedError: another one runs, or the definition cannot be used.
        """
        if name == "start_backtest":
            checked = check(given["definition"], self._settings)
            if checked.watch is None:
                raise ChangeRefusedError("; ".join(f"{fault.key}: {fault.message}" for fault in checked.faults))
            present = next((one for one in with_edits(self._settings).watches if one.id == checked.watch.id), None)
            along = () if present is None or present == checked.watch else (replace(present, id=present.id + STANDS),)
            number = await self._runs.start(
                self._settings, (checked.watch, *along), about=f"watch:{checked.watch.id}", days=int(given["days"]),
                by=by.name, tried=given["definition"],
            )  # fmt: skip
            return _begun(number)
        if name == "start_rule_backtest":
            return _begun(await self._start_rule(given, by))
        if name == "stop_backtest":
            self._runs.stop(int(given["number"]))
            return Done(sentence=f"backtest {given['number']} is stopped")
        return None

    async def _start_rule(self, given: dict[str, Any], by: Person) -> int:
        """Start a backtest of all watches with a rule file in another form."""
        watches = with_edits(self._settings).watches
        if not watches:
            raise ChangeRefusedError("there is no watch yet that a rule could be tried with")
        folder = Path(tempfile.mkdtemp(prefix="vigie-rules-"))
        folders = rule_trial.copied(
            self._settings.rule_folders, self._settings.data_dir, folder, str(given["rule"]), str(given["text"])
        )
        return await self._runs.start(
            self._settings, watches, about=f"rule:{given['rule']}", days=int(given["days"]), by=by.name,
            rule_folders=tuple(folders), tried={"rule": given["rule"], "text": given["text"]},
            cleanup=partial(shutil.rmtree, folder, ignore_errors=True),
        )  # fmt: skip


def _begun(number: int) -> Done:
    return Done(sentence=f"backtest {number} is under way", id=str(number))
