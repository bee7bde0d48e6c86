"""Search for stories: exact plans by the index, others by reading, and never without an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlite_utils import Database

from detection.query import matches
from review import searching
from review.errors import SearchTextError
from review.searching import find_stories, read_search
from scheduler import changes
from storage import articles, reading, sources, stories, triage
from storage.database import open_writer, transaction
from storage.reading import StoryFilter
from storage.types import Article, Source
from tests.somebody import HERE

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEXTS = (
    "Le Mali expulse un diplomate",
    "persona non grata, dit Bamako",
    "non, la persona grata",
    "Élection au Niger",
    "persona non grata, redit Bamako",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    found = open_writer(tmp_path_factory.mktemp("archive"))
    with transaction(found):
        sources.sync(found, [Source(id="rfi", name="RFI", url="https://rfi.example/", country="FRA")], NOW)
        for number, text in enumerate(TEXTS):
            add(found, number, text, NOW - timedelta(hours=number))
        triage_tag(found, story_id=4, name="À suivre")
    yield found
    found.conn.close()


def add(database: Database, number: int, text: str, when: datetime) -> None:
    """Store an article as a story of its own."""
    url = f"https://rfi.example/{number}"
    article = Article(source_id="rfi", url=url, title=text, paragraphs=("Suite.",), fetched_at=when)
    saved = articles.save(database, article, key=url, origin="RFI", now=when)
    story = stories.create(database, text, when)
    stories.attach(database, saved.article_id, story, when, severity=0, copy_of=None, coverage=None, origin="RFI")


def triage_tag(database: Database, story_id: int, name: str) -> None:
    """Give a story a tag."""
    version = triage.get(database, story_id).version
    changes.apply(database, "tag", {"story": story_id, "version": version, "tag": name}, NOW, by=HERE)


def headlines(database: Database, query: str, limit: int = 50) -> list[list[str]]:
    """Return the headlines of every page of a search."""
    search, pages, before = read_search(query), [], None
    while True:
        wanted = StoryFilter(with_signals=False, limit=limit, before=before)
        page = find_stories(database, wanted, search)
        pages.append([row.story.headline for row in page.rows])
        before = page.next
        if before is None:
            return pages


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("mali", [0]),
        ("ELECTION", [3]),
        ('"persona non grata"', [1, 4]),
        ("persona", [1, 2, 4]),
        ("country:FRA NOT persona", [0, 3]),
        ("country:MLI", []),
        ("persona -redit", [1, 2]),
        ("source:RFI -persona", [0, 3]),
        ("source:rf -persona", []),
        ("date:2026-11-24", [0, 1, 2, 3, 4]),
        ("since:2026-11-24 persona", [1, 2, 4]),
        ("until:2026-11-23", []),
        ("until:2026-11-23 OR mali", [0]),
        ("date:2026-11-23 OR source:rfi", [0, 1, 2, 3, 4]),
        ("persona /gr[ae]ta,? (re)?dit/", [1, 4]),
        ("title:/^election/ niger", [3]),
        ("persona -/REDIT/", [1, 2]),
        ('tag:"a suivre"', [3]),
        ("tag:* persona", []),
        ("tag:nothing", []),
        ("tag:suiv* OR tag:nothing", []),
        ("tag:a* OR mali", [0, 3]),
    ],
)
def test_search(database: Database, query: str, numbers: list[int]) -> None:
    assert headlines(database, query) == [[TEXTS[number] for number in numbers]]


@pytest.mark.parametrize("query", ["persona", '"persona non grata"', "country:FRA"])
def test_pages_join_to_the_whole(database: Database, query: str) -> None:
    (whole,) = headlines(database, query)
    pages = headlines(database, query, limit=1)
    assert [headline for page in pages for headline in page] == whole
    assert all(len(page) == 1 for page in pages)


def test_a_page_reads_a_bounded_number_of_articles_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_READ", 2)
    pages = headlines(database, "lang:xx OR title:redit")
    assert pages == [[], [], [TEXTS[4]]]


def test_faults_name_their_place() -> None:
    with pytest.raises(SearchTextError) as caught:
        read_search('mali "ouvert')
    assert (caught.value.position, caught.value.text) == (5, 'mali "ouvert')


def test_an_expression_is_asked_of_what_the_index_finds() -> None:
    for text in ("/persona/", "lang:fr /persona/", "mali OR /persona/", "-mali /persona/"):
        with pytest.raises(SearchTextError, match="put a word or a phrase beside it") as caught:
            read_search(text)
        assert text[caught.value.position] == "/"


def test_a_page_ends_in_time_and_the_next_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_SECONDS", -1.0)
    pages = headlines(database, "persona /redit/")
    assert pages == [[], [], [TEXTS[4]], []]


CONDITIONS = (
    "mali", "persona", "-niger", '"persona non grata"', "date:2026-11-24", "since:2026-11-23", "until:2026-11-22",
    "date:2026-11-23..2026-11-24", "source:RFI", "country:FRA", "tag:a*", 'tag:"a suivre"', "-tag:*", "lang:fr",
    "(mali OR since:2026-11-24)", "-(date:2026-11-23 persona)", "title:grata",
)  # fmt: skip


def test_an_answer_is_what_asking_each_article_gives(tmp_path: Path) -> None:
    """Whatever the archive is narrowed to before articles are read, none that matches is passed by."""
    database = open_writer(tmp_path)
    with transaction(database):
        sources.sync(database, [Source(id="rfi", name="RFI", url="https://rfi.example/", country="FRA")], NOW)
        # Two a day, each first one at the very moment that its day begins.
        for number, text in enumerate(TEXTS):
            when = datetime(2026, 11, 24, tzinfo=UTC) - timedelta(hours=12 * number)
            add(database, number, text, when)
        triage_tag(database, story_id=4, name="À suivre")
        triage_tag(database, story_id=2, name="Autre")
    everything = reading.stories(database, StoryFilter(with_signals=False))
    for first, second, joint in product(CONDITIONS, CONDITIONS, ("", " OR ")):
        text = f"{first}{joint or ' '}{second}"
        search = read_search(text)
        subjects = searching.Subjects(database, search.query)
        expected = [
            row.story.headline
            for row in everything
            if any(matches(search.query, subjects.of(one)) for one in stories.members(database, row.story.id))
        ]
        assert [one for page in headlines(database, text) for one in page] == expected, text
    database.conn.close()
