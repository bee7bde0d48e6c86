"""On the French pages no English is left: every page over archives in which everything happened is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlite_utils import Database

from detection.folders import Loaded, load_folders
from review.app import create_app
from review.health import Readiness
from storage import deliveries, polls, rhythm, silences, sources
from storage.database import open_writer, transaction
from storage.types import (
    AddressKind,
    CrawlFailure,
    DeliveryState,
    Done,
    FailureReason,
    Outcome,
    OutcomeClass,
    Person,
    Plan,
    PlanReason,
    PollResult,
    Rhythm,
)
from tests.filled import fill, pages
from tests.french import Seen, english_in
from tests.lived import PAIR, WIDE, live
from tests.outbox_fill import NOW
from tests.somebody import HERE
from tests.visitor import Page, Visitor, performer
from vigie.backtest_runs import BacktestRuns
from vigie.running import review_settings
from vigie.settings import parse_settings
from vigie.watch_bench import WatchBench

#: what stands as it was said: answers of far ends, and what a test wrote in French
FAR_END = ("250 2.0.0 kept", "410 Gone", "Premier.")
FILE = """
[service]
data_dir = "data"
language = "en"
[[source]]
id = "rfi"
name = "RFI"
feeds = ["https://rfi.example/feed"]
[[channel]]
id = "desk"
type = "webhook"
url = "https://hooks.example/vigie"
secret = "env:VIGIE_HOOK"
[[watch]]
id = "france-mali"
name = "France – Mali"
query = "Mali"
pairs = ["FRA-MLI"]
channels = ["desk"]
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """Pages over an archive, and their addresses."""

    visitor: Visitor
    paths: tuple[str, ...]
    #: headlines and names that others wrote
    written: tuple[str, ...]


@cache
def built_in() -> Loaded:
    """Return the rules, which take seconds to compile."""
    return load_folders()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An archive with a row of everything, a source that fails, and whatever the desk can change."""
    folder = tmp_path_factory.mktemp("filled")
    settings = parse_settings(FILE, None, folder, with_secrets=False)
    database = open_writer(settings.data_dir)
    known = fill(database)
    _trouble(database)
    visitor, app = _served(database, settings, NOW)
    yield World(visitor=visitor, paths=tuple(pages(app, known)), written=_written(database))
    database.conn.close()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An archive with a past: every kind of decision and of alert, told in English."""
    folder = tmp_path_factory.mktemp("lived")
    life = live(folder, built_in().rules, PAIR, WIDE)
    _hold_and_fail(life.database, life.end)
    settings = parse_settings(FILE.replace('"data"', f'"{folder}"'), None, folder, with_secrets=False)
    visitor, _ = _served(life.database, settings, life.end)
    articles = [row[0] for row in life.database.execute("SELECT id FROM article ORDER BY id LIMIT 40")]
    stories = [row[0] for row in life.database.execute("SELECT id FROM story ORDER BY id LIMIT 12")]
    told = [row[0] for row in life.database.execute("SELECT id FROM alert GROUP BY type, reason")]
    paths = ["/alerts", "/?show=all", "/charts", "/precision"]
    paths += [f"/articles/{one}" for one in articles] + [f"/articles/{one}?why=1" for one in articles[:12]]
    paths += [f"/stories/{one}" for one in stories] + [f"/alerts/{one}/ack" for one in told]
    yield World(visitor=visitor, paths=tuple(paths), written=_written(life.database))
    life.database.conn.close()


def _served(database: Database, settings: Any, now: datetime) -> tuple[Visitor, Any]:
    runs = BacktestRuns(settings.data_dir, clock=lambda: now)
    loaded = built_in()
    bench = WatchBench(settings, lambda: loaded, runs)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    apply = performer(database, lambda: now)

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        return await bench.perform(name, given, by) or await apply(name, given, by)

    app = create_app(
        review_settings(settings), readiness=ready, perform=perform, bench=bench, now=lambda: now,
        rules=lambda: loaded.rules,
    )  # fmt: skip
    return Visitor(app, HERE), app


def _trouble(database: Database) -> None:
    """Let a source fail and tell why it is read when it is; leave a rule file that does not hold."""
    failure = CrawlFailure(
        reason=FailureReason.SERVER_ERROR, detail="rfi.example has a fault of its own (HTTP 503)", status=503
    )
    address = "https://rfi.example/feed"
    result = PollResult(order_id="1", source_id="rfi", url=address, failure=failure)
    detail = "failed 2 times in a row, the last time with server_error"
    with transaction(database):
        sources.record_feed(database, result, NOW)
        polls.record(database, AddressKind.FEED, result, fresh=0, asked_at=NOW, now=NOW)
        rhythm.save(database, "rfi", Rhythm(), {}, Plan(at=NOW, reason=PlanReason.FAILED, detail=detail))
        named = CrawlFailure(reason=failure.reason, detail=f"{address}: {failure.detail}", status=503)
        sources.record_poll(database, "rfi", failure=named, new_entries=0, next_check_at=NOW, now=NOW, worked=False)


def _hold_and_fail(database: Database, now: datetime) -> None:
    """Let deliveries fail in every way, and a silence hold one back."""
    hook = "https://hook.example"
    ends = [
        Outcome(outcome=OutcomeClass.CHANNEL_TRANSIENT, detail="mail.example:587: no success within 60 s"),
        Outcome(outcome=OutcomeClass.UNKNOWN, detail="https://hook.example: no answer after the request was written, "
                "it may have arrived (ServerDisconnectedError)"),
        Outcome(outcome=OutcomeClass.CHANNEL_CONFIG, detail=f"needs attention: {hook}: HTTP 404", code=404),
        Outcome(outcome=OutcomeClass.OK, detail=FAR_END[0], code=250),
    ]  # fmt: skip
    with transaction(database):
        for channel in ("mail", "hook"):
            leased = deliveries.lease(database, channel, now + timedelta(days=400), 4, timedelta(minutes=1))
            for (delivery, _), outcome in zip(leased, ends, strict=False):
                deliveries.record(
                    database, delivery.id, outcome,
                    state=DeliveryState.SENT if outcome.outcome is OutcomeClass.OK else DeliveryState.DEAD,
                    next_attempt_at=None, counts=True, maybe_delivered=False, started_at=now, ended_at=now,
                )  # fmt: skip
        silences.add(
            database, watch_id="france-mali", author="Awa", reason="sommet", starts_at=now, ends_at=now + timedelta(1)
        )


def _written(database: Database) -> tuple[str, ...]:
    """Return what others wrote that stands on pages without quotation marks, the longest first."""
    found = database.execute(
        "SELECT title FROM revision UNION SELECT name FROM source UNION SELECT origin FROM article "
        "UNION SELECT author FROM story_change UNION SELECT reason FROM story_change"
    )
    return tuple(sorted((row[0] for row in found if row[0]), key=len, reverse=True))


def english(page: Page, written: tuple[str, ...] = ()) -> list[str]:
    """Return what is not French on a page."""
    seen = Seen(page.body)
    texts = seen.texts
    for one in written:
        texts = [text.replace(" ".join(one.split()), " ") for text in texts]
    found = [text for text in texts if english_in(text)]
    return found + [f"not worded: {text}" for text in seen.unworded if not text.startswith(FAR_END)]


@pytest.mark.parametrize("name", ["filled", "lived"])
def test_no_page_has_english_left(name: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    assert len(world.paths) > 30
    faults: dict[str, str] = {}
    answered = 0
    for path in world.paths:
        page = world.visitor.get(f"{path}{'&' if '?' in path else '?'}lang=fr")
        answered += page.status == 200 and "<main" in page.body
        for text in english(page, (*world.written, *parse_qs(urlsplit(path).query).get("q", ()))):
            faults.setdefault(text, path)
    assert answered > 25
    assert not faults, "\n".join(f"{path}: {text}" for text, path in faults.items())


def test_a_form_that_is_refused_says_so_in_french(filled: World) -> None:
    visitor = filled.visitor
    visitor.get("/sources/rfi?lang=fr")
    for path, fields in (
        ("/sources/rfi/poll", {}),
        ("/deliveries/999/replay", {}),
        ("/silences/999", {}),
        ("/watches/france-mali", {"sent": "1", "base": "7", "name": "x", "query": "Mali", "statuses": "asserted"}),
        ("/people/tokens/99/revoke", {}),
    ):
        page = visitor.post(path, fields, {"Cookie": "vigie_language=fr"})
        assert page.status in {404, 409, 422}, (path, page.status)
        assert '<html lang="fr">' in page.body
        assert not english(page, filled.written), path


def test_english_is_noticed() -> None:
    """A test that cannot fail is a defect."""

    def found(body: str) -> list[str]:
        return english(Page(status=200, headers={}, body=f'<html lang="fr"><body>{body}</body></html>'))

    assert not found("<p>La source n’a pas été lue : «\u202fthe feed is broken\u202f».</p><code>the rule</code>")
    assert not found('<q lang="en">The ambassador was expelled</q><p lang="en">was <b>not</b></p>')
    for body in (
        "<p>the feed is broken</p>", '<a title="Next reading">x</a>', "<p>Motif : it was not read</p>",
        '<input type="submit" value="Save this">',
        '<span lang="en" class="unworded">x</span>', "<ul><li>un<li>they did not answer</ul>",
    ):  # fmt: skip
        assert found(body), body
