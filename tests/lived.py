"""An archive with a past: articles of the labelled events as a service would have met them over some weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from alerts.settings import DeliverySettings
from crawler.agencies import agency_of
from crawler.settings import CrawlerSettings
from detection.engine import RuleSet
from detection.query import parse
from scheduler import changes, ladder
from scheduler.building import build_pipeline
from scheduler.pipeline import Pipeline
from scheduler.settings import ServiceSettings
from storage import alerts, looks, revisions, sources, threads
from storage.database import instance_id, open_writer, transaction
from storage.types import Article, Person, Role, Source, Watch
from tests.grouping import Labelled, read_events
from tests.test_scheduler_pipeline import HOOK, MAIL

MINUTES = timedelta(minutes=10)
HOUR = timedelta(hours=1)
#: enough for every kind of alert, few enough to live through in a second
MOST_PAGES = 84
AWA = Person(id=None, name="Awa", role=Role.ADMIN)
PAIR = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),), channels=("mail", "hook"))
WIDE = Watch(id="sahel", name="Sahel", min_severity=1, query="Mali OR Niger", channels=("mail",))


@dataclass(frozen=True)
class Lived:
    """The archive, its writer and what it was made with."""

    folder: Path
    database: Database
    settings: ServiceSettings
    line: Pipeline
    begin: datetime
    end: datetime


def settings_for(folder: Path, pages: list[Labelled], *watches: Watch) -> ServiceSettings:
    """Return settings with the outlets of some articles."""
    countries = {page.outlet: page.country for page in pages}
    return ServiceSettings(
        data_dir=folder,
        sources=tuple(
            Source(id=name, name=name.title(), url=f"https://{name}.example/", language="fr", country=country)
            for name, country in sorted(countries.items())
        ),
        watches=watches,
        channels=(MAIL, HOOK),
        delivery=DeliverySettings(),
        crawler=CrawlerSettings(user_agent="Vigie/test"),
        public_url="http://vigie.example",
        language="fr",
        timezone="Europe/Paris",
        queries={watch.id: parse(watch.query) for watch in watches if watch.query is not None},
    )


def read_page(page: Labelled, at: datetime) -> Article:
    """Return a labelled article as the crawler would give it."""
    return Article(
        source_id=page.outlet, url=f"https://{page.outlet}.example/{page.id}", title=page.title,
        paragraphs=page.paragraphs, language=page.language, published_at=page.published, fetched_at=at,
        agency=agency_of(page.paragraphs, ()),
    )  # fmt: skip


def live(folder: Path, rules: RuleSet, *watches: Watch, world: str = "E1") -> Lived:
    """Let an archive live through a world's weeks, with all that happens to articles, stories and alerts there."""
    pages = read_events(world)[:MOST_PAGES]
    settings = settings_for(folder, pages, *watches)
    database = open_writer(folder)
    begin = pages[0].published
    with transaction(database):
        sources.sync(database, settings.sources, begin)
    line = build_pipeline(settings, instance_id(database), rules)
    life = _Life(database, line)
    for number, page in enumerate(pages):
        life.meet(number, page)
    return Lived(folder, database, settings, line, begin, life.now + HOUR)


class _Life:
    """Does with every so many-th article what happens to some."""

    def __init__(self, database: Database, line: Pipeline) -> None:
        self.database = database
        self.line = line
        self.now = datetime.min.replace(tzinfo=UTC)

    def meet(self, number: int, page: Labelled) -> None:
        self.now = max(self.now, page.published) + MINUTES
        whole = read_page(page, self.now)
        if number % 7 == 2:
            self._store(replace(whole, paragraphs=whole.paragraphs[:1], partial=True, published_at=None, agency=None))
            self._later(MINUTES)
        self._store(replace(whole, fetched_at=self.now), sending=number % 11 != 5)
        if number % 9 == 4:
            self._edit(whole)
        if number % 13 == 6:
            self._later(MINUTES)
            with transaction(self.database):
                known = self._known(whole)
                assert revisions.withdraw(self.database, known, "404 Not Found", self.now)
                self.line.withdrawn(self.database, known, self.now)
        if number % 26 == 6:
            self._later(MINUTES)
            with transaction(self.database):
                assert revisions.restore(self.database, self._known(whole), self.now)
        if number % 10 == 8:
            self._acknowledge()
        if number in {40, 70}:
            self._rearrange(split=number == 40)
        self._later(MINUTES)
        with transaction(self.database):
            ladder.keep(self.database, self.now)

    def _edit(self, whole: Article) -> None:
        """The page is seen unchanged, under a new date of change, and then with other words."""
        self._later(MINUTES)
        with transaction(self.database):
            looks.begin(
                self.database, self._known(whole), host="x.example", next_look_at=None, reason="young",
                has_signal=True, etag=None, last_modified=None, read_at=self.now,
            )  # fmt: skip
        self._store(replace(whole, modified_at=self.now, fetched_at=self.now))
        self._later(MINUTES)
        added = "Le Mali a expulsé lundi deux diplomates français, selon un communiqué lu à la télévision."
        self._store(replace(whole, paragraphs=(*whole.paragraphs, added), fetched_at=self.now))

    def _acknowledge(self) -> None:
        self._later(MINUTES)
        told = alerts.recent(self.database, limit=1)
        if told:
            with transaction(self.database):
                changes.apply(self.database, "acknowledge", {"alert": told[0].id, "author": "Awa"}, self.now, by=AWA)

    def _rearrange(self, *, split: bool) -> None:
        self._later(MINUTES)
        rows = self.database.execute(
            "SELECT story_id, min(id), max(id) FROM article WHERE copy_of IS NULL GROUP BY story_id "
            "ORDER BY count(*) DESC, story_id LIMIT 2"
        ).fetchall()
        with transaction(self.database):
            if split:
                threads.split(self.database, [rows[0][2]], author="Awa", reason="another", now=self.now)
            else:
                threads.merge(self.database, rows[1][0], rows[0][0], author="Awa", reason="the same", now=self.now)
            ladder.catch_up(self.database, self.now)

    def _later(self, wait: timedelta) -> None:
        self.now += wait

    def _known(self, page: Article) -> int:
        return int(self.database.execute("SELECT id FROM article WHERE key = ?", (page.url,)).fetchone()[0])

    def _store(self, page: Article, *, sending: bool = True) -> None:
        with transaction(self.database):
            self.line.process(self.database, page, key=page.url, now=self.now, sending=sending)
