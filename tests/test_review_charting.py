"""Charts: the geometry holds what the archive counts, and the page says it in numbers too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from alerts.ladder import ladder
from alerts.state_acts import state_acts
from review.charting import LEFT, RIGHT, WIDTH, bars, by_day, days_between, ladder_chart, nice, ticks
from review.settings import ReviewSettings
from storage import daily
from storage.database import open_writer, transaction
from storage.times import to_text
from storage.types import Status, ToldAct, Watch
from tests.outbox_fill import NOW, add_alert, add_article, add_story
from tests.visitor import Visitor, application

ZURICH = ZoneInfo("Europe/Zurich")
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def act(day: int, severity: int, actor: str = "FRA", target: str = "MLI", story: int = 1) -> ToldAct:
    return ToldAct(
        story_id=story, type="expel_diplomats" if severity == 4 else "break_relations", actor=actor, target=target,
        status=Status.ASSERTED, persons=0, at=NOW - timedelta(days=day), severity=severity, raised=False, headline=True,
        reaction=False, confidence=1.0, tellings=1, article_id=story, sentence="x", thread_id=story,
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 24 * 400), st.integers(1, 50)), max_size=40))
def test_no_article_is_lost_between_hours_and_days(counts: list[tuple[int, int]]) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [(since + timedelta(hours=hour), count) for hour, count in counts]
    days = days_between(since, since + timedelta(hours=24 * 400 + 1), ZURICH)
    found = by_day(moments, days, ZURICH)
    assert sum(count for _, count in found) == sum(count for _, count in counts)
    assert [day for day, _ in found] == days


def test_days_follow_the_zone_over_the_change_of_clock() -> None:
    """29 March 2026 has 23 hours in Zurich."""
    begin = datetime(2026, 3, 28, 23, tzinfo=UTC)
    hours = [(begin + timedelta(hours=hour), 1) for hour in range(48)]
    found = dict(by_day(hours, [date(2026, 3, 29), date(2026, 3, 30)], ZURICH))
    assert found == {date(2026, 3, 29): 23, date(2026, 3, 30): 24}


@given(DAYS, st.integers(1, 800))
def test_an_axis_is_named_and_not_crowded(first: date, length: int) -> None:
    days = [first + timedelta(days=number) for number in range(length)]
    named = ticks(days)
    assert 1 <= len(named) <= 12
    assert set(named) <= set(days)
    assert named == sorted(named)


@given(st.integers(0, 10**9))
def test_a_scale_reaches_the_highest_and_no_farther_than_it_must(highest: int) -> None:
    assert highest <= nice(highest) <= max(1, 2 * highest)


@given(DAYS, st.lists(st.integers(0, 5_000), max_size=400))
def test_bars_stay_on_the_canvas_and_tell_their_counts(first: date, counts: list[int]) -> None:
    chart = bars([(first + timedelta(days=number), count) for number, count in enumerate(counts)])
    assert [bar.count for bar in chart.bars] == counts
    assert chart.total == sum(counts)
    for bar in chart.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= WIDTH - RIGHT + 0.1
        assert chart.top <= bar.y <= chart.ground
        assert (bar.height > 0) == (bar.count > 0)


def test_both_directions_step_and_carry_their_acts() -> None:
    since = NOW - timedelta(days=60)
    found = ladder(
        state_acts([act(50, 4), act(10, 5, story=2), act(9, 4, "MLI", "FRA", 3)]),
        ("FRA", "MLI"),
        since=since,
        until=NOW,
    )
    chart = ladder_chart(found.sides, found.acts, since=since, until=NOW, zone=ZURICH)
    french, malian = chart.panels
    assert [mark.act.act.severity for mark in french.marks] == [4, 5]
    assert [mark.act.act.story_id for mark in malian.marks] == [3]
    assert french.bottom < malian.top
    steps = re.findall(r"V([\d.]+)", french.line)
    heights = {y: rung for rung, y in french.rungs}
    # Up to 4, down when the act is 30 days old, up to 5.
    assert [heights[float(y)] for y in steps] == [4, 0, 5]
    for mark in (*french.marks, *malian.marks):
        assert LEFT <= mark.x <= WIDTH - RIGHT
    assert chart.ticks


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    add_alert(opened, "one")
    with transaction(opened):
        for hours in (1, 2, 30, 24 * 100):
            moment = NOW - timedelta(hours=hours)
            opened.execute(
                "UPDATE article SET effective_at = ? WHERE id = ?",
                (to_text(moment), add_article(opened, "rfi", moment)),
            )
    yield opened
    opened.conn.close()


def test_counts_come_from_the_archive(database: Database) -> None:
    found = daily.articles_by_hour(database, NOW - timedelta(days=90), NOW)
    assert sum(count for _, count in found) == 3
    assert all(moment.minute == 0 for moment, _ in found)
    assert (
        sum(count for _, count in daily.alerts_by_hour(database, NOW - timedelta(days=1), NOW + timedelta(days=1))) == 1
    )


def test_counting_reads_an_index_alone(database: Database) -> None:
    (plan,) = [
        row["detail"]
        for row in database.query(
            "EXPLAIN QUERY PLAN SELECT substr(effective_at, 1, 13), count(*) FROM article "
            "WHERE effective_at >= 'a' AND effective_at < 'b' GROUP BY 1"
        )
        if "article" in row["detail"]
    ]
    assert "COVERING INDEX article_effective" in plan


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_says_in_numbers_what_it_draws(database: Database, tmp_path: Path, language: str) -> None:
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language=language, timezone="Europe/Zurich", data_folder=tmp_path,
        version="0.0", watches=(Watch(id="w", name="W", pairs=(("MLI", "FRA"),)),),
    )  # fmt: skip
    visitor = Visitor(application(database, settings))
    page = visitor.get("/charts?days=30")
    assert page.status == 200
    assert page.body.count("<svg") == page.body.count("<table") == page.body.count('-desc">') == 3
    assert "style=" not in page.body
    assert page.body.count("<tr><td>20") == 60  # a line a day for articles and for alerts
    for path in ("/charts", "/charts?days=x&pair=nonsense", "/charts?pair=MLI-MLI", "/charts?pair=DZA-MLI&days=365"):
        assert visitor.get(path).status == 200


def test_two_states_at_rest_are_shown_at_their_last_act(database: Database, tmp_path: Path) -> None:
    last = NOW - timedelta(days=200)
    with transaction(database):
        add_story(database, 40)
        for status, at in (("asserted", last), ("denied", NOW - timedelta(days=3)), ("ended", NOW)):
            database.execute(
                "INSERT INTO story_act (story_id, type, actor, target, status, persons, at, severity, raised, "
                "headline, reaction, confidence, tellings, article_id, sentence) "
                "VALUES (40, 'expel_diplomats', 'MLI', 'FRA', ?, 2, ?, 4, 0, 1, 0, 1.0, 1, 1, 'x')",
                (status, to_text(at)),
            )
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0"
    )
    visitor = Visitor(application(database, settings))

    def end(query: str) -> str:
        return str(re.findall(r'name="until" value="([0-9-]+)"', visitor.get(f"/charts?{query}").body)[0])

    assert end("pair=FRA-MLI&days=90") == str((last + timedelta(days=14)).date())
    assert end("pair=FRA-MLI&days=365") == end("pair=DZA-MLI") == str(NOW.date())
    assert end("pair=FRA-MLI&until=2026-03-01") == "2026-03-01"
    assert end("until=2199-03-01") == str(NOW.date())
    assert visitor.get("/charts?until=1900-01-01&days=365").status == 200
