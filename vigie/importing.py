"""``import``: articles from files, through the very path of the crawler's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click
from sqlite_utils import Database

from crawler.clean import clean_line, clean_text
from crawler.urls import article_key
from scheduler.building import build_pipeline
from scheduler.clock import now_utc
from scheduler.pipeline import Pipeline, Processed
from storage import sources
from storage.articles import SaveKind
from storage.database import instance_id, open_writer, transaction
from storage.folder import ownership
from storage.types import Article
from vigie import inputs, output
from vigie.errors import VigieError
from vigie.running import service_settings
from vigie.settings import Settings

#: articles a transaction
BATCH = 100
#: the source of articles that name none
NO_SOURCE = "import"


def import_files(names: Iterable[str], settings: Settings, *, sending: bool) -> bool:
    """Store the articles of JSON lines files and print what became of each; return whether a line was bad.

    Raises:
        AlreadyOwnedError: the service is running on this archive.
        VigieError: a file cannot be read.
    """
    with ownership(settings.data_dir):
        database = open_writer(settings.data_dir)
        try:
            with transaction(database):
                sources.sync(database, settings.sources, now_utc())
            importer = Importer(database, build_pipeline(service_settings(settings), instance_id(database)), sending)
            for name in names:
                if name.endswith((".warc", ".warc.gz")):
                    raise VigieError(f"{name}: WARC files cannot be imported yet; give JSON lines")
                importer.read(name)
            return importer.failed
        finally:
            database.conn.close()


class Importer:
    """Stores lines in batches; a batch is durable before its answers are printed."""

    def __init__(self, database: Database, pipeline: Pipeline, sending: bool) -> None:  # noqa: FBT001
        self.failed = False
        self._database = database
        self._pipeline = pipeline
        self._sending = sending

    def read(self, name: str) -> None:
        """Import one file."""
        batch: list[inputs.InputArticle] = []
        for article in self._parsed(name):
            batch.append(article)
            if len(batch) == BATCH:
                self._store(batch)
                batch.clear()
        self._store(batch)

    def _parsed(self, name: str) -> Iterator[inputs.InputArticle]:
        for number, line in inputs.read_lines(name):
            try:
                yield inputs.parse_line(line, number)
            except inputs.InputLineError as error:
                click.echo(f"vigie: {name}:{number}: {error}; the line is skipped", err=True)
                self.failed = True

    def _store(self, batch: list[inputs.InputArticle]) -> None:
        if not batch:
            return
        now = now_utc()
        with transaction(self._database):
            answers = [self._import(article, now) for article in batch]
        for answer in answers:
            output.print_json(answer)

    def _import(self, given: inputs.InputArticle, now: datetime) -> dict[str, Any]:
        source_id = given.source or NO_SOURCE
        sources.ensure(self._database, source_id, source_id, given.url or "", now)
        key = article_key(given.url) if given.url else f"import:{source_id}:{given.id}"
        processed = self._pipeline.process(
            self._database, _article(given, source_id, key, now), key=key, now=now, sending=self._sending
        )
        return _answer(given.id, processed)


def _article(given: inputs.InputArticle, source_id: str, key: str, now: datetime) -> Article:
    paragraphs = given.paragraphs or tuple(line for line in given.text.split("\n") if line.strip())
    return Article(
        source_id=source_id,
        url=given.url or key,
        title=clean_line(given.title),
        paragraphs=tuple(clean_text(paragraph) for paragraph in paragraphs),
        authors=tuple(clean_line(author) for author in given.authors),
        published_at=given.published,
        language=given.language,
        fetched_at=now,
    )


def _answer(line_id: str, processed: Processed) -> dict[str, Any]:
    kind = processed.kind.value
    if processed.kind is SaveKind.NEW and processed.copy_of is not None:
        kind = "copy"
    return {
        "id": line_id,
        "article": processed.article_id,
        "outcome": kind,
        "copy_of": processed.copy_of,
        "story": processed.story_id,
        "origin": processed.origin,
        "novel_paragraphs": list(processed.novel_paragraphs),
        "alerts": [
            {"watch": taken.watch_id, "alert": taken.alert, "kind": taken.kind.value, "reason": taken.reason}
            for taken in processed.taken
        ],
    }
