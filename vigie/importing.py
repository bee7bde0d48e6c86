"""``import``: articles from files, through the very path of the crawler's."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import click
from sqlite_utils import Database

from crawler.agencies import agency_of
from crawler.answers import answer_fetch
from crawler.clean import clean_line, clean_text
from crawler.errors import RefusedError
from crawler.pool import ExtractionPool
from crawler.urls import article_key
from scheduler import ladder
from scheduler.building import build_pipeline
from scheduler.clock import now_utc
from scheduler.pipeline import Pipeline, Processed
from storage import candidates, sources
from storage.articles import SaveKind
from storage.database import instance_id, open_writer, transaction
from storage.folder import ownership
from storage.types import Article, CrawlFailure, Evidence, FailureReason, FetchOrder, FetchResult
from vigie import inputs, output
from vigie.crawling import crawler_settings
from vigie.running import service_settings
from vigie.settings import Settings
from vigie.warc_files import SavedPage, is_warc, read_pages

#: articles a transaction
BATCH = 100
#: answers that wait for the end of an import: a later article may show in which story an earlier one belongs
MOST_HELD = 100_000
#: the source of articles that name none
NO_SOURCE = "import"


def import_files(names: Iterable[str], settings: Settings, *, sending: bool) -> bool:
    """Store the articles of JSON lines and WARC files and print what became of each; return whether one was bad.

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
            try:
                for name in names:
                    if is_warc(name):
                        asyncio.run(PageReader(importer, settings).read(name))
                    else:
                        importer.read(name)
            finally:
                importer.tell()
            while ladder.is_behind(database):
                with transaction(database):
                    ladder.keep(database, now_utc())
            return importer.failed
        finally:
            database.conn.close()


class Importer:
    """Stores lines in batches; a batch is durable before its answers are printed.

    Answers are printed at the end, with the stories as they stand then: a report that came first may turn out to tell
    the event of another.
    """

    def __init__(self, database: Database, pipeline: Pipeline, sending: bool) -> None:  # noqa: FBT001
        self.failed = False
        self._database = database
        self._pipeline = pipeline
        self._sending = sending
        self._held: list[dict[str, Any]] = []

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
        self.store([functools.partial(self._import, article) for article in batch])

    def store(self, steps: Sequence[Callable[[datetime], dict[str, Any]]]) -> None:
        """Make some steps in one transaction and keep what each answers."""
        if not steps:
            return
        now = now_utc()
        with transaction(self._database):
            answers = [step(now) for step in steps]
        self._held += answers
        if len(self._held) > MOST_HELD:
            self.tell()

    def tell(self) -> None:
        """Print the answers that are kept, with the story of each article as it stands now."""
        places = candidates.places_of(self._database, [answer["article"] for answer in self._held])
        for answer in self._held:
            story, copy_of = places.get(answer["article"], (answer["story"], answer["copy_of"]))
            output.print_json(answer | {"story": story, "copy_of": copy_of})
        self._held.clear()

    def import_page(self, article: Article, evidence: Evidence | None, now: datetime) -> dict[str, Any]:
        """Store one page that was read already."""
        sources.ensure(self._database, article.source_id, article.source_id, article.url, now)
        processed = self._pipeline.process(
            self._database,
            article,
            key=article_key(article.url),
            now=now,
            evidence=evidence,
            sending=self._sending,
        )
        return _answer(article.url, processed)

    def _import(self, given: inputs.InputArticle, now: datetime) -> dict[str, Any]:
        source_id = given.source or NO_SOURCE
        sources.ensure(self._database, source_id, source_id, given.url or "", now)
        key = article_key(given.url) if given.url else f"import:{source_id}:{given.id}"
        processed = self._pipeline.process(
            self._database, _article(given, source_id, key, now), key=key, now=now, sending=self._sending
        )
        return _answer(given.id, processed)


class PageReader:
    """Reads the pages of WARC files in the crawler's extraction processes, a bounded number at a time."""

    def __init__(self, importer: Importer, settings: Settings) -> None:
        self._importer = importer
        self._crawler = crawler_settings(settings)
        self._sources = {host_of(source.url): source for source in settings.sources}

    async def read(self, name: str) -> None:
        """Import one file."""
        pool = ExtractionPool(self._crawler)
        try:
            batch: list[SavedPage] = []
            for page in read_pages(name, self._crawler.max_page, functools.partial(self._bad, name)):
                batch.append(page)
                if len(batch) == 2 * self._crawler.workers:
                    await self._store(name, batch, pool)
                    batch = []
            await self._store(name, batch, pool)
        finally:
            pool.stop()

    def _bad(self, name: str, number: int, fault: str) -> None:
        click.echo(f"vigie: {name}: record {number} {fault}; it is skipped", err=True)
        self._importer.failed = True

    async def _store(self, name: str, batch: list[SavedPage], pool: ExtractionPool) -> None:
        found = await asyncio.gather(*(self._extract(page, pool) for page in batch))
        steps = []
        for page, result in zip(batch, found, strict=True):
            if isinstance(result, CrawlFailure):
                self._bad(name, page.number, f"({page.reply.url}) gave no article: {result.reason}: {result.detail}")
            else:
                steps.append(functools.partial(self._importer.import_page, *result))
        self._importer.store(steps)

    async def _extract(self, page: SavedPage, pool: ExtractionPool) -> tuple[Article, Evidence | None] | CrawlFailure:
        """Return what the crawler would have made of a page."""
        host = host_of(page.reply.url)
        source = self._sources.get(host)
        order = FetchOrder(
            id=str(page.number),
            source_id=source.id if source else host,
            url=page.reply.url,
            language=source.language if source else None,
            full_text=source.full_text if source else True,
        )
        try:
            result = await answer_fetch(
                order, page.reply, pool.of(order.source_id), self._crawler, captured_at=page.captured_at
            )
        except RefusedError as error:
            return error.failure
        if isinstance(result, FetchResult) and result.article is not None:
            return result.article, result.evidence
        return result.failure or CrawlFailure(reason=FailureReason.INTERNAL, detail="it was not read")


def host_of(url: str) -> str:
    """Return the host of an address as sources are told apart by it, ``www.`` left out."""
    return (urlsplit(url).hostname or NO_SOURCE).removeprefix("www.")


def _article(given: inputs.InputArticle, source_id: str, key: str, now: datetime) -> Article:
    lines = given.paragraphs or tuple(line for line in given.text.split("\n") if line.strip())
    paragraphs, authors = tuple(clean_text(line) for line in lines), tuple(clean_line(name) for name in given.authors)
    return Article(
        source_id=source_id,
        url=given.url or key,
        title=clean_line(given.title),
        paragraphs=paragraphs,
        authors=authors,
        agency=agency_of(paragraphs, authors),
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
