"""The demo's crisis as stories: one for each act, one affair, each act told once, the look-alikes apart."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from crawler.agencies import agency_of, credit_line
from scheduler.pipeline import Processed
from storage import candidates, sources, stories
from storage.database import open_writer, transaction
from storage.types import Article
from tests.test_scheduler_pipeline import build
from vigie.demo.script import DemoArticle, Kind, load_script

HOUR = timedelta(hours=1)
#: an article on each act of the crisis: the arrest, the summons, what France did, and what Mali answered
ACTS = (
    "mande-arrestation-ressortissant-francais",
    "heure-quai-orsay-convoque-charge-affaires",
    "afl-flash-suspension-trois-diplomates",
    "mande-cinq-agents-persona-non-grata",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def replay(database: Database, articles: list[DemoArticle]) -> list[tuple[DemoArticle, Processed]]:
    line, end = build(database), max(one.published for one in articles) + HOUR
    found = []
    with transaction(database):
        for one in articles:
            sources.ensure(database, one.outlet, one.outlet, "", end)
            credit = credit_line(one.credit) if one.credit else None
            article = Article(
                source_id=one.outlet,
                url=f"https://{one.outlet}.example/{one.slug}",
                title=one.title,
                lede=one.lede or "",
                paragraphs=tuple(one.paragraphs),
                published_at=one.published,
                fetched_at=end,
                agency=credit or agency_of(one.paragraphs),
            )
            found.append((one, line.process(database, article, key=article.url, now=one.published)))
    return found


def test_the_crisis_is_a_story_for_each_act_and_one_affair(database: Database) -> None:
    articles = sorted(load_script().articles, key=lambda one: one.published)
    found = replay(database, articles)
    told = [(one, taken) for one, processed in found for taken in processed.taken if taken.alert]
    # Each act once, its second origin once, and the agency's correction; a copy tells or confirms nothing.
    assert Counter(taken.reason for _, taken in told) == {
        "new_story": 3, "new_act": 1, "second_origin": 3, "corrected": 1,
    }  # fmt: skip
    assert all(one.kind is Kind.ACT for one, taken in told if taken.reason in {"new_story", "new_act"})
    assert all(one.kind is not Kind.COPY for one, _ in told)
    stored = {one.slug: processed.article_id for one, processed in found}
    held = candidates.stories_of(database, [stored[slug] for slug in ACTS])
    crisis = set(held.values())
    assert len(crisis) == len(ACTS)
    assert len({stories.get(database, story).thread_id for story in crisis}) == 1


def test_a_copy_has_the_story_and_the_origin_of_its_original(database: Database) -> None:
    articles = sorted(load_script().articles, key=lambda one: one.published)
    found = {one.slug: (one, processed) for one, processed in replay(database, articles)}
    copies = [(one, processed) for one, processed in found.values() if one.kind is Kind.COPY]
    recognised = [processed for _, processed in copies if processed.copy_of is not None]
    assert len(recognised) >= 0.95 * len(copies)
    for one, processed in copies:
        assert one.copy_of is not None
        original = found[one.copy_of][1]
        assert processed.story_id == original.story_id


def test_in_any_order_no_act_rings_more_than_twice_and_is_confirmed_once_a_story(database: Database) -> None:
    articles = list(load_script().articles)
    random.Random(5).shuffle(articles)
    rung = [taken for _, processed in replay(database, articles) for taken in processed.taken if taken.alert]
    assert 3 <= len(rung) <= 14
