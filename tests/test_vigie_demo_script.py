"""The demo's data is complete and well printed; its loader names every fault."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.taxonomy import event_types
from vigie.demo.errors import ScriptError
from vigie.demo.script import (
    DemoArticle,
    DemoOutlet,
    Kind,
    Script,
    load_articles,
    load_outlets,
    load_script,
    timeline,
)


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


def language_of(script: Script, article: DemoArticle) -> str:
    return next(outlet.language for outlet in script.outlets if outlet.id == article.outlet)


def printed(article: DemoArticle) -> str:
    return "\n".join((article.title, article.lede, *article.paragraphs))


def test_the_press_is_as_varied_as_promised(script: Script) -> None:
    countries = Counter(outlet.country for outlet in script.outlets)
    assert len(script.outlets) >= 12
    assert countries["FRA"] >= 4
    assert countries["MLI"] >= 4
    assert countries["CHE"] == 2
    assert sum(outlet.language == "en" for outlet in script.outlets) >= 3
    assert {outlet.feed for outlet in script.outlets} == {"rss", "atom"}
    assert len({outlet.page for outlet in script.outlets}) == len(script.outlets)


def test_the_scenario_holds_every_kind_and_enough_articles(script: Script) -> None:
    kinds = Counter(article.kind for article in script.articles)
    assert len(script.articles) >= 60
    assert set(kinds) == set(Kind)
    assert kinds[Kind.COPY] >= 4
    assert {article.outlet for article in script.articles} == {outlet.id for outlet in script.outlets}


def test_slugs_are_unique_and_the_order_is_that_of_the_scenario(script: Script) -> None:
    assert len({article.slug for article in script.articles}) == len(script.articles)
    times = [article.published for article in script.articles]
    assert times == sorted(times)
    assert times[0] >= datetime(2025, 8, 14, tzinfo=UTC)


def test_only_retrospectives_come_out_after_the_crisis(script: Script) -> None:
    late = [article for article in script.articles if article.published > datetime(2025, 10, 6, tzinfo=UTC)]
    assert late
    assert {article.kind for article in late} == {Kind.RETROSPECTIVE}


def test_copies_carry_their_original_word_for_word_and_its_credit(script: Script) -> None:
    by_slug = {article.slug: article for article in script.articles}
    for copy in script.articles:
        if copy.copy_of is None:
            continue
        original = by_slug[copy.copy_of]
        shared = set(copy.paragraphs) & set(original.paragraphs)
        assert len(shared) >= 0.6 * len(copy.paragraphs), copy.slug
        assert copy.title != original.title
        assert copy.credit
        assert copy.outlet != original.outlet


def test_expected_signals_use_the_types_of_the_ladder(script: Script) -> None:
    for article in script.articles:
        assert {expected.type for expected in article.expect} <= set(event_types()), article.slug
        if article.kind is Kind.ACT:
            assert article.expect, article.slug


def test_articles_have_the_length_of_real_ones(script: Script) -> None:
    for article in script.articles:
        words = len(" ".join(article.paragraphs).split())
        assert 60 <= words <= 400, (article.slug, words)


def test_french_articles_are_set_with_french_typography(script: Script) -> None:
    wrong = re.compile(r"['\"]|[ \u00a0][;!?»]|\S[!?»](?=\w)|[^\u00a0\d]:(?!\d)|«[^\u202f]|[^\u202f][;»]")
    for article in script.articles:
        if language_of(script, article) == "fr":
            found = wrong.search(printed(article))
            assert found is None, (article.slug, found)


def test_english_articles_have_curly_quotes_and_no_french_spaces(script: Script) -> None:
    for article in script.articles:
        if language_of(script, article) == "en":
            text = printed(article)
            assert re.search(r"['\"«»\u202f\u00a0]", text) is None, article.slug
            assert text.count("“") == text.count("”"), article.slug


# --- the loader ----------------------------------------------------------------------------------

OUTLET = """
[[outlet]]
id = "echo"
name = "Echo"
tagline = "News"
country = "FRA"
language = "fr"
page = "wire"
feed = "rss"
port_offset = 1
timezone = "Europe/Paris"
"""

ARTICLE = """
[[article]]
outlet = "echo"
slug = "one"
published = 2025-09-19T07:00:00Z
kind = "act"
title = "A title"
body = '''
First
line.

Second.

Third.
'''
"""

COPY = """
[[article]]
outlet = "echo"
slug = "two"
published = 2025-09-19T08:00:00Z
kind = "copy"
copy_of = "one"
title = "Another title"
"""


def outlets_in(folder: Path, text: str = OUTLET) -> tuple[DemoOutlet, ...]:
    file = folder / "outlets.toml"
    file.write_text(text, "utf-8")
    return load_outlets(file)


def articles_in(folder: Path, text: str) -> tuple[DemoArticle, ...]:
    outlets = outlets_in(folder)
    articles = folder / "articles"
    articles.mkdir()
    (articles / "01.toml").write_text(text, "utf-8")
    return load_articles(outlets, articles)


def test_a_copy_drops_and_adds_paragraphs(tmp_path: Path) -> None:
    edit = 'drop_paragraphs = [2]\nadd_paragraph = "Ours."\n'
    original, copy = articles_in(tmp_path, ARTICLE + COPY + edit)
    assert original.paragraphs == ("First line.", "Second.", "Third.")
    assert copy.paragraphs == ("First line.", "Third.", "Ours.")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (ARTICLE.replace("echo", "nobody"), "“nobody” is unknown"),
        (ARTICLE.replace("19T07:00:00Z", "19T07:00:00"), "state the zone"),
        (ARTICLE.replace('"act"', '"gossip"'), "kind"),
        (ARTICLE + "colour = 1\n", "colour"),
        (ARTICLE + ARTICLE, "already used in 01.toml"),
        (ARTICLE.split("body", maxsplit=1)[0], "at least one paragraph"),
        (COPY, "“one” is no article published before"),
        (ARTICLE + COPY.replace("T08", "T06"), "“one” is no article published before"),
        (ARTICLE + COPY + "drop_paragraphs = [4]\n", "not in 1..3"),
        (ARTICLE + COPY + 'body = "text"\n', "remove body"),
        (ARTICLE + COPY.replace('copy_of = "one"\n', ""), "go together"),
        (ARTICLE + "[other]\n", "[[article]] tables and nothing else"),
        ("[[article", "not valid TOML"),
    ],
)
def test_a_fault_in_an_article_file_is_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(fault)) as caught:
        articles_in(tmp_path, text)
    assert "01.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (OUTLET + OUTLET, "used twice"),
        (OUTLET.replace("Europe/Paris", "Europe/Atlantis"), "tz database"),
        (OUTLET.replace('"wire"', '"nowhere"'), "pages/nowhere.html"),
        (OUTLET.replace("FRA", "France"), "country"),
    ],
)
def test_a_fault_in_the_outlets_is_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(fault)) as caught:
        outlets_in(tmp_path, text)
    assert caught.value.entry == "echo"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        load_outlets(tmp_path / "none.toml")


# --- compressed time -------------------------------------------------------------------------------


def article_at(moment: datetime, slug: str = "one") -> DemoArticle:
    return DemoArticle(
        outlet="echo", slug=slug, published=moment, title="T", lede="", paragraphs=("p",), kind=Kind.NOISE
    )


@given(
    hours=st.lists(st.integers(0, 20_000), max_size=30),
    duration=st.floats(0, 10_000, allow_nan=False),
)
def test_the_timeline_keeps_the_order_and_fills_the_duration(hours: list[int], duration: float) -> None:
    start = datetime(2025, 8, 14, tzinfo=UTC)
    articles = [article_at(start + timedelta(hours=hour), f"a{n}") for n, hour in enumerate(hours)]
    plan = timeline(articles, duration)
    assert sorted(item.article.slug for item in plan) == sorted(article.slug for article in articles)
    assert all(a.offset <= b.offset and a.article.published <= b.article.published for a, b in pairwise(plan))
    if plan:
        assert plan[0].offset == 0
    if len(plan) > 1:
        assert plan[-1].offset == pytest.approx(duration)


def test_a_quiet_month_passes_as_fast_as_half_an_hour() -> None:
    start = datetime(2025, 9, 1, tzinfo=UTC)
    moments = (start, start + timedelta(days=30), start + timedelta(days=30, minutes=30))
    plan = timeline([article_at(moment, f"a{number}") for number, moment in enumerate(moments)], 10)
    assert [item.offset for item in plan] == pytest.approx([0, 5, 10])


def test_the_day_of_the_expulsions_gets_its_share_of_the_replay(script: Script) -> None:
    day = [item.offset for item in timeline(script.articles, 100) if item.article.published.date() == date(2025, 9, 19)]
    assert 15 <= day[-1] - day[0] <= 40


@pytest.mark.parametrize("duration", [-1, float("inf"), float("nan")])
def test_a_duration_that_is_none_is_refused(duration: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        timeline([], duration)


def test_two_loads_give_the_same_script(script: Script) -> None:
    assert load_script() == script
