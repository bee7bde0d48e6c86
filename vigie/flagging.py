"""Detection alone, on whatever text is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detection.assess import assess
from detection.engine import Document, detect, load_folders, remembered
from detection.query import Subject, matches
from storage.types import Signal, Watch
from vigie import inputs
from vigie.errors import VigieError
from vigie.output import signal_record
from vigie.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """What detection found in one text."""

    signals: tuple[Signal, ...]
    #: the answer as ``flag --jsonl`` prints it
    record: dict[str, Any]


class Flagger:
    """Reads texts with the rules and judges them for the watches."""

    def __init__(
        self, settings: Settings, watch_id: str | None = None, rule_folders: Sequence[Path] | None = None
    ) -> None:
        """Make ready to flag.

        Args:
            settings: the configuration.
            watch_id: judges for one watch only.
            rule_folders: folders of rule files in place of those of the configuration.

        Raises:
            VigieError: there is no such watch.
            RuleError: a built-in rule file is broken.
        """
        self._settings = settings
        folders = settings.rule_folders if rule_folders is None else rule_folders
        loaded = load_folders(folders, passed=remembered(settings.data_dir))
        self._rules = loaded.rules
        #: rules that are not in use, each with file, line and reason
        self.refusals = tuple(str(refusal) for refusal in loaded.refusals)
        self.watches: tuple[Watch, ...] = tuple(
            watch for watch in settings.watches if watch_id is None or watch.id == watch_id
        )
        if not self.watches:
            known = ", ".join(watch.id for watch in settings.watches) or "none"
            raise VigieError(f"there is no watch {watch_id!r}; the configuration has: {known}")

    def read(self, name: str) -> inputs.InputArticle:
        """Read one file, web address or ``-`` as an article; HTML goes through extraction first."""
        from vigie.extracting import extract_bytes, extract_file, is_html, read_bytes

        if not name.startswith(("http://", "https://")):
            raw = read_bytes(name)
            if not is_html(raw):
                return _plain(name, inputs.decode_text(raw))
            # Standard input can be read only once.
            record = extract_bytes(name, raw)
        else:
            record = extract_file(name, self._settings)
        if record["failure"] is not None:
            raise VigieError(f"{name}: {record['failure']}: {record['detail']}")
        paragraphs = ([record["lede"]] if record["lede"] else []) + record["paragraphs"]
        return inputs.InputArticle(
            id=name,
            title=record["title"],
            text="\n".join(paragraphs),
            published=inputs.parse_moment(record["date"]) if record["date"] else None,
            language=record["lang"],
            record=record,
        )

    def flag(self, article: inputs.InputArticle) -> Flagged:
        """Detect and judge one article."""
        document = Document(
            title=article.title, text=article.text, published_at=article.published, language=article.language
        )
        found = detect(document, self._rules)
        return Flagged(
            signals=found.signals,
            record={
                "id": article.id,
                "lang": found.language,
                "signals": [signal_record(signal) for signal in found.signals],
                "watches": {
                    watch.id: self._judge(watch, article, found.language, found.signals) for watch in self.watches
                },
            },
        )

    def _judge(
        self, watch: Watch, article: inputs.InputArticle, language: str | None, signals: tuple[Signal, ...]
    ) -> dict[str, Any]:
        query = self._settings.queries.get(watch.id)
        subject = Subject(
            title=article.title,
            text=article.text,
            source_id=article.source or "",
            language=language,
            country=None,
            origin=article.source or "",
            authors=article.authors,
            signals=signals,
        )
        holds = query is None or matches(query, subject)
        judged = assess(signals, watch, language=language, source_id=article.source or "", query_matches=holds)
        return {"alert": judged.alert, "severity": judged.severity, "reason": judged.reason, "detail": judged.detail}


def _plain(name: str, text: str) -> inputs.InputArticle:
    """Take the first line of a plain text as its title."""
    title, _, rest = text.strip("\ufeff\n").partition("\n")
    return inputs.InputArticle(id=name, title=title.strip(), text=rest.strip("\n"), record={})
